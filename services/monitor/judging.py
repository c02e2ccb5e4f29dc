"""What every evaluator works with: a settled rule, the acts of one scope, and the words to answer in. Pure."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from contracts.alerts import Outcome, Severity
from contracts.catalog import BY_NAME
from services.monitor.conditions import Condition, every
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.labels import label
from services.monitor.rulebook import Excuse, Rule, Source
from services.monitor.world import World

ACT_SCOPE: Final = "act|"
JUDGED: Final = frozenset(name for name, event in BY_NAME.items() if event.is_act) | {
    "unit.registered",
    "list.versioned",
}
"""Every event of which a rule may speak: what offices do, and what they owe by being or lack by not having published."""


def unrecorded(events: Iterable[str]) -> str:
    """Return what is missing where a place does not record such events at all."""
    return "、".join(BY_NAME[event].title for event in events) + "的记录（本辖区未接入）"


class Params(BaseModel):
    """What every evaluator's ``[decide]`` table has."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    on: tuple[str, ...]
    when: tuple[Condition, ...] = ()
    """The acts that the rule speaks of."""


P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Bound(Generic[P]):
    """A rule with its parameters settled for one jurisdiction."""

    rule: Rule
    params: P
    pack: str
    """Id of the pack whose parameters these are."""
    evaluator: "Evaluator[P]"
    values: Mapping[str, Any]
    """The rule's parameters as the pack sets them."""
    sources: tuple[Source, ...]
    """The rule's sources that are law where the pack holds, the first to be cited first."""
    since: date | None = None
    """The day from which the pack applies its rules; ``None``: from the rule's own days on."""

    def in_force(self, day: date) -> bool:
        """Tell whether the rule was law there on a day."""
        return self.rule.in_force(day) and (self.since is None or self.since <= day)


@dataclass(frozen=True, slots=True)
class Scene(Generic[P]):
    """One scope to judge: the rule, the key, and every act that the key and its acts' needs find."""

    bound: Bound[P]
    scope: str
    acts: Mapping[str, Act]
    world: World
    terse: bool = False
    """Only alerts are wanted: verdicts that raise none are made without words."""

    @property
    def params(self) -> P:
        """The settled parameters."""
        return self.bound.params

    @property
    def anchor(self) -> Act | None:
        """The act that an act scope is about; ``None`` when it no longer stands."""
        return self.acts.get(self.scope.removeprefix(ACT_SCOPE))

    @property
    def unset(self) -> tuple[str, ...]:
        """The parameters that no source and no pack gives, as what is missing."""
        unset = (name for name, value in self.bound.values.items() if value is None)
        return tuple(f"参数“{self.bound.rule.parameters[name].note}”" for name in unset)

    def speaks_of(self, act: Act) -> tuple[bool | None, tuple[str, ...]]:
        """Return whether the rule speaks of an act, and the missing fields when that cannot be told."""
        if act.name not in self.params.on:
            return False, ()
        return every(self.params.when, act, self.world)

    def attempt(self, excuse: Excuse, act: Act) -> Tried:
        """Try one exception on an act; its evidence names the fields that told, or those that are missing."""
        met, missing = every(excuse.when, act, self.world)
        fields = missing or tuple(condition.field for condition in excuse.when)
        return Tried(excuse.name, met, "、".join(dict.fromkeys(label(field) for field in fields)))

    def weigh(self, act: Act, more: Sequence[Tried] = ()) -> tuple[Outcome, tuple[Tried, ...]]:
        """Return what a violation by an act becomes after its exceptions: violated, excused or undetermined."""
        tried = (*more, *(self.attempt(excuse, act) for excuse in self.bound.rule.exceptions))
        if any(one.met for one in tried):
            return "excused", tried
        return ("undetermined" if any(one.met is None for one in tried) else "violated"), tried

    def say(  # noqa: PLR0913 - a verdict has many parts, all named
        self,
        outcome: Outcome,
        act: Act,
        *,
        words: str | None = None,
        subject: str | None = None,
        numbers: Mapping[str, Scalar] | None = None,
        acts: Iterable[str] = (),
        exceptions: tuple[Tried, ...] = (),
        missing: tuple[str, ...] = (),
        severity: Severity | None = None,
        alert: bool | None = None,
        on: date | None = None,
        recheck_on: date | None = None,
        about: str | None = None,
    ) -> Verdict:
        """Return a verdict about ``act`` (or ``subject``) in the rule's own words; ``about``: a unit other than the one that acted.

        ``alert`` forces or forbids an alert; by default a violation is one, and of a hint nothing is. ``missing`` names fields;
        without it an undetermined verdict names what its exceptions lacked. Users read both by their Chinese names.
        """
        rule = self.bound.rule
        day = on or act.day
        raises = (outcome == "violated" if alert is None else alert) and day >= rule.known_from and rule.mode != "hint"
        if self.terse and not raises:
            return Verdict(
                rule.id,
                rule.version,
                self.scope,
                subject or act.id,
                outcome,
                "",
                about or act.unit,
                act.place,
                day,
                (),
                recheck_on=recheck_on,
            )
        shown = dict(numbers or {})
        template = rule.explain.get(words or outcome) or DEFAULT_WORDS[outcome]
        if outcome == "undetermined" and not missing:
            missing = tuple(one.evidence for one in exceptions if one.met is None)
        lacking = tuple(dict.fromkeys(label(field) for field in missing))
        texts = {name: "未载明" if value is None else value for name, value in shown.items()}
        return Verdict(
            rule=rule.id,
            version=rule.version,
            scope=self.scope,
            subject=subject or act.id,
            outcome=outcome,
            reason=template.format_map({**texts, "missing": "、".join(lacking), "excuse": _met(exceptions)}),
            about=about or act.unit,
            place=act.place,
            happened_on=day,
            acts=tuple(dict.fromkeys((act.id, *acts))),
            numbers=shown,
            exceptions=exceptions,
            missing=lacking,
            severity=(severity or rule.severity) if raises else None,
            recheck_on=recheck_on,
        )


