"""The rule file: one clause-bound rule as data, checked strictly when it is loaded. Pure."""

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import PurePath
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from contracts.alerts import Clause, Outcome, Severity
from contracts.catalog import BY_NAME
from services.monitor.conditions import Condition
from services.monitor.derived import DERIVED, DERIVED_FOR

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]
RuleId = Annotated[str, StringConstraints(pattern=r"^(?:[A-Z]{3}|N)-[0-9]{2}$")]
FILES: Final = 1024
"""Texts that are remembered as read: to read them is most of what a book costs, and its seals and its release read them too."""
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


class RuleBroken(Exception):
    """A rule file says something that the contracts, the evaluators or its own parts do not bear."""

    def __init__(self, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}")


def broken(where: str, error: ValidationError) -> RuleBroken:
    """Return the first fault of a validation with its field and the expectation."""
    first = error.errors(include_url=False)[0]
    return RuleBroken(f"{where}: {'.'.join(map(str, first['loc']))}", first["msg"])


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """Where the rule is written."""

    file: Text | None = None
    """Name of the text in ``services/monitor/sources``; ``None`` when only an excerpt was seen (then ``url``)."""
    document: Text
    clause: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    quote: Text
    url: str | None = None

    @property
    def named(self) -> str:
        """The document and the clause, in a line."""
        return f"{self.document} {self.clause}"

    def clause_of(self) -> Clause:
        """Return it as the published clause."""
        return Clause(document=self.document, clause=self.clause, quote=self.quote)


class Parameter(_Strict):
    """A number or list that the rule decides with."""

    value: int | float | str | bool | date | tuple[int | str, ...] | None = None
    """``None``: no source gives it, and without a pack that sets it the verdict is undetermined."""
    basis: Literal["source", "ours"]
    note: Text


class Excuse(_Strict):
    """An exception that excuses a violation when all its conditions hold of the act."""

    name: Text
    when: tuple[Condition, ...] = Field(min_length=1)
    basis: Literal["source", "ours"] = "source"


class Case(_Strict):
    """A history and what the rule must say of it."""

    name: Text
    today: date | None = None
    facts: tuple[dict[str, Any], ...]
    """CloudEvents in short: ``type`` as family.verb, ``id``, ``time``, ``unit``, ``place``, ``data`` (see ``cases.py``)."""
    expect: Outcome | Literal["none"]
    subject: str | None = None
    """Id of the act (or the key) whose verdict is expected; default: the last fact."""
    says: str | None = None
    """A part of the reason that must be there."""
    alerts: int | None = None
    """How many alerts the whole history raises under this rule."""
    parameters: Mapping[str, Any] = {}
    """Parameters as a pack would set them: of those that no source gives, only this shows what they decide."""


class Rule(_Strict):
    """One rule: its claim, its law, its parameters, its words and its proof."""

    id: RuleId
    version: int = Field(ge=1)
    title: Text
    status: Literal["draft", "live", "retired"]
    mode: Literal["rule", "hint"] = "rule"
    """A hint is for a person who has to judge: its verdicts are shown and are never an alert."""
    force: Literal["刚", "原", "倡", "述"]
    severity: Severity
    effective_from: date
    effective_to: date | None = None
    known_from: date
    """Acts before this day are judged but raise no alert (nothing is alerted retroactively)."""
    sources: tuple[Source, ...] = Field(min_length=1)
    reading: Text | None = None
    """How we read the clause where it leaves something open."""
    parameters: Mapping[str, Parameter] = {}
    decide: Mapping[str, Any]
    exceptions: tuple[Excuse, ...] = ()
    explain: Mapping[str, Text]
    cases: tuple[Case, ...] = ()

    @model_validator(mode="after")
    def _hint_is_light(self) -> "Rule":
        """Refuse a hint that claims the weight of a finding."""
        if self.mode == "hint" and self.severity != "info":
            msg = "the severity of a hint is info"
            raise ValueError(msg)
        return self

    @property
    def kind(self) -> str:
        """Name of the evaluator."""
        return str(self.decide["kind"])

    def in_force(self, day: date) -> bool:
        """Tell whether the rule was law on a day."""
        return self.effective_from <= day and (self.effective_to is None or day <= self.effective_to)


@lru_cache(FILES)
def read_rule(text: str, name: str) -> Rule:
    """Read one rule file; raise ``RuleBroken`` naming the place and the expectation."""
    try:
        rule = Rule.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RuleBroken(name, str(error)) from None
    except ValidationError as error:
        raise broken(name, error) from None
    if PurePath(name).stem != rule.id:
        raise RuleBroken(name, f"the file must be named {rule.id}.toml")
    for event in _events_of(rule):
        if event not in BY_NAME:
            raise RuleBroken(f"{name}: decide.on", f"{event} is no published event")
    return rule


