"""Facts about how burdens are dealt with: rectification, 回头看, tickets, 通报, 问责, and what the grassroots think."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import Count, Day, Event, Key, Moment, Name
from contracts.jurisdiction import Level
from contracts.parts import Approved, Channel

Topic = Literal[
    "文山会海",
    "督查检查考核",
    "调研",
    "责任状",
    "创建示范",
    "报表",
    "指尖",
    "借调",
    "挂牌",
    "职责",
    "进校园",
    "节庆",
    "证明",
    "层层加码",
    "四类工程",
    "其他",
]
"""What a problem is about."""


class RectificationAssigned(Event):
    """A unit was told to put something right (交办整改)."""

    family: ClassVar[str] = "rect"
    verb: ClassVar[str] = "assigned"
    title: ClassVar[str] = "整改交办"
    is_act: ClassVar[bool] = True

    rectification: Key = Field(description="整改编号")
    to_unit: Key = Field(description="整改单位")
    to_level: Level | None = Field(default=None, description="整改单位层级")
    topic: Topic | None = Field(default=None, description="整改主题")
    clue: Key | None = Field(default=None, description="线索编号")
    cross_level: bool | None = Field(default=None, description="是否跨层级或跨部门")
    alert: Key | None = Field(default=None, description="预警编号")
    due_on: Day | None = Field(default=None, description="应完成日期")


class RectificationClosed(Event):
    """A rectification was closed (销号)."""

    family: ClassVar[str] = "rect"
    verb: ClassVar[str] = "closed"
    title: ClassVar[str] = "整改销号"
    is_act: ClassVar[bool] = True

    rectification: Key = Field(description="整改编号")
    to_unit: Key | None = Field(default=None, description="整改单位")
    closed_on: Day = Field(description="办结日期")
    result: Literal["完成", "部分完成", "不属实", "撤销"] | None = Field(default=None, description="结果")


class ReviewDone(Event):
    """A look back (回头看) at whether what was put right stayed so."""

    family: ClassVar[str] = "review"
    verb: ClassVar[str] = "done"
    title: ClassVar[str] = "回头看"
    is_act: ClassVar[bool] = True

    topic: Topic = Field(description="回头看主题")
    rectification: Key | None = Field(default=None, description="整改编号")
    unit: Key | None = Field(default=None, description="所查单位")
    done_on: Day = Field(description="完成日期")
    relapsed: bool | None = Field(default=None, description="是否反弹")


class TicketOpened(Event):
    """A ticket of 码上评议 or 12345 was opened and assigned."""

    family: ClassVar[str] = "ticket"
    verb: ClassVar[str] = "opened"
    title: ClassVar[str] = "工单派发"
    is_act: ClassVar[bool] = True

    ticket: Key = Field(description="工单编号")
    channel: Literal["码上评议", "12345", "网络问政", "信访", "其他"] | None = Field(default=None, description="渠道")
    topic: Topic | None = Field(default=None, description="工单主题")
    assignee: Key | None = Field(default=None, description="承办单位")
    opened_at: Moment = Field(description="受理时间")
    due_at: Moment | None = Field(default=None, description="截止时间")

    @field_validator("due_at")
    @classmethod
    def _due_after_opened(cls, due_at: datetime | None, info: ValidationInfo) -> datetime | None:
        """Refuse a deadline before the ticket was opened."""
        return not_before("opened_at", "受理时间", due_at, info)


class TicketClosed(Event):
    """A ticket was closed."""

    family: ClassVar[str] = "ticket"
    verb: ClassVar[str] = "closed"
    title: ClassVar[str] = "工单办结"
    is_act: ClassVar[bool] = True

    ticket: Key = Field(description="工单编号")
    closed_at: Moment = Field(description="办结时间")
    feedback: bool | None = Field(default=None, description="是否反馈")
    solved: bool | None = Field(default=None, description="是否解决")
    rating: Literal["满意", "基本满意", "不满意", "未评价"] | None = Field(default=None, description="评价")
    reopened: bool | None = Field(default=None, description="是否重新办理")


class CasePublished(Event):
    """A typical case was published (通报曝光); the text is not here."""

    family: ClassVar[str] = "case"
    verb: ClassVar[str] = "published"
    title: ClassVar[str] = "典型问题通报"
    is_act: ClassVar[bool] = True

    case: Key = Field(description="案例编号")
    topic: Topic | None = Field(default=None, description="通报主题")
    published_on: Day = Field(description="通报日期")
    about: tuple[Key, ...] | None = Field(default=None, description="被通报单位; null is unknown")
    approved_by: Name | None = Field(default=None, description="批准机关")
    redacted: bool | None = Field(default=None, description="是否隐去个人信息")
    kind: Literal["通报", "约谈提醒", "提醒函", "督办函"] | None = Field(default=None, description="类别")
    clue: Key | None = Field(default=None, description="线索编号")


class FeedbackCollected(Event):
    """A lead department asked the grassroots what they think of a programme (基层意见)."""

    family: ClassVar[str] = "feedback"
    verb: ClassVar[str] = "collected"
    title: ClassVar[str] = "基层意见征集"
    is_act: ClassVar[bool] = True

    programme: Name = Field(description="所属专项: 巡视巡察, 环保督察, 重点工作大督查, 党建考核 …")
    year: int = Field(ge=2000, le=2100, description="年度")
    collected_on: Day | None = Field(default=None, description="征集日期")
    opinions: Count | None = Field(default=None, description="意见条数")
    proposals: Count | None = Field(default=None, description="改进建议条数")
    channel: Channel | None = Field(default=None, description="渠道")


class AccountabilityDecided(Event, Approved):
    """Somebody was held to account (问责). Persons are pseudonyms."""

    family: ClassVar[str] = "acct"
    verb: ClassVar[str] = "decided"
    title: ClassVar[str] = "问责决定"
    is_act: ClassVar[bool] = True

    decision: Key = Field(description="问责编号")
    unit: Key | None = Field(default=None, description="被问责单位或所在单位")
    person: Key | None = Field(default=None, description="被问责人（化名）")
    decided_on: Day = Field(description="决定日期")
    heard: bool | None = Field(default=None, description="是否听取本人意见")
    committee_heard: bool | None = Field(default=None, description="是否听取所在党组织意见")
    tolerance: bool | None = Field(default=None, description="是否适用容错")
    period_ends: Day | None = Field(default=None, description="影响期届满日")
