"""The rule book's own checks: run every case, see that cases hold every number, and lock what the rules mean."""

import json
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from contracts.workdays import Workdays, builtin
from services.monitor.book import RULES, load, shipped
from services.monitor.cases import run
from services.monitor.rulebook import Case, Rule, RuleBroken, fingerprint, read_rule

LOCK: Final = Path(str(RULES)) / "rules.lock"
"""Id, version and fingerprint of every rule that ever was live."""
OUTCOMES: Final[Mapping[str, str]] = {
    "violated": "违反",
    "complied": "符合",
    "undetermined": "无法判定",
    "excused": "例外",
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
    """Parameters that cases hold: a number from both sides, a list in each of its entries."""
    loose: tuple[str, ...]
    """Parameters that may be moved without any case noticing."""


def test() -> Report:
    """Run every case of every rule that ships; the report is a table, and the status 1 when anything fails."""
    rules, packs = shipped()
    try:
        load(rules, packs)
        proofs = [prove(read_rule(text, name), builtin()) for name, text in sorted(rules.items())]
    except RuleBroken as error:
        return Report(f"规则文件有误：{error}", 1)
    failures = [failure for proof in proofs for failure in proof.failures]
    loose = [f"{proof.rule.id} 的参数 {name} 可以改动而没有案例察觉" for proof in proofs for name in proof.loose]
    total = sum(sum(proof.counts.values()) for proof in proofs)
    closing = f"{len(proofs)} 条规则，{total} 个案例，{len(failures)} 个未通过。"
    stale = check(rules, read_lock())
    notes = [f"锁文件：{line}" for line in stale] or ["锁文件与规则一致。"]
    return Report("\n".join([_table(proofs), *failures, *loose, closing, *notes]), int(bool(failures or loose)))


def prove(rule: Rule, calendar: Workdays) -> Proof:
    """Run the cases of a rule, then again with each parameter moved both ways: a case must notice."""
    failures = tuple(f"{rule.id} “{case.name}”：{failure}" for case, failure in _failures(rule, calendar))
    moves = {name: _moves(parameter.value) for name, parameter in rule.parameters.items()}
    held = tuple(name for name in moves if all(_noticed(rule, name, moved, calendar) for moved in moves[name]))
    loose = tuple(name for name in moves if name not in held)
    return Proof(rule, Counter(case.expect for case in rule.cases), failures, held, loose)


def _failures(rule: Rule, calendar: Workdays) -> list[tuple[Case, str]]:
    found = ((case, run(rule, case, calendar).failure) for case in rule.cases)
    return [(case, failure) for case, failure in found if failure]


def _moves(value: object) -> list[object]:
    """Return a parameter's value a step higher and a step lower (0.05 for a share), or with each of its entries left out."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        step = _TWENTIETH if isinstance(value, float) else 1
        return [value + step, value - step]
    if isinstance(value, tuple):
        return [tuple(entry for entry in value if entry != left) for left in value]
    return []


def _noticed(rule: Rule, name: str, moved: object, calendar: Workdays) -> bool:
    """Tell whether some case fails, or the rule no longer loads, when a parameter has another value."""
    changed = {**rule.parameters, name: rule.parameters[name].model_copy(update={"value": moved})}
    try:
        return bool(_failures(rule.model_copy(update={"parameters": changed}), calendar))
    except RuleBroken:
        return True


def _table(proofs: Sequence[Proof]) -> str:
    rows = [("规则", "案例", *OUTCOMES.values(), "有案例守住的参数")]
    for proof in proofs:
        counts = [str(proof.counts.get(outcome, 0)) for outcome in OUTCOMES]
        rows.append((proof.rule.id, str(sum(proof.counts.values())), *counts, "、".join(proof.held) or "—"))
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


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
