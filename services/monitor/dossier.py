"""The dossier of an alert: everything that bears it, in bytes that anybody can compute again from the same facts. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from contracts.catalog import BY_NAME
from contracts.certificates import CertificateDemanded
from contracts.documents import DocumentIssued
from contracts.event import Json
from contracts.reference import UnitRegistered
from contracts.secondments import SecondmentStarted
from contracts.workdays import Workdays
from services.monitor.book import Book
from services.monitor.domain import Act, Verdict, alert_id
from services.monitor.engine import Index, judge
from services.monitor.labels import label
from services.monitor.world import REFERENCE, UNJUDGED, World, build

_BULKY: Final = frozenset({"sketch"})
FORMAT: Final = "jianfu-dossier-1"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a verdict was computed from."""

    facts: tuple[str, ...]
    """Fact ids, ascending."""
    today: date | None


def inputs_of(scene: Mapping[str, Act], world: World, lists: Iterable[str]) -> Inputs:
    """Return the facts that a scene is made of: its acts with their corrections, and the reference facts that they look up."""
    facts = {fact for act in scene.values() for fact in act.made_of}
    for act in scene.values():
        for unit in _units(act):
            facts.update(_chain_facts(world, unit))
    for kind in lists:
        facts.update(fact for fact, _ in world.lists.get(kind, ()))
    years = {act.day.year + shift for act in scene.values() for shift in (-1, 0, 1)}
    for year in years:
        facts.update(world.calendars.get(year, ()))
    return Inputs(tuple(sorted(facts)), world.today)


def _units(act: Act) -> Iterable[str]:
    yield act.unit
    if isinstance(act.event, UnitRegistered):
        yield act.event.unit
    if isinstance(act.event, DocumentIssued):
        yield from act.event.co_issuers
    if isinstance(act.event, SecondmentStarted):
        yield act.event.from_unit
        yield act.event.to_unit
    if isinstance(act.event, CertificateDemanded) and act.event.issuer_unit:
        yield act.event.issuer_unit


def _chain_facts(world: World, unit: str) -> set[str]:
    facts: set[str] = set()
    waiting, seen = [unit], set()
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        for fact, version in world.units.get(here, ()):
            facts.add(fact)
            if version.superior:
                waiting.append(version.superior)
    return facts


def write(
    book: Book, verdict: Verdict, scene: Mapping[str, Act], world: World, inputs: Inputs, prints: Mapping[str, str]
) -> bytes:
    """Return the dossier of a verdict as canonical JSON; ``prints``: fact id -> SHA-256 of its bytes."""
    bound = book.bound(verdict.rule, verdict.place)
    if bound is None:
        msg = f"{verdict.rule} does not hold in {verdict.place}"
        raise LookupError(msg)
    rule, pack = bound.rule, book.packs[bound.pack]
    name = alert_id(verdict.rule, verdict.version, verdict.subject)
    return canonical(
        {
            "format": FORMAT,
            "alert_id": name,
            "summary": verdict.reason,
            "verdict": {
                "outcome": verdict.outcome,
                "severity": verdict.severity,
                "subject": verdict.subject,
                "scope": verdict.scope,
                "unit_id": verdict.about,
                "jurisdiction": verdict.place,
                "happened_on": verdict.happened_on.isoformat(),
                "numbers": dict(verdict.numbers),
                "missing": list(verdict.missing),
            },
            "exceptions": [{"name": one.name, "met": one.met, "evidence": one.evidence} for one in verdict.exceptions],
            "would_excuse": [one.name for one in verdict.exceptions if not one.met],
            "rule": {
                "id": rule.id,
                "version": rule.version,
                "title": rule.title,
                "force": rule.force,
                "effective_from": rule.effective_from.isoformat(),
                "known_from": rule.known_from.isoformat(),
                "reading": rule.reading,
                "sources": [source.model_dump(mode="json") for source in bound.sources],
                "parameters": {
                    key: {"value": _value(bound.values[key]), "basis": one.basis, "note": one.note}
                    for key, one in rule.parameters.items()
                },
            },
            "pack": {"id": pack.id, "title": pack.title, "basis": pack.basis},
            "calendar": _calendars(scene, world.calendar),
            "acts": [_act(scene[one]) for one in verdict.acts if one in scene],
            "inputs": {
                "today": inputs.today.isoformat() if inputs.today else None,
                "facts": [{"fact_id": fact, "sha256": prints[fact]} for fact in inputs.facts],
            },
            "replay": f"jianfu alert replay {name}",
        }
    )


def recompute(book: Book, acts: Sequence[Act], dossier: Json, calendar: Workdays) -> bytes | None:
    """Compute a dossier again from what the facts that it names leave standing; ``None`` when they bear no such verdict."""
    today = dossier["inputs"]["today"]
    references = [act for act in acts if isinstance(act.event, REFERENCE)]
    base = build(references, calendar)
    world = World(base.calendar, base.units, base.lists, base.calendars, date.fromisoformat(today) if today else None)
    index = Index(act for act in acts if not isinstance(act.event, UNJUDGED))
    rule, scope = dossier["rule"]["id"], dossier["verdict"]["scope"]
    scene = index.scene(scope, book.looks(rule))
    prints = {row["fact_id"]: row["sha256"] for row in dossier["inputs"]["facts"]}
    inputs = Inputs(tuple(sorted(prints)), world.today)
    for verdict in judge(book, rule, scope, scene, world):
        if alert_id(verdict.rule, verdict.version, verdict.subject) == dossier["alert_id"]:
            return write(book, verdict, scene, world, inputs, prints)
    return None


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys and no blanks: the same value gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(content: bytes) -> str:
    """Return the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _act(act: Act) -> Json:
    data = act.event.model_dump(mode="json", exclude_defaults=True, exclude=set(_BULKY))
    return {
        "act_id": act.id,
        "type": act.name,
        "title": BY_NAME[act.name].title,
        "source": act.source,
        "time": act.time.isoformat(),
        "recorded": act.recorded.isoformat(),
        "unit_id": act.unit,
        "jurisdiction": act.place,
        "data": data,
        "labels": {field: label(field) for field in data},
    }


def _calendars(scene: Mapping[str, Act], calendar: Workdays) -> list[Json]:
    years = sorted({act.day.year for act in scene.values()})
    return [
        {"year": year, "basis": calendar.years[year].basis if year in calendar.years else "未公布"} for year in years
    ]
