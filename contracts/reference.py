"""Facts that rules look up: lists, units, roles, calendars and the passing of days."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from contracts.checks import broken
from contracts.event import Day, Event, Key, LastDay, Model, Name, Note, Upcaster, unchanged
from contracts.jurisdiction import Jurisdiction, Level

ListKind = Literal[
    "不应出具证明清单",
    "保留证明清单",
    "督查检查考核清单",
    "创建示范清单",
    "进校园白名单",
    "精文减会负面清单",
    "层层加码负面清单",
    "责任状清单",
    "一票否决清单",
    "某长制清单",
    "节庆论坛展会保留清单",
    "涉校督查清单",
    "政务应用备案清单",
    "工作群组备案清单",
    "报表目录",
    "基本履职事项清单",
    "配合履职事项清单",
    "上级收回事项清单",
    "属地管理事项清单",
    "权责清单",
    "挂牌清单",
    "考核指标库",
    "共享数据目录",
    "无会日历",
]
"""The lists of which the rules speak. 无会日历 is the calendar of the days on which a place holds no meetings."""
UnitKind = Literal[
    "党委", "政府", "办公室", "部门", "纪检监察", "议事协调机构", "乡镇街道", "村居", "学校", "企业", "事业单位", "其他"
]
UnitRole = Literal["党委书记", "政府正职", "部门正职", "分管负责同志", "纪检监察负责人"]


class ListItem(Model):
    """One entry of a list with its other names."""

    item: Key
    name: Name
    aliases: tuple[Name, ...] = ()
    basis: Name | None = Field(default=None, description="依据")
    basis_level: Level | None = Field(default=None, description="依据的层级")
    owner: Key | None = Field(default=None, description="责任单位")
    valid_to: LastDay | None = Field(default=None, description="有效期至")
    most_a_year: int | None = Field(default=None, ge=0, le=10_000, description="每年次数上限")
    note: Note | None = Field(default=None, description="说明")
    starts_on: Day | None = Field(default=None, description="期间起; with weekdays or by itself")
    ends_on: Day | None = Field(default=None, description="期间止: the last day; absent is open")
    weekdays: tuple[Annotated[int, Field(ge=1, le=7)], ...] = Field(default=(), description="每周的日子: 1 is Monday")
    applies_to: tuple[Name, ...] = Field(default=(), description="适用范围, e.g. 全县性 meetings; empty is all")


class ListVersioned(Event):
    """A list was put in force in a jurisdiction."""

    family: ClassVar[str] = "list"
    verb: ClassVar[str] = "versioned"
    version: ClassVar[int] = 3
    title: ClassVar[str] = "清单发布"
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged, 2: unchanged}

    kind: ListKind
    place: Jurisdiction
    valid_from: Day
    valid_to: LastDay | None = None
    basis: Name
    published_url: Annotated[str, StringConstraints(max_length=500)] | None = None
    items: tuple[ListItem, ...]


class UnitRegistered(Event):
    """A unit exists in this form from a day on; a later fact of it follows (rename, new superior, end)."""

    family: ClassVar[str] = "unit"
    verb: ClassVar[str] = "registered"
    title: ClassVar[str] = "单位登记"

    unit: Key
    name: Name
    kind: UnitKind
    level: Level
    place: Jurisdiction
    superior: Key | None = None
    uscc: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")] | None = Field(
        default=None, description="统一社会信用代码; a wrong check character is a warning only (real codes fail it)"
    )
    valid_from: Day
    valid_to: LastDay | None = Field(default=None, description="The last day")


class RoleAssigned(Event):
    """A person (pseudonym) holds a role in a unit from a day on."""

    family: ClassVar[str] = "role"
    verb: ClassVar[str] = "assigned"
    title: ClassVar[str] = "职务登记"

    unit: Key
    role: UnitRole
    holder: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{6,64}$")]
    valid_from: Day
    valid_to: LastDay | None = None


class CalendarPublished(Event):
    """The holiday notice of a year (国务院办公厅), or a local addition to it."""

    family: ClassVar[str] = "calendar"
    verb: ClassVar[str] = "published"
    title: ClassVar[str] = "工作日历发布"

    year: int = Field(ge=2000, le=2100)
    place: Jurisdiction
    basis: Name
    days_off: tuple[Day, ...] = Field(description="放假 days")
    work_days: tuple[Day, ...] = Field(description="调休上班 days")

    @field_validator("days_off", "work_days")
    @classmethod
    def _of_that_year(cls, days: tuple[date, ...], info: ValidationInfo) -> tuple[date, ...]:
        """Refuse days of another year, and days that are both."""
        year, others = info.data.get("year"), info.data.get("days_off", ())
        if year is not None and any(day.year != year for day in days):
            raise broken("应全部在 year 所写的年份内")
        if set(days).intersection(others):
            raise broken("同一天不能既放假又上班")
        return days


class DayEnded(Event):
    """A calendar day of China Standard Time ended."""

    family: ClassVar[str] = "clock"
    verb: ClassVar[str] = "day_ended"
    title: ClassVar[str] = "日终"

    day: Day
