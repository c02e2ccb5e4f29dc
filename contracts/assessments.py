"""Facts about 考核: the schemes by which offices assess others."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.event import Count, Day, Event, Key, Model, Name, Title
from contracts.inspections import Target
from contracts.parts import Based, HostKind, Quantity, Share
from contracts.phrases import Phrases


class Indicator(Model):
    """One indicator of an assessment."""

    name: Name
    kind: Literal["过程控制", "目标效果", "其他"] | None = None
    weight: Share | None = None
    core: bool | None = None


class AssessmentSchemeSet(Event, Based):
    """An office set the scheme of an assessment (考核)."""

    family: ClassVar[str] = "kpi"
    verb: ClassVar[str] = "scheme_set"
    title: ClassVar[str] = "考核方案"
    is_act: ClassVar[bool] = True

    name: Title = Field(description="名称")
    year: int | None = Field(default=None, ge=2000, le=2100, description="年度")
    kind: Literal["效能目标管理", "专项", "业务", "党建", "其他"] | None = Field(default=None, description="类别")
    object_kind: Literal["领导班子和干部", "单位", "乡镇街道", "村居", "学校", "企业", "其他"] | None = Field(
        default=None, description="考核对象类别"
    )
    host_kind: HostKind | None = Field(default=None, description="考核主体类别")
    targets: tuple[Target, ...] = Field(default=(), description="考核对象")
    matter: Name | None = Field(default=None, description="事项")
    full_score: Quantity | None = Field(default=None, description="满分")
    indicators: tuple[Indicator, ...] | None = Field(default=None, description="考核指标; null is unknown")
    core_count: Count | None = Field(default=None, description="核心指标数")
    times_a_year: Count | None = Field(default=None, description="每年次数")
    set_on: Day | None = Field(default=None, description="印发日期")
    plan_item: Key | None = Field(default=None, description="所属计划项")
    approval_ref: Name | None = Field(default=None, description="审批文号")
    phrases: Phrases = Field(default=None, description="文本要求")
