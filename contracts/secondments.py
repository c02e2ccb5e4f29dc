"""Facts about 借调 (cadres and teachers). Persons are pseudonyms chosen by the source; names never enter."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import Count, Day, Event, Key, Model, Name, Upcaster, unchanged
from contracts.jurisdiction import Level
from contracts.parts import Approver

PersonKind = Literal["公务员", "事业编制", "教师", "村居干部", "其他"]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{6,64}$")]


class Consent(Model):
    """A consent on which a teacher may be borrowed (宁夏 2024 通知 十二·三是)."""

    kind: Literal["教育部门同意", "党委审批备案"]
    level: Level | None = None
    ref: Name | None = None
    given_on: Day | None = None


class SecondmentStarted(Event):
    """A person was borrowed from one unit to another."""

    family: ClassVar[str] = "sec"
    verb: ClassVar[str] = "started"
    version: ClassVar[int] = 2
    title: ClassVar[str] = "借调开始"
    is_act: ClassVar[bool] = True
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    loan: Key
    person: Pseudonym
    person_kind: PersonKind
    from_unit: Key
    from_level: Level | None = None
    from_kind: Literal["机关", "事业单位", "学校", "村居", "其他"] | None = None
    to_unit: Key
    to_level: Level | None = None
    started_on: Day
    planned_end: Day | None = None
    reason: Name | None = None
    label: Name | None = Field(default=None, description="What the office calls it: 借调, 跟班学习, 抽调, 专班 …")
    major_task: bool | None = Field(default=None, description="重大任务")
    consents: tuple[Consent, ...] | None = Field(default=None, description="null is unknown; empty is none")
    duties: tuple[Name, ...] | None = Field(default=None, description="承担的工作; empty is none, null is unknown")
    daily_work: bool | None = Field(default=None, description="是否承担日常工作")
    curriculum: bool | None = Field(default=None, description="是否有培训课程安排")
    post: Key | None = Field(default=None, description="借入岗位")
    times_before: Count | None = Field(default=None, description="此前借调次数")
    approval_ref: Name | None = Field(default=None, description="审批文号")
    approver: Approver | None = Field(default=None, description="批准人或机关")
    approver_level: Level | None = Field(default=None, description="批准机关层级")

    @field_validator("planned_end")
    @classmethod
    def _ends_after_start(cls, planned_end: date | None, info: ValidationInfo) -> date | None:
        """Refuse a planned end before the start."""
        return not_before("started_on", "开始日期", planned_end, info)


class SecondmentExtended(Event):
    """A running loan was extended."""

    family: ClassVar[str] = "sec"
    verb: ClassVar[str] = "extended"
    title: ClassVar[str] = "借调延期"
    is_act: ClassVar[bool] = True

    loan: Key
    person: Pseudonym
    planned_end: Day
    reason: Name | None = None
    consents: tuple[Consent, ...] | None = None


class SecondmentEnded(Event):
    """A borrowed person went back."""

    family: ClassVar[str] = "sec"
    verb: ClassVar[str] = "ended"
    title: ClassVar[str] = "借调结束"
    is_act: ClassVar[bool] = True

    loan: Key
    person: Pseudonym
    ended_on: Day = Field(description="The last day of the loan")


class AbsenceObserved(Event):
    """A roster shows a person absent from his post (SEC-06: a teacher away without a record of a loan)."""

    family: ClassVar[str] = "roster"
    verb: ClassVar[str] = "observed"
    title: ClassVar[str] = "离岗旁证"
    is_act: ClassVar[bool] = True

    unit: Key = Field(description="所在单位")
    person: Pseudonym = Field(description="人员（化名）")
    person_kind: PersonKind | None = Field(default=None, description="人员类别")
    observed_on: Day = Field(description="观察日期")
    absent_since: Day | None = Field(default=None, description="离岗起始日")
    days: Count | None = Field(default=None, description="离岗天数")
    working_at: Key | None = Field(default=None, description="实际工作单位")
    reason: Literal["借调", "病假", "产假", "培训", "支教", "不详", "其他"] | None = Field(
        default=None, description="原因"
    )


class TrainingHeld(Event):
    """A training was held (培训, 轮训); one with daily duties may be a loan by another name (SEC-03)."""

    family: ClassVar[str] = "training"
    verb: ClassVar[str] = "held"
    title: ClassVar[str] = "培训"
    is_act: ClassVar[bool] = True

    name: Name = Field(description="名称")
    under_name: Literal["集中轮训", "以干代训", "跟班学习", "挂职", "业务培训", "其他"] | None = Field(
        default=None, description="名义"
    )
    starts_on: Day = Field(description="开始日期")
    ends_on: Day | None = Field(default=None, description="结束日期")
    days: Count | None = Field(default=None, description="天数")
    people: tuple[Pseudonym, ...] | None = Field(default=None, description="参训人员（化名）; null is unknown")
    headcount: Count | None = Field(default=None, description="参训人数")
    person_kind: PersonKind | None = Field(default=None, description="人员类别")
    from_level: Level | None = Field(default=None, description="来自单位层级")
    daily_work: bool | None = Field(default=None, description="是否承担日常工作")
    curriculum: bool | None = Field(default=None, description="是否有培训课程安排")
    approval_ref: Name | None = Field(default=None, description="审批文号")

    @field_validator("ends_on")
    @classmethod
    def _ends_after_start(cls, ends_on: date | None, info: ValidationInfo) -> date | None:
        """Refuse a training that ends before it starts."""
        return not_before("starts_on", "开始日期", ends_on, info)
