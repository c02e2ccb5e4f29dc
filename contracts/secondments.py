"""Facts about 借调 (cadres and teachers). Persons are pseudonyms chosen by the source; names never enter."""

from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from contracts.checks import not_before
from contracts.event import Day, Event, Key, Model, Name
from contracts.jurisdiction import Level

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
    title: ClassVar[str] = "借调开始"
    is_act: ClassVar[bool] = True

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
