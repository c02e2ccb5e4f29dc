"""Facts about 报表报文: what offices demand and what the grassroots send."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import ActRef, Event, Key, Moment, Name, Title
from contracts.jurisdiction import Level

Period = Literal["一次性", "日", "周", "旬", "月", "季", "半年", "年"]


class ReportDemanded(Event):
    """An office demanded a report, a form or opinions."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "demanded"
    title: ClassVar[str] = "报送要求"
    is_act: ClassVar[bool] = True

    subject_matter: Title
    kind: Literal["工作情况", "统计数据", "意见建议", "其他"] | None = None
    addressees: tuple[Key, ...] = ()
    addressee_level: Level | None = None
    sent_at: Moment
    received_at: Moment | None = None
    due_at: Moment | None = None
    period: Period | None = None
    items: tuple[Name, ...] = Field(default=(), description="Data items (数据项)")
    form_id: Key | None = None
    channel: Literal["公文系统", "一表通", "电子邮件", "QQ群", "微信群", "电话", "纸质", "其他"] | None = None
    submit_as: Name | None = None
    signer_rank: Name | None = None
    reply_if_none: bool | None = None
    basis: Name | None = None
    basis_level: Literal["上级", "主要领导", "无"] | None = Field(
        default=None, description="Who expressly required it; 无 is nobody, null is unknown"
    )
    special_time_limit: bool | None = Field(default=None, description="有特定时限要求")

    @field_validator("due_at")
    @classmethod
    def _due_after_sent(cls, due_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a deadline before the demand was sent."""
        return not_before("sent_at", "要求发出的时间", due_at, info)


class ReportSubmitted(Event):
    """A unit sent what was demanded, or a written explanation that a norm asks for."""

    family: ClassVar[str] = "rpt"
    verb: ClassVar[str] = "submitted"
    title: ClassVar[str] = "报送"
    is_act: ClassVar[bool] = True

    demand: ActRef | None = None
    submitted_at: Moment
    channel: Name | None = None
    items: tuple[Name, ...] = ()
    explains: Literal["发文数量增长"] | None = Field(
        default=None, description="若干规定 一·1: written explanation to the superior"
    )
    explains_year: int | None = Field(default=None, ge=2000, le=2100)