def _met(tried: Sequence[Tried]) -> str:
    return "、".join(one.name for one in tried if one.met)


DEFAULT_WORDS: Final[Mapping[str, str]] = {
    "complied": "符合要求。",
    "excused": "因“{excuse}”不计入违反。",
    "undetermined": "无法判定，缺少：{missing}。",
    "violated": "不符合要求。",
}


class Summary(Protocol):
    """What a rule keeps of the acts under one key, so that one more act costs the same however many there are.

    A function of the set of acts: adding and removing in any order that ends in the same set gives the same.
    """

    def add(self, act: Act, world: World) -> None:
        """Take an act in."""

    def remove(self, act: Act) -> None:
        """Take out an act that was taken in."""

    def state(self, world: World) -> Hashable:
        """Return what the findings on the scope depend on: with the same state they are the same.

        ``None``: nothing is found and no day is waited for.
        """


Recall = Callable[[str], Summary | None]
"""The rule's summary under a key; ``None`` when nothing was ever kept there."""
Silencer = Callable[[Act, World, Recall], bool]
"""Tells that a rule's verdict on an act by itself certainly raises no alert and waits for no day: it need not be asked for."""


def always_silent(_act: Act, _world: World, _recall: Recall) -> bool:
    """Tell that there is never anything to tell: of hints."""
    return True


def never_silent(_bound: Bound[Any]) -> Silencer:
    """Return a silencer that always has the verdict asked for."""
    return lambda _act, _world, _recall: False


@dataclass(frozen=True, slots=True)
class Evaluator(Generic[P]):
    """One way to decide."""

    name: str
    params: type[P]
    on: frozenset[str]
    """The events that it can speak of."""
    scopes: Callable[[P, Act], Iterable[str]]
    """Which scopes an act belongs to under this rule; ``act_scope`` for rules on single acts and their neighbours."""
    judge: Callable[[Scene[P]], Sequence[Verdict]]
    words: Callable[[P], Mapping[str, frozenset[str]]]
    """Every key of ``[explain]`` that it speaks with -> the names that it always fills there; see ``check_words``."""
    window: Callable[[P], tuple[str, int] | None] = lambda _params: None
    """The bucket family and days that it compares over, checked against the relation's bucket width."""
    conditions: Callable[[P], Mapping[str, tuple[Condition, ...]]] = lambda _params: {}
    """Further conditions, by the event that they are tested on."""
    excuses: Callable[[P], tuple[str, ...]] = lambda _params: ()
    """Names of the exceptions that it tries beside those of the rule file; all come from the clause."""
    looks: Callable[[P], frozenset[str]] = lambda _params: frozenset()
    """Families of keys by which a single act's verdict depends on others (``relations``); unused where scopes are keys."""
    lists: Callable[[P], tuple[str, ...]] = lambda _params: ()
    """Kinds of list that it looks up: what is published of them bears its verdicts."""
    also: frozenset[str] = frozenset()
    """Events that it does not judge but that belong to its scopes."""
    signs: Callable[[P], Sequence[Sequence[Condition]]] = lambda params: (params.when,)
    """Sets of conditions: unless all of one certainly hold, an act's own scope has nothing to tell. See ``signs``."""
    silencer: Callable[[Bound[P]], Silencer] = never_silent
    """A further quick way to see that an act's own scope has nothing to tell; what both let pass is judged."""
    fewest: Callable[[P], int] = lambda _params: 1
    """Scenes of fewer acts hold nothing that raises an alert or waits for a day."""
    moved_by: Callable[[P, Act, Act], bool] = lambda _params, _act, _other: True
    """Whether the second act, met along a key, may bear on the verdict on the first; true where that is not certain."""
    summary: Callable[[Bound[P]], Callable[[], Summary]] | None = None
    """Gives the way to an empty summary, for rules whose scopes grow with the year."""
    weight: Callable[[Act], int] = lambda _act: 1
    """Kilobytes, about, that the summary takes for an act."""
    kept_in: Callable[[P, str], tuple[str, ...]] = lambda _params, _event: ()
    """The families of keys under which summaries hold acts of an event; a key is judged when its summary's state changes."""
    only_kept: bool = False
    """The keys that summaries hold acts under are all the scopes there are."""
    recalls: Callable[[P, Act], Iterable[str]] | None = None
    """The keys beside these whose summaries the silencer and ``stirs`` ask for when this act comes or goes; ``stirs`` needs it."""
    stirs: Callable[[Bound[P], Act, Recall], Iterable[str]] = lambda _bound, _act, _recall: ()
    """Ids of the acts whose own verdicts an act that comes or goes may change, as summaries know them."""


def act_scope(params: Params, act: Act) -> Iterable[str]:
    """Return the scope of one act."""
    return (ACT_SCOPE + act.id,) if act.name in params.on else ()
