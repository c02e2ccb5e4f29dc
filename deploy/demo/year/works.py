"""The other lawful acts of the year: inspections and visits, loans, certificates, reports, receipts."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from contracts.certificates import CertificateDemanded
from contracts.documents import DocumentIssued, DocumentReceived
from contracts.event import ActRef
from contracts.inspections import InspectionLaunched, InspectionVisited, Target
from contracts.reports import ReportDemanded, ReportSubmitted
from contracts.secondments import Consent, SecondmentEnded, SecondmentStarted
from contracts.workdays import builtin
from deploy.demo.events import moment
from deploy.demo.year.dice import YEAR, Dice
from deploy.demo.year.facts import Fact
from deploy.demo.year.matters import CERTIFICATES, INSPECTIONS, REPORTS
from deploy.demo.year.places import SCHOOLS, TOWNS, UNITS, VILLAGES

HR: Final = "/99/hr"
HALL: Final = "/99/service-hall"
CONSENTS: Final = (
    Consent(kind="教育部门同意", level=3, ref="青教函〔2025〕11号"),
    Consent(kind="党委审批备案", level=3),
)
_CALENDAR: Final = builtin()


def inspection_item(unit: str, matter: str) -> str:
    """Return the plan item of a unit's inspections on a 事项."""
    return f"{YEAR}-督查-{INSPECTIONS[unit].index(matter) + 1}"


def launch(id_: str, unit: str, day: date, *, topic: str, matter: str, item: str | None, **more: Any) -> Fact:
    """Return the launch of an inspection."""
    event = InspectionLaunched(
        topic=topic, matter=matter, plan_item=item, **{"kind": "专项", "emergency": False, **more}
    )
    return Fact(id=id_, event=event, time=moment(day, 8, 30), unit=unit)


def visit(id_: str, unit: str, day: date, target: str, *, topic: str, matter: str, **more: Any) -> Fact:
    """Return a visit of an inspection team to a unit."""
    goal = UNITS[target]
    kind = {"学校": "学校", "村居": "村居", "乡镇街道": "乡镇"}[goal.kind]
    event = InspectionVisited(
        target=Target.model_validate({"unit": target, "kind": kind, "level": goal.level}),
        topic=topic,
        matter=matter,
        visited_at=moment(day, 10),
        **{"minutes": 80, "mode": "四不两直", "emergency": False, **more},
    )
    return Fact(id=id_, event=event, time=moment(day, 10), unit=unit, place=goal.place)


def inspections(dice: Dice) -> Iterator[Fact]:
    """Yield the planned inspections with their visits; each 事项 has one owner."""
    for unit, matters in INSPECTIONS.items():
        for number, matter in enumerate(matters, 1):
            for batch, day in enumerate(dice.spread(2, date(YEAR, 2, 10), date(YEAR, 11, 14)), 1):
                name = f"{unit}-{number}-{batch}"
                topic = f"{YEAR}年{matter}（第{batch}批）"
                item = inspection_item(unit, matter)
                yield launch(f"dc-{name}", unit, day, topic=topic, matter=matter, item=item, batch=batch)
                schools = SCHOOLS if unit == "990101.education" else ()
                targets = dice.some(schools or (*TOWNS, *VILLAGES), dice.between(3, 5))
                for serial, target in enumerate(targets, 1):
                    visited = dice.workday(day + timedelta(days=1), day + timedelta(days=12))
                    yield visit(
                        f"dcdf-{name}-{serial}",
                        unit,
                        visited,
                        target.id,
                        topic=topic,
                        matter=matter,
                        launch=ActRef(id=f"dc-{name}"),
                        minutes=dice.between(30, 150),
                    )


def started(id_: str, loan: str, person: str, day: date, *, at: str, to: str, **more: Any) -> Fact:
    """Return the begin of a loan of a person from ``at`` to ``to``."""
    lender = {"学校": "学校", "村居": "村居", "事业单位": "事业单位"}.get(UNITS[at].kind, "机关")
    event = SecondmentStarted(
        loan=loan,
        person=person,
        from_unit=at,
        from_level=UNITS[at].level,
        from_kind=lender,  # type: ignore[arg-type]  # one of the contract's words, by the table above
        to_unit=to,
        to_level=UNITS[to].level,
        started_on=day,
        **{"person_kind": "公务员", "label": "借调", **more},
    )
    return Fact(id=id_, event=event, time=moment(day, 8), unit=to, source=HR)


def ended(id_: str, loan: str, person: str, day: date, *, to: str) -> Fact:
    """Return the end of a loan; ``day`` is its last."""
    event = SecondmentEnded(loan=loan, person=person, ended_on=day)
    return Fact(id=id_, event=event, time=moment(day, 18), unit=to, source=HR)


