"""Answers computed on demand: why and why not, a draft's verdicts, a dossier computed again, forecasts."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contracts.catalog import BY_NAME, ContractBroken, decode, read_data
from contracts.event import TYPE_PREFIX, Json, Key, Moment, Recorded, fact_id
from contracts.jurisdiction import is_code
from contracts.rules import RuleReleased
from kit.db import Connection
from kit.errors import Forbidden, NotFound, Rejected
from services.monitor import dossier, queries
from services.monitor.domain import Act, Verdict, alert_id, fold, stand
from services.monitor.engine import judge
from services.monitor.labels import label
from services.monitor.reading import load_acts, scenes
from services.monitor.state import State, load_world

_DRAFT: Final = "/draft"
_UNIT: Final = TypeAdapter[str](Key)
_TIME: Final = TypeAdapter[datetime](Moment)
_HINT: Final = "提示"
_OUTCOMES: Final = {"violated": "违反", "complied": "符合", "excused": "有据除外", "undetermined": "无法判定"}


async def verdicts_of(db: Connection, state: State, act_id: str) -> Json:
    """Return what every rule of its place says of an act, and why the others say nothing; raise ``NotFound``."""
    world = await load_world(db, state)
    found = (await load_acts(db, state, [act_id])).get(act_id)
    if found is None:
        raise NotFound("没有这条行为记录，或它已撤回", field="id")
    pairs = sorted(set(state.book.scopes(found)))
    index = await scenes(db, state, pairs)
    verdicts = [
        verdict
        for rule, scope in pairs
        for verdict in judge(state.book, rule, scope, index.scene(scope, state.book.looks(rule)), world)
        if verdict.subject in {act_id, scope, f"consent|{act_id}", f"span|{act_id}"}
        or verdict.subject.startswith("plan|")
        or act_id in verdict.acts
    ]
    return _sheet(state, found, verdicts)


async def precheck(db: Connection, state: State, draft: Json, now: datetime, may_see: Callable[[str], bool]) -> Json:
    """Return what the rules would say of a draft act if it were issued now; nothing is stored.

    ``draft``: ``type`` as family.verb or a CloudEvents type, ``jurisdiction``, ``unitid``, ``time`` (default: now), ``data``.
    Raises ``Forbidden`` for a unit whose acts the caller may not see: the verdicts would count them.
    """
    act = _draft(draft, now)
    world = await load_world(db, state)
    pairs = sorted(set(state.book.scopes(act)))
    after = await scenes(db, state, pairs, [act])
    if any(one.unit == act.unit and not may_see(one.place) for one in after.by_id.values()):
        raise Forbidden("该单位不在您的管辖范围内", field="unitid")
    before = {name: one for name, one in after.by_id.items() if name != act.id}
    verdicts = []
    for rule, scope in pairs:
        scene = after.scene(scope, state.book.looks(rule))
        without = {
            _gist(one) for one in judge(state.book, rule, scope, {k: v for k, v in scene.items() if k in before}, world)
        }
        with_draft = judge(state.book, rule, scope, scene, world)
        verdicts += [
            one for one in with_draft if one.subject == act.id or act.id in one.acts or _gist(one) not in without
        ]
    return _sheet(state, act, verdicts)


def _draft(draft: Json, now: datetime) -> Act:
    name, place, unit = (str(draft.get(key, "")) for key in ("type", "jurisdiction", "unitid"))
    name = name.removeprefix(TYPE_PREFIX).rsplit(".v", 1)[0] if name.startswith(TYPE_PREFIX) else name
    if name not in BY_NAME or not BY_NAME[name].is_act:
        raise Rejected("type 应为行为类事件，如 doc.issued", field="type")
    if not is_code(place):
        raise Rejected("jurisdiction 应为 2、4、6、9 或 12 位区划代码", field="jurisdiction")
    try:
        _UNIT.validate_python(draft.get("unitid"))
    except ValidationError:
        raise Rejected("unitid 应为行文或组织单位的编号", field="unitid") from None
    try:
        time = _TIME.validate_python(str(draft["time"])) if draft.get("time") else now
    except ValidationError:
        raise Rejected("time 应为公元 2 年至 9998 年之间带时区的 ISO 8601 时间", field="time") from None
    try:
        event = read_data(BY_NAME[name].type_name(), draft.get("data") or {})
    except ContractBroken as error:
        raise Rejected(f"{error.field}：{error.detail}", field=error.field) from None
    original = Recorded(
        fact_id=fact_id(_DRAFT, f"{unit}-{now.isoformat()}"),
        source=_DRAFT,
        id="draft",
        time=time,
        recorded=now,
        jurisdiction=place,
        unit=unit,
        event=event,
    )
    act = stand(original, ())
    if act is None:
        raise Rejected("草稿无法识别", field="data")
    return act


def _gist(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.subject, verdict.outcome, verdict.reason


def _sheet(state: State, act: Act, verdicts: Sequence[Verdict]) -> Json:
    """Return verdicts as the API shows them: what was judged, and each rule that did not speak with its reason."""
    spoke = {verdict.rule for verdict in verdicts}
    holding = state.book.for_place(act.place)
    silent = [
        {"rule": rule.id, "title": rule.title, "why": _why_silent(state, rule.id, act, holding)}
        for rule in sorted(state.book.rules.values(), key=lambda one: one.id)
        if rule.id not in spoke and rule.status == "live"
    ]
    shown = [_verdict(state, verdict) for verdict in sorted(verdicts, key=lambda one: (one.rule, one.subject))]
    return {"act_id": act.id, "type": act.name, "verdicts": shown, "not_applicable": silent}


def _why_silent(state: State, rule_id: str, act: Act, holding: Mapping[str, Any]) -> str:
    rule = state.book.rules[rule_id]
    if rule_id not in holding:
        return "本辖区的规则包未采用此规则"
    if act.name not in holding[rule_id].params.on:
        return "此规则不涉及这类行为"
    if not rule.in_force(act.day):
        return f"行为发生时此规则尚未施行（{rule.effective_from.isoformat()} 起施行）"
    return "此规则所针对的情形未出现（如文种、方式、对象不符，或没有可比对的上级行为）"


def _verdict(state: State, verdict: Verdict) -> Json:
    rule = state.book.rules[verdict.rule]
    bound = state.book.bound(verdict.rule, verdict.place)
    sources = bound.sources if bound else rule.sources
    return {
        "rule": rule.id,
        "rule_version": rule.version,
        "title": rule.title,
        "mode": rule.mode,
        "verdict": verdict.outcome,
        "verdict_title": _HINT if rule.mode == "hint" else _OUTCOMES[verdict.outcome],
        "reason": verdict.reason,
        "subject": verdict.subject,
        "unit_id": verdict.about,
        "happened_on": verdict.happened_on.isoformat(),
        "numbers": dict(verdict.numbers),
        "missing": [label(field) for field in verdict.missing],
        "exceptions": [{"name": one.name, "met": one.met, "evidence": one.evidence} for one in verdict.exceptions],
        "clause": sources[0].clause_of().model_dump(mode="json"),
        "pack": {"id": bound.pack, "title": state.book.packs[bound.pack].title} if bound else None,
        "acts": list(verdict.acts),
        "alert_id": alert_id(verdict.rule, verdict.version, verdict.subject) if verdict.severity else None,
        "severity": verdict.severity,
    }


async def replay(db: Connection, state: State, content: bytes) -> bytes | None:
    """Compute a dossier again from the stored facts that it names; ``None`` when they no longer bear it."""
    named = json.loads(content)
    stored = await queries.fact_bodies(db, [row["fact_id"] for row in named["inputs"]["facts"]])
    return recompute(state, named, stored.values())


def recompute(state: State, named: Json, bodies: Iterable[bytes]) -> bytes | None:
    """Compute a dossier again from fact bodies; no server is needed."""
    return dossier.recompute(state.book, fold([decode(body) for body in bodies]), named, state.base)


def rule_sheet(state: State, rule_id: str) -> Json:
    """Return a rule as the rule book shows it; raise ``NotFound``."""
    rule = state.book.rules.get(rule_id)
    if rule is None:
        raise NotFound("没有这条规则", field="id")
    packs = [
        {
            "id": pack.id,
            "title": pack.title,
            "jurisdiction": pack.place,
            "parameters": state.book.set_by(pack.id, rule_id),
            "note": pack.rules[rule_id].note if rule_id in pack.rules else None,
        }
        for pack in state.book.packs.values()
        if (pack.id, rule_id) in state.book.adopted
    ]
    return {
        "rule": rule.id,
        "version": rule.version,
        "title": rule.title,
        "status": rule.status,
        "mode": rule.mode,
        "force": rule.force,
        "severity": rule.severity,
        "effective_from": rule.effective_from.isoformat(),
        "known_from": rule.known_from.isoformat(),
        "reading": rule.reading,
        "sources": [source.model_dump(mode="json") for source in rule.sources],
        "parameters": {key: one.model_dump(mode="json") for key, one in rule.parameters.items()},
        "exceptions": [excuse.name for excuse in rule.exceptions],
        "packs": packs,
        "cases": [{"name": case.name, "expect": case.expect} for case in rule.cases],
    }


def pack_sheets(state: State) -> list[Json]:
    """Return the packs as the rule book shows them."""
    adopted = Counter(pack for pack, _ in state.book.adopted)
    return [
        {
            "id": pack.id,
            "title": pack.title,
            "jurisdiction": pack.place,
            "basis": pack.basis,
            "rules": adopted[pack.id],
            "without": dict(pack.without),
        }
        for pack in state.book.packs.values()
    ]


def release_sheet(book: RuleReleased, since: datetime) -> Json:
    """Return who answers for a book and since when it judges here."""
    signatures = [{"role": one.role, "key": one.key} for one in book.signatures]
    return {"book": book.book, "since": since, "signatures": signatures}


def read_json(content: bytes | None) -> Json | None:
    """Return a stored dossier as a value."""
    return dict(json.loads(content)) if content is not None else None