@lru_cache(FILES)
def fingerprint(text: str) -> str:
    """Return what the lock file keeps of a rule file: SHA-256 of everything it says but its cases, which may grow freely.

    Comments and layout do not count, and neither does the place of a table in the file.
    """
    meaning = {key: value for key, value in tomllib.loads(text).items() if key != "cases"}
    return hashlib.sha256(json.dumps(meaning, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()


def settle(rule: Rule, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``decide`` with every ``$name`` replaced by the parameter's value, after a pack's overrides.

    Raise ``RuleBroken`` for a ``$name`` or an override that names no parameter, and for an override of another kind of value.
    """
    unknown = set(overrides) - set(rule.parameters)
    if unknown:
        raise RuleBroken(rule.id, f"no such parameter: {sorted(unknown)}")
    for name, value in overrides.items():
        wanted = _shape(rule.parameters[name].value)
        if wanted is not None and _shape(value) != wanted:
            raise RuleBroken(rule.id, f"parameter {name} must be a {wanted}")
    values = {name: overrides.get(name, parameter.value) for name, parameter in rule.parameters.items()}
    unset = {name: f"参数“{rule.parameters[name].note}”" for name, value in values.items() if value is None}
    settled = _replace({key: value for key, value in rule.decide.items() if key != "kind"}, values, unset, rule.id)
    return dict(settled)


def _shape(value: object) -> str | None:
    """Return what kind of value a parameter holds, ``None`` for one that is not set."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "truth value"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, date):
        return "day"
    return "word" if isinstance(value, str) else "list"


def _replace(node: Any, values: Mapping[str, Any], unset: Mapping[str, str], where: str) -> Any:
    if isinstance(node, str) and node.startswith("$"):
        if node[1:] not in values:
            raise RuleBroken(where, f"{node} names no parameter")
        return values[node[1:]]
    if isinstance(node, dict):
        replaced = {key: _replace(value, values, unset, where) for key, value in node.items()}
        value = str(node.get("value"))
        lacking = unset.get(value.removeprefix("$")) if "op" in node and value.startswith("$") else None
        return {**replaced, "unset": lacking} if lacking else replaced
    if isinstance(node, list):
        return [_replace(value, values, unset, where) for value in node]
    return node


def check_conditions(rule: Rule, conditions: tuple[Condition, ...], events: tuple[str, ...]) -> None:
    """Raise ``RuleBroken`` when a condition reads a field that one of the events does not have."""
    for condition in conditions:
        if condition.op not in ("present", "absent") and condition.value is None and condition.unset is None:
            raise RuleBroken(rule.id, f"{condition.field} {condition.op} needs a value")
        for event in events:
            if condition.field.startswith("@"):
                known = condition.field in DERIVED and event in _events_with(condition.field, event)
            else:
                known = condition.field in BY_NAME[event].model_fields
            if not known:
                raise RuleBroken(rule.id, f"{event} has no field {condition.field}")


def _events_with(derived: str, event: str) -> tuple[str, ...]:
    """Return the events that a derived value is of; ``event`` itself for one that is of every event."""
    of = DERIVED_FOR.get(derived, event)
    return (of,) if isinstance(of, str) else of


def check_words(rule: Rule, spoken: Mapping[str, frozenset[str]]) -> None:
    """Raise ``RuleBroken`` when a needed text is absent, one is never said, or one names what is not filled in.

    ``spoken``: the keys that the evaluator speaks with -> the names that it always fills. The four outcomes but ``violated`` have
    a default text; every text may name ``missing`` and ``excuse``.
    """
    lacking = set(spoken) - set(rule.explain) - {"complied", "excused", "undetermined"}
    if lacking:
        raise RuleBroken(rule.id, f"[explain] lacks {sorted(lacking)}")
    for key, text in rule.explain.items():
        if key not in spoken:
            raise RuleBroken(rule.id, f"[explain] has {key}, which nothing says")
        unknown = set(_PLACEHOLDER.findall(text)) - spoken[key] - {"missing", "excuse"}
        if unknown or set(_PLACEHOLDER.sub("", text)) & {"{", "}"}:
            raise RuleBroken(rule.id, f"[explain] {key} names {sorted(unknown) or 'braces'}, which is not filled in")


def _events_of(rule: Rule) -> tuple[str, ...]:
    on = rule.decide.get("on", ())
    return (on,) if isinstance(on, str) else tuple(on)