def loans(dice: Dice) -> Iterator[Fact]:
    """Yield lawful loans: between offices of the county, down to townships, and of teachers with their consents."""
    pairs = (
        ("990101.housing", "990101.office"),
        ("990101.water", "990101.flood-hq"),
        ("990101.market", "990101.gov-office"),
        ("990101.culture", "990101.organization"),
        ("990101.ecology", "990101.agriculture"),
        ("990101.agriculture", TOWNS[4].id),
        ("990101.education", TOWNS[8].id),
        ("990101.health", "990101.civil-affairs"),
    )
    for number, (at, to) in enumerate(pairs, 1):
        day = dice.workday(date(YEAR, 1, 13), date(YEAR, 6, 30))
        last = day + timedelta(days=dice.between(40, 160))
        name, loan, person = f"jd-{number:02d}", f"{YEAR}-借调-{number:02d}", f"p_cadre_{number:04d}"
        yield started(f"{name}-ks", loan, person, day, at=at, to=to, planned_end=last)
        yield ended(f"{name}-js", loan, person, last, to=to)
    for number, school in enumerate(SCHOOLS[:3], 1):
        day = dice.workday(date(YEAR, 3, 3), date(YEAR, 9, 10))
        name, loan, person = f"jx-{number:02d}", f"{YEAR}-教师-{number:02d}", f"p_teacher_{number:04d}"
        teacher: dict[str, Any] = {"person_kind": "教师", "major_task": True, "consents": CONSENTS, "label": "借用"}
        yield started(f"{name}-ks", loan, person, day, at=school.id, to="990101.education", **teacher)
        yield ended(f"{name}-js", loan, person, day + timedelta(days=dice.between(20, 80)), to="990101.education")


def certificate(  # noqa: PLR0913 - a demand has these parts
    id_: str, unit: str, day: date, item: str, kind: str, matter: str, *, village: str | None = None
) -> Fact:
    """Return a demand for a certificate."""
    event = CertificateDemanded.model_validate(
        {"item": item, "issuer_kind": kind, "issuer_unit": village, "matter": matter, "basis": "办事指南"}
    )
    return Fact(id=id_, event=event, time=moment(day, 10, 30), unit=unit, source=HALL)


def certificates(dice: Dice) -> Iterator[Fact]:
    """Yield demands for certificates that are kept, or that 村居 are not asked for."""
    for number, day in enumerate(dice.spread(60, date(YEAR, 1, 6), date(YEAR, 12, 29)), 1):
        unit, item, kind, matter = dice.pick(CERTIFICATES)
        village = dice.pick(VILLAGES).id if kind == "村居" else None
        yield certificate(f"zm-{number:03d}", unit, day, item, kind, matter, village=village)


def demand(
    id_: str, unit: str, sent: date, due: date | None, *, subject: str, at: tuple[int, int] = (9, 0), **more: Any
) -> Fact:
    """Return a demand for a report, received half an hour after it was sent."""
    moment_sent = moment(sent, *at)
    event = ReportDemanded(
        subject_matter=subject,
        sent_at=moment_sent,
        received_at=moment_sent + timedelta(minutes=30),
        due_at=moment(due, 17, 30) if due else None,
        **{
            "addressee_level": 4,
            "period": "一次性",
            "channel": "公文系统",
            "basis_level": "无",
            "special_time_limit": False,
            "reply_if_none": False,
            **more,
        },
    )
    return Fact(id=id_, event=event, time=moment_sent, unit=unit)


def reports(dice: Dice) -> Iterator[Fact]:
    """Yield demands that leave enough working days, and what the townships send."""
    for number, day in enumerate(dice.spread(80, date(YEAR, 1, 6), date(YEAR, 12, 12)), 1):
        unit, subject, kind = dice.pick(REPORTS)
        due = _CALENDAR.after(day, dice.between(3, 8)) or day
        addressees = tuple(one.id for one in dice.some(TOWNS, dice.between(2, 4)))
        name = f"bs-{number:03d}"
        period = dice.pick(("一次性", "月", "季"))
        yield demand(name, unit, day, due, subject=subject, kind=kind, addressees=addressees, period=period)
        for town in addressees:
            if dice.chance(0.8):
                at = moment(dice.workday(day + timedelta(days=1), due), 15)
                event = ReportSubmitted(demand=ActRef(id=name, source="/99/oa"), submitted_at=at, channel="公文系统")
                yield Fact(id=f"{name}-{town.split('.')[0]}", event=event, time=at, unit=town)


def receipts(dice: Dice, documents: list[Fact]) -> Iterator[Fact]:
    """Yield that townships registered some of the documents that were sent to them."""
    for fact in documents:
        event = fact.event
        if not isinstance(event, DocumentIssued) or not dice.chance(0.15):
            continue
        for one in event.addressees[:2]:
            if one.unit.endswith(".town"):
                at = fact.time + timedelta(hours=dice.between(1, 5))
                received = DocumentReceived(document=ActRef(id=fact.id, source=fact.from_source), received_at=at)
                yield Fact(id=f"sw-{fact.id}-{one.unit.split('.')[0]}", event=received, time=at, unit=one.unit)
