"""Facts about 督查检查考核."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from contracts.documents import Sketch
from contracts.event import (
    ActRef,
    Count,
    Day,
    Event,
    Key,
    Model,
    Moment,
    Name,
    Ordinal,
    Title,
    Upcaster,
    unchanged,
)
from contracts.jurisdiction import Level
from contracts.parts import Approver, Escort, HostKind, Quantity
from contracts.phrases import Phrases

InspectionKind = Literal["综合", "专项"]
TargetKind = Literal["省直部门", "市", "县", "乡镇", "村居", "企业", "学校", "部门", "其他"]
InspectionMode = Literal["四不两直", "随机抽查", "常规"]


class Target(Model):
    """Who is inspected."""

    unit: Key
    kind: TargetKind | None = None
    level: Level | None = None


class InspectionLaunched(Event):
    """An office launched an inspection."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "launched"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "督查检查"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    topic: Title
    matter: Name | None = None
    kind: InspectionKind | None = None
    inspector_kind: Name | None = None
    team: Name | None = None
    batch: Ordinal | None = None
    targets: tuple[Target, ...] = ()
    joint_owners: tuple[Key, ...] = Field(default=(), description="Other departments of a joint team (联合组团)")
    mode: InspectionMode | None = None
    announced_at: Moment | None = None
    criteria: tuple[Name, ...] = ()
    evidence_required: tuple[Name, ...] = ()
    emergency: bool | None = None
    plan_item: Key | None = None
    approval_ref: Name | None = Field(default=None, description="一事一报 approval of an inspection outside the plan")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")
    approved_on: Day | None = Field(default=None, description="批准日期")
    filing_ref: Name | None = Field(default=None, description="报备文号")
    under_name: Literal["督查", "检查", "考核", "调研", "评估", "指导", "监测", "督导", "验收", "其他"] | None = Field(
        default=None, description="以何名义"
    )
    programme: Name | None = Field(default=None, description="所属专项: 巡视巡察, 环保督察, 党建考核 …")
    host_kind: HostKind | None = Field(default=None, description="实施主体类别")
    starts_on: Day | None = Field(default=None, description="开始日期")
    ends_on: Day | None = Field(default=None, description="结束日期")
    checklist: Key | None = Field(default=None, description="检查清单编号")
    checklist_sketch: Sketch | None = Field(default=None, description="检查清单指纹")
    checklist_items: Count | None = Field(default=None, description="检查清单项数")
    demands_heads: bool | None = Field(default=None, description="是否要求见主要负责同志")
    demands_materials: bool | None = Field(default=None, description="是否要求填表报材料")
    phrases: Phrases = Field(default=None, description="文本要求 of its notice and criteria")


class InspectionVisited(Event):
    """An inspection team visited a target."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "visit"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "检查到访"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    launch: ActRef | None = Field(default=None, description="The inspection that this visit belongs to")
    target: Target
    topic: Title
    matter: Name | None = None
    visited_at: Moment
    minutes: Count | None = None
    mode: InspectionMode | None = None
    emergency: bool | None = None
    team: Name | None = Field(default=None, description="检查组")
    batch: Ordinal | None = Field(default=None, description="批次")
    inspectors: Count | None = Field(default=None, description="检查人数")
    escorts: tuple[Escort, ...] | None = Field(default=None, description="陪同人员; empty is none, null is unknown")
    advance_visit: bool | None = Field(default=None, description="是否提前踩点")
    reception: Literal["无接待", "标准内", "超标准"] | None = Field(default=None, description="接待情况")
    demands_heads: bool | None = Field(default=None, description="是否要求见主要负责同志")
    materials: Count | None = Field(default=None, description="要求提供的材料数")
    checklist: Key | None = Field(default=None, description="检查清单编号")


class InspectionsReceived(Event):
    """A township or other unit recorded the inspections that it received in a month (按月摸底)."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "received"
    title: ClassVar[str] = "受检月度记录"
    is_act: ClassVar[bool] = True

    unit: Key = Field(description="受检单位")
    year: int = Field(ge=2000, le=2100, description="年度")
    month: int = Field(ge=1, le=12, description="月份")
    count: Count = Field(description="受检次数")
    owners: tuple[Key, ...] | None = Field(default=None, description="检查单位; null is unknown")
    minutes: Count | None = Field(default=None, description="时长")


class _OfInspection(Event):
    """Something about an inspection: named as a fact or by its plan item."""

    launch: ActRef | None = Field(default=None, description="所属督查检查")
    plan_item: Key | None = Field(default=None, description="所属计划项")


class InspectionStageDone(_OfInspection):
    """A stage of an inspection's full-chain evaluation was done."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "stage_done"
    title: ClassVar[str] = "督查环节完成"
    is_act: ClassVar[bool] = True

    stage: Literal["督前准备", "组织实施", "问题整改", "结果运用"] = Field(description="环节")
    done_on: Day = Field(description="完成日期")
    evaluated: bool | None = Field(default=None, description="是否经过评估")


class InspectionReported(_OfInspection):
    """The owner reported how a planned inspection stands."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "reported"
    title: ClassVar[str] = "督查进展填报"
    is_act: ClassVar[bool] = True

    status: Literal["未启动", "进行中", "已完成", "已取消", "已调整"] = Field(description="状态")
    reported_on: Day = Field(description="填报日期")
    due_on: Day | None = Field(default=None, description="应完成日期")


class InspectionConcluded(_OfInspection):
    """An inspection, or a visit under another name, ended with a result."""

    family: ClassVar[str] = "ins"
    verb: ClassVar[str] = "concluded"
    title: ClassVar[str] = "督查检查结果"
    is_act: ClassVar[bool] = True

    visit: ActRef | None = Field(default=None, description="所属到访或调研")
    target: Target | None = Field(default=None, description="检查对象")
    concluded_on: Day = Field(description="结束日期")
    score: Quantity | None = Field(default=None, description="得分")
    ranked: bool | None = Field(default=None, description="是否排名")
    rectification_ordered: bool | None = Field(default=None, description="是否下发整改通知")
    forms_demanded: Count | None = Field(default=None, description="要求填报的表格数")
    problems: Count | None = Field(default=None, description="发现问题数")
    shared: bool | None = Field(default=None, description="结果是否共享")
    shared_items: tuple[Name, ...] | None = Field(default=None, description="已共享的数据项; null is unknown")
