"""What the year's acts are held against: units, roles, lists, plans, and the passing of its days."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from contracts.documents import DocumentIssued
from contracts.event import ActRef
from contracts.inspections import InspectionLaunched
from contracts.meetings import MeetingConvened
from contracts.plans import PlanAmended, PlanFiled, PlanItem, PlanKind
from contracts.reference import DayEnded, ListItem, ListVersioned, RoleAssigned, UnitRegistered
from contracts.reports import ReportSubmitted
from deploy.demo.events import moment
from deploy.demo.year.dice import YEAR
from deploy.demo.year.facts import Fact
from deploy.demo.year.places import COUNTY, MOVED_TOWN, PARK, UNITS, Unit
from deploy.demo.year.planted_documents import AMENDED

REGISTER: Final = "/99/units"
LISTS: Final = "/99/lists"
NOT_TO_BE_ISSUED: Final = (
    "亲属关系", "居民身份信息", "户口登记项目内容变更申请", "居民养犬", "无犯罪记录", "社区戒毒社区康复人员情况",
    "人员失踪", "婚姻状况", "出生", "健在", "死亡", "疾病状况", "残疾状况", "婚育状况", "居民就业状况", "居民个人档案",
    "居民财产", "遗产继承权", "市场主体住所", "证件遗失",
)  # fmt: skip
"""The first batch of 民发〔2020〕20号."""
KEPT: Final = ("农村危房改造申请情况证明", "土地承包关系证明", "居住情况证明")
_FOUNDED: Final = date(2016, 1, 1)
_LATE_PLAN: Final = {"990101.ecology": date(YEAR, 2, 20)}
"""Units that file their plan of documents after the first of them (DOC-01)."""


def units() -> Iterator[Fact]:
    """Yield the registration of every unit, and the change of superior of one of them in July."""
    for unit in UNITS.values():
        yield _registered(unit, unit.superior, _FOUNDED, 1)
    yield _registered(UNITS[MOVED_TOWN], f"{PARK}.gov", date(YEAR, 7, 1), 2)


def _registered(unit: Unit, superior: str | None, day: date, version: int) -> Fact:
    event = UnitRegistered(
        unit=unit.id,
        name=unit.name,
        kind=unit.kind,
        level=unit.level,
        place=unit.place,
        superior=superior,
        valid_from=day,
    )
    known = moment(max(day, date(YEAR, 1, 1)), 8)
    return Fact(f"dw-{unit.id}-{version}", event, moment(day, 0), unit.id, source=REGISTER, recorded=known)


def roles() -> Iterator[Fact]:
    """Yield who holds which office, by pseudonym."""
    held = (
        ("990101.party", "党委书记"),
        ("990101.gov", "政府正职"),
        ("990101.discipline", "纪检监察负责人"),
        ("9901.discipline", "纪检监察负责人"),
        ("99.discipline", "纪检监察负责人"),
        ("990101.agriculture", "部门正职"),
        ("990101.emergency", "部门正职"),
        ("990101.education", "部门正职"),
    )
    for number, (unit, role) in enumerate(held, 1):
        event = RoleAssigned.model_validate(
            {"unit": unit, "role": role, "holder": f"h_{number:08d}", "valid_from": date(2024, 11, 1)}
        )
        known = moment(date(YEAR, 1, 1), 8)
        yield Fact(f"zw-{number:02d}", event, moment(date(2024, 11, 1), 0), unit, source=REGISTER, recorded=known)


def lists() -> Iterator[Fact]:
    """Yield the national list of certificates that 村居 do not issue, and the county's list of those that are kept."""
    day = date(YEAR, 1, 1)
    names = [ListItem(item=f"mz-{n:02d}", name=f"{name}证明") for n, name in enumerate(NOT_TO_BE_ISSUED, 1)]
    national = ListVersioned(
        kind="不应出具证明清单", place="00", valid_from=date(2020, 5, 1), basis="民发〔2020〕20号", items=tuple(names)
    )
    known = moment(day, 8)
    time = moment(date(2020, 5, 1), 0)
    yield Fact("qd-mz-2020-20", national, time, "00.civil-affairs", source=LISTS, recorded=known, place="00")
    kept = ListVersioned(
        kind="保留证明清单",
        place=COUNTY,
        valid_from=day,
        basis="青政办发〔2024〕60号",
        items=tuple(ListItem(item=f"bl-{n:02d}", name=name) for n, name in enumerate(KEPT, 1)),
    )
    yield Fact("qd-kept-2025", kept, moment(day, 0), "990101.gov-office", source=LISTS, recorded=known)


