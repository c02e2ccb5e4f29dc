"""The rule book's own checks: run every case, see that cases hold every number, and lock what the rules mean."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from contracts.workdays import Workdays, builtin
from kit.columns import padding, width
from services.monitor.book import RULES, load, shipped
from services.monitor.cases import run
from services.monitor.rulebook import Case, Rule, RuleBroken, fingerprint, read_rule

LOCK: Final = Path(str(RULES)) / "rules.lock"
"""Id, version and fingerprint of every rule that ever was live."""
OUTCOMES: Final[Mapping[str, str]] = {
    "violated": "违反",
    "complied": "符合",
    "undetermined": "无法判定",
    "excused": "有据除外",
    "none": "不适用",
}
_TWENTIETH: Final = 0.05


class Report(NamedTuple):
    """What a command prints, and its exit code."""

    text: str
    status: int


class Locked(NamedTuple):
    """What the lock keeps of one rule."""

    version: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What the cases of one rule show."""

    rule: Rule
    counts: Mapping[str, int]
    """Expected outcome -> how many cases."""
    failures: tuple[str, ...]
    held: tuple[str, ...]
    """Parameters that cases hold on both sides: a number may go neither up nor down, a list lose no entry and gain none."""
    loose: tuple[str, ...]
    """Parameters that may be moved without any case noticing, each with the way in which it may."""
    unbounded: tuple[str, ...]
    """Lists that may gain an entry without any case noticing: none shows something that is not in them."""


def test() -> Report:
    """Run every case of every rule that ships; the report is a table, and the status 1 when anything fails."""
    rules, packs = shipped()
    try:
        load(rules, packs)
        proofs = [prove(read_rule(text, name), builtin()) for name, text in sorted(rules.items())]
    except RuleBroken as error:
        return Report(f"规则文件有误：{error}", 1)
    failures = [failure for proof in proofs for failure in proof.failures]
    loose = [f"{proof.rule.id} 的参数 {name}，而没有案例察觉" for proof in proofs for name in proof.loose]
    unbounded = [f"{proof.rule.id} 的参数 {name} 没有不在其中的案例" for proof in proofs for name in proof.unbounded]
    total = sum(sum(proof.counts.values()) for proof in proofs)
    held = sum(len(proof.held) for proof in proofs)
    told = f"{len(loose)} 处可以改动而没有案例察觉，{len(unbounded)} 个清单没有清单外的案例"
    closing = [
        f"{len(proofs)} 条规则，{total} 个案例，{len(failures)} 个未通过。",
        f"{held + sum(len(_open(proof)) for proof in proofs)} 个参数，{held} 个两侧都有案例；{told}。",
    ]
    stale = check(rules, read_lock())
    notes = [f"锁文件：{line}" for line in stale] or ["锁文件与规则一致。"]
    return Report(
        "\n".join([_table(proofs), *failures, *loose, *unbounded, *closing, *notes]), int(bool(failures or loose))
    )


def _open(proof: Proof) -> set[str]:
    """Return the parameters that are not held on both sides."""
    return {
        name for name in proof.rule.parameters if name not in proof.held and _moves(proof.rule.parameters[name].value)
    }


def prove(rule: Rule, calendar: Workdays) -> Proof:
    """Run the cases of a rule, then again with each parameter moved each way: a case must notice."""
    failures = tuple(f"{rule.id} “{case.name}”：{failure}" for case, failure in _failures(rule, calendar))
    loose: list[str] = []
    unbounded: list[str] = []
    held: list[str] = []
    for name, parameter in rule.parameters.items():
        moves = _moves(parameter.value)
        open_ways = [f"{name} {way}" for way, moved in moves.items() if not _noticed(rule, name, moved, calendar)]
        loose += open_ways
        bounded = not isinstance(parameter.value, tuple) or _is_bounded(rule, name, parameter.value, calendar)
        if not bounded:
            unbounded.append(name)
        if moves and bounded and not open_ways:
            held.append(name)
    return Proof(
        rule, Counter(case.expect for case in rule.cases), failures, tuple(held), tuple(loose), tuple(unbounded)
    )


def _is_bounded(rule: Rule, name: str, value: tuple[int | str, ...], calendar: Workdays) -> bool:
    """Tell whether some case would come out otherwise if the list had one entry more, of those that its facts speak of."""
    others = (
        {entry for case in rule.cases for entry in _leaves(list(case.facts)) if type(entry) is type(value[0])}
        if value
        else set()
    )
    others |= set(range(6)) if value and isinstance(value[0], int) else set()  # levels are worked out from places
    return any(_noticed(rule, name, (*value, entry), calendar) for entry in sorted(others.difference(value), key=str))


def _leaves(node: object) -> Iterator[object]:
    """Yield every text and number of the facts of a case."""
    if isinstance(node, Mapping):
        node = list(node.values())
    if isinstance(node, list | tuple):
        for one in node:
            yield from _leaves(one)
    elif isinstance(node, str | int):
        yield node