def plans(acts: Iterable[Fact], caps: Mapping[str, tuple[int, int]]) -> Iterator[Fact]:
    """Yield the plans of all units: what their acts hang on, filed in January, one of them amended in July.

    ``caps``: unit -> (限额, 上年度实际数量) of its documents.
    """
    items: dict[tuple[str, PlanKind], Counter[tuple[str, str]]] = {}
    for fact in acts:
        found = _item_of(fact)
        if found is not None:
            kind, item, title = found
            items.setdefault((fact.unit, kind), Counter())[item, title] += 1
    for (unit, kind), counted in sorted(items.items()):
        every = tuple(
            PlanItem(item=item, title=title, planned=planned, batches=planned if kind == "督查检查考核" else None)
            for (item, title), planned in sorted(counted.items())
        )
        cap, base = caps.get(unit, (None, None)) if kind == "发文" else (None, None)
        january = tuple(one for one in every if (unit, one.item) != AMENDED)
        day = _LATE_PLAN.get(unit, date(YEAR, 1, 2)) if kind == "发文" else date(YEAR, 1, 2)
        name = f"jh-{unit}-{'发文会议督查'.index(kind[:2]) // 2 + 1}"
        filed = PlanFiled(kind=kind, year=YEAR, items=january, cap=cap, base=base, approved_by=_approver(unit))
        yield Fact(name, filed, moment(day, 8), unit)
        if len(january) < len(every):
            amended = PlanAmended(
                kind=kind,
                year=YEAR,
                items=every,
                cap=cap,
                base=base,
                approved_by=_approver(unit),
                approval_ref="青办〔2025〕33号",
            )
            yield Fact(f"{name}-tz", amended, moment(date(YEAR, 7, 15), 9), unit)


def _approver(unit: str) -> str:
    """Return who approves the plans of a unit: the standing committee of its level."""
    return {1: "省委常委会会议", 2: "市委常委会会议", 3: "县委常委会会议"}.get(UNITS[unit].level, "乡镇党委会议")


def _item_of(fact: Fact) -> tuple[PlanKind, str, str] | None:
    event = fact.event
    if fact.time.year != YEAR:
        return None
    if isinstance(event, DocumentIssued) and event.plan_item:
        return "发文", event.plan_item, event.matter or event.heading
    if isinstance(event, MeetingConvened) and event.plan_item:
        return "会议", event.plan_item, event.matter or event.topic
    if isinstance(event, InspectionLaunched) and event.plan_item:
        return "督查检查考核", event.plan_item, event.matter or event.topic
    return None


def explanation() -> Fact:
    """Return the written explanation of one office for having issued more documents than the year before (N-01)."""
    at = moment(date(YEAR, 12, 29), 10)
    event = ReportSubmitted(
        demand=ActRef(id="bs-explain", source="/99/city-oa"),
        submitted_at=at,
        explains="发文数量增长",
        explains_year=YEAR,
    )
    return Fact("sm-2025-civil-affairs", event, at, "990101.civil-affairs")


def days() -> Iterator[Fact]:
    """Yield that each day of the year ended."""
    for number in range(365):
        day = date(YEAR, 1, 1) + timedelta(days=number)
        midnight = moment(day + timedelta(days=1), 0)
        yield Fact(
            f"day-{day}", DayEnded(day=day), midnight, "99.clock", source="/99/clock", recorded=midnight, place="00"
        )