def _failures(rule: Rule, calendar: Workdays) -> list[tuple[Case, str]]:
    found = ((case, run(rule, case, calendar).failure) for case in rule.cases)
    return [(case, failure) for case, failure in found if failure]


def _moves(value: object) -> dict[str, object]:
    """Return in words how a parameter can be moved -> its value then: a step up or down (0.05 for a share), an entry left out."""
    if isinstance(value, bool) or value is None:
        return {}
    if isinstance(value, int | float):
        step = _TWENTIETH if isinstance(value, float) else 1
        return {f"可以调高到 {_shown(value + step)}": value + step, f"可以调低到 {_shown(value - step)}": value - step}
    if isinstance(value, date):
        late, early = value + timedelta(days=1), value - timedelta(days=1)
        return {f"可以推迟到 {late}": late, f"可以提前到 {early}": early}
    if isinstance(value, tuple):
        return {f"可以去掉“{left}”": tuple(entry for entry in value if entry != left) for left in value}
    return {}


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _noticed(rule: Rule, name: str, moved: object, calendar: Workdays) -> bool:
    """Tell whether some case fails, or the rule no longer loads, when a parameter has another value."""
    changed = {**rule.parameters, name: rule.parameters[name].model_copy(update={"value": moved})}
    try:
        return bool(_failures(rule.model_copy(update={"parameters": changed}), calendar))
    except RuleBroken:
        return True


def _table(proofs: Sequence[Proof]) -> str:
    rows = [("规则", "案例", *OUTCOMES.values(), "两侧都有案例的参数")]
    for proof in proofs:
        counts = [str(proof.counts.get(outcome, 0)) for outcome in OUTCOMES]
        rows.append((proof.rule.id, str(sum(proof.counts.values())), *counts, "、".join(proof.held) or "—"))
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell + padding(cell, wide) for cell, wide in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def lock() -> Report:
    """Write the lock file; refuse, with status 1, when a rule's meaning changed under the same version."""
    rules, packs = shipped()
    try:
        load(rules, packs)
    except RuleBroken as error:
        return Report(f"规则文件有误：{error}", 1)
    locked = read_lock()
    faults = refusals(rules, locked)
    if faults:
        return Report("\n".join(["未写入锁文件：", *faults]), 1)
    fresh = {**locked, **seals(rules)}
    LOCK.write_text(write_lock(fresh), encoding="utf-8")
    changed = sum(locked.get(rule) != seal for rule, seal in fresh.items())
    return Report(f"已锁定 {len(fresh)} 条规则，其中 {changed} 条有变化。", 0)


def seals(rules: Mapping[str, str]) -> dict[str, Locked]:
    """Return what a lock would keep of these rule files (name -> text); drafts are not locked."""
    read = [(read_rule(text, name), text) for name, text in rules.items()]
    return {rule.id: Locked(rule.version, fingerprint(text)) for rule, text in read if rule.status != "draft"}


def refusals(rules: Mapping[str, str], locked: Mapping[str, Locked]) -> list[str]:
    """Return why these rule files may not be locked over a lock; nothing means they may."""
    now = seals(rules)
    faults = []
    for rule, seal in sorted(locked.items()):
        fresh = now.get(rule)
        if fresh is None:
            faults.append(f"{rule} 曾经生效，不能删除或改回草案；停用请将 status 改为 retired")
        elif fresh.version < seal.version:
            faults.append(f"{rule} 的版本从 {seal.version} 退到 {fresh.version}")
        elif fresh.version == seal.version and fresh.fingerprint != seal.fingerprint:
            faults.append(f"{rule} 的内容变了而版本仍是 {seal.version}，请将 version 改为 {seal.version + 1}")
    return faults


def check(rules: Mapping[str, str], locked: Mapping[str, Locked]) -> list[str]:
    """Return everything in which a lock and the rule files differ."""
    unlocked = [f"{rule} 尚未锁定" for rule, seal in sorted(seals(rules).items()) if locked.get(rule) != seal]
    return refusals(rules, locked) or unlocked


def read_lock(text: str | None = None) -> dict[str, Locked]:
    """Return the locked rules of a lock file's text, by default of the one that ships; an absent one locks nothing."""
    if text is None:
        text = LOCK.read_text("utf-8") if LOCK.exists() else "{}"
    return {rule: Locked(row["version"], row["fingerprint"]) for rule, row in json.loads(text).items()}


def write_lock(locked: Mapping[str, Locked]) -> str:
    """Return the text of a lock file: one line for each rule, so that two branches rarely touch the same one."""
    rows = [f'  "{rule}": {json.dumps(seal._asdict())}' for rule, seal in sorted(locked.items())]
    return "{\n" + ",\n".join(rows) + "\n}\n"
