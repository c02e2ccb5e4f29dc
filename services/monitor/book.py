"""The rule book: every rule bound to its evaluator and, jurisdiction by jurisdiction, to the parameters of the nearest pack. Pure."""

import importlib
import pkgutil
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.jurisdiction import Jurisdiction, path_of
from services.monitor import evaluators
from services.monitor.conditions import Condition, holding
from services.monitor.domain import Act
from services.monitor.judging import Bound, Evaluator, Params, Silencer, Summary, act_scope, always_silent
from services.monitor.relations import BUCKET_DAYS
from services.monitor.rulebook import (
    FILES,
    Rule,
    RuleBroken,
    RuleId,
    Source,
    Text,
    broken,
    check_conditions,
    check_words,
    read_rule,
    settle,
)
from services.monitor.signs import Signs


class Adoption(BaseModel):
    """How a pack takes a rule up."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    parameters: Mapping[str, Any] = {}
    note: Text | None = None


class Pack(BaseModel):
    """The rules that hold in a jurisdiction, with its parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: Annotated[str, Field(pattern=r"^[a-z0-9\-]{3,40}$")]
    title: Text
    place: Jurisdiction | None = None
    """Where it is law; ``None``: a source whose place is not known, to be inherited by others."""
    basis: Text
    effective_from: date | None = None
    """Acts before this day are not judged there; ``None``: each rule's own day decides."""
    documents: tuple[Text, ...] = ()
    """Titles of the documents that are law there: an alert cites the first of its rule's sources among them."""
    inherits: tuple[str, ...] = ()
    """Packs whose rules, parameters and documents it takes over; later ones and its own go first."""
    rules: Mapping[RuleId, Adoption] = {}
    without: Mapping[RuleId, Text] = {}
    """Rules of the packs that it inherits, or of those above its place, that do not hold there -> why."""


Packs = tuple[str, ...]
_LIMITS: Final = {"gt": 1, "ge": 1, "lt": -1, "le": -1}
"""Comparison by which a test fails -> the way in which its limit allows more."""
_PLACES: Final = 20_000
"""Places whose packs are remembered."""


class Speaking(NamedTuple):
    """A rule whose scopes an event of a place may belong to."""

    rule: str
    bound: Bound[Params]
    silent: Silencer


class Keeping(NamedTuple):
    """A rule that keeps summaries of an event's acts."""

    rule: str
    begin: Callable[[], Summary]
    weight: Callable[[Act], int]


class Asked(NamedTuple):
    """The rules to be asked when an act of an event comes, goes or changes, less hints: nothing of them ever stands.

    Left out are those all of whose scopes are keys that they keep summaries under: these tell by themselves what changed.
    """

    own: Sequence[str]
    """Those whose one scope is the act itself."""
    signs: Signs[tuple[str, Silencer]]
    """Which of these may find anything on an act, with a further test."""
    others: Sequence[Speaking]
    elsewhere: Sequence[Speaking]
    """Those of other places, to whose findings there the act may belong."""
    recalling: Sequence[Speaking]
    """Those that ask for summaries under other keys than the act is kept under."""


class Book:
    """Everything that can be judged."""

    def __init__(
        self, rules: Mapping[str, Rule], packs: Mapping[str, Pack], bound: Mapping[tuple[str, str], Bound[Params]]
    ) -> None:
        """Keep the rules, the packs, and each rule as each pack has it: (pack, rule) -> bound."""
        self.rules = rules
        self.packs = packs
        self._bound = bound
        self.adopted = frozenset(bound)
        self._fewest: dict[str, int] = {}
        self._looks: dict[str, frozenset[str]] = {}
        for (_, rule), one in bound.items():
            fewest = one.evaluator.fewest(one.params)
            self._fewest[rule] = min(self._fewest.get(rule, fewest), fewest)
            self._looks[rule] = self._looks.get(rule, frozenset()) | one.evaluator.looks(one.params)
        # By the packs of a place, of which there are few, not by the place: what senders name must not grow here.
        self._by_event: dict[tuple[Packs, str], Sequence[Speaking]] = {}
        self._elsewhere: dict[tuple[Packs, str], Sequence[Speaking]] = {}
        self._keeping: dict[tuple[Packs, str], Mapping[str, Sequence[Keeping]]] = {}
        self._asked: dict[tuple[Packs, str], Asked] = {}
        self._resolved: dict[Packs, Mapping[str, Bound[Params]]] = {}
        self._by_place: dict[str, list[Pack]] = {}
        self._packs_of: dict[str, Packs] = {}
        for pack in sorted(packs.values(), key=lambda one: one.id):
            if pack.place:
                self._by_place.setdefault(pack.place, []).append(pack)

    def bound(self, rule: str, place: str) -> Bound[Params] | None:
        """Return a rule as the nearest pack above a place has it; ``None`` when no pack there has it."""
        return self.for_place(place).get(rule)

    def set_by(self, pack: str, rule: str) -> Mapping[str, Any]:
        """Return the parameters that a pack that has the rule sets otherwise than the rule itself."""
        bound = self._bound[pack, rule]
        own = bound.rule.parameters
        return {name: value for name, value in bound.values.items() if value != own[name].value}

    def packs_of(self, place: str) -> Packs:
        """Return the packs that hold in a place, the nearest last: places with the same have the same rules."""
        found = self._packs_of.get(place)
        if found is None:
            if len(self._packs_of) >= _PLACES:
                self._packs_of.clear()
            found = tuple(pack.id for code in path_of(place) for pack in self._by_place.get(code, ()))
            self._packs_of[place] = found
        return found

    def for_place(self, place: str) -> Mapping[str, Bound[Params]]:
        """Return every rule that holds in a place."""
        names = self.packs_of(place)
        found = self._resolved.get(names)
        if found is None:
            found = {}
            for name in names:
                found = {rule: bound for rule, bound in found.items() if rule not in self.packs[name].without}
                mine = {rule: bound for (pack, rule), bound in self._bound.items() if pack == name}
                found |= {rule: _beside(bound, found.get(rule)) for rule, bound in mine.items()}
            self._resolved[names] = found
        return found

    def scopes(self, act: Act) -> Iterable[tuple[str, str]]:
        """Yield every (rule, scope) that an act takes part in."""
        for rule, bound, *_ in self.speaking(act.place, act.name):
            for scope in bound.evaluator.scopes(bound.params, act):
                yield rule, scope

    def speaking(self, place: str, event: str) -> Sequence[Speaking]:
        """Return the rules of a place whose scopes an event may belong to."""
        key = self.packs_of(place), event
        found = self._by_event.get(key)
        if found is None:
            found = tuple(
                Speaking(rule, one, _silencer(one))
                for rule, one in self.for_place(place).items()
                if event in one.params.on or event in one.evaluator.also
            )
            self._by_event[key] = found
        return found

    def elsewhere(self, place: str, event: str) -> Sequence[Speaking]:
        """Return the rules of other places to whose findings there an act of this one may belong.

        Of a unit that moved, or of a person lent twice. An act's own scope is none of theirs.
        """
        key = self.packs_of(place), event
        found = self._elsewhere.get(key)
        if found is None:
            here = self.for_place(place)
            others = {rule: one for (_, rule), one in sorted(self._bound.items(), reverse=True) if rule not in here}
            found = tuple(
                Speaking(rule, one, _silencer(one))
                for rule, one in sorted(others.items())
                if event in one.params.on or event in one.evaluator.also
                if one.evaluator.scopes is not act_scope or one.evaluator.summary is not None
            )
            self._elsewhere[key] = found
        return found

    def keeping(self, place: str, event: str) -> Mapping[str, Sequence[Keeping]]:
        """Return the families of keys under which acts of an event are kept -> the rules that keep them, here and elsewhere."""
        key = self.packs_of(place), event
        found = self._keeping.get(key)
        if found is None:
            families: dict[str, list[Keeping]] = {}
            for rule, one, _ in (*self.speaking(place, event), *self.elsewhere(place, event)):
                if one.evaluator.summary is not None and one.rule.mode != "hint":
                    kept = Keeping(rule, one.evaluator.summary(one), one.evaluator.weight)
                    for family in one.evaluator.kept_in(one.params, event):
                        families.setdefault(family, []).append(kept)
            found = self._keeping[key] = families
        return found

    def asked(self, place: str, event: str) -> Asked:
        """Return the rules to be asked when an act of an event of a place comes, goes or changes."""
        key = self.packs_of(place), event
        found = self._asked.get(key)
        if found is None:
            here, there = (
                [one for one in some if one.bound.rule.mode != "hint"]
                for some in (self.speaking(place, event), self.elsewhere(place, event))
            )
            own = [one for one in here if one.bound.evaluator.scopes is act_scope and event in one.bound.params.on]
            found = self._asked[key] = Asked(
                own=[one.rule for one in own],
                signs=Signs(((one.rule, _further(one.bound)), _signs(one.bound)) for one in own),
                others=[
                    one
                    for one in here
                    if one.bound.evaluator.scopes is not act_scope and not one.bound.evaluator.only_kept
                ],
                elsewhere=[one for one in there if not one.bound.evaluator.only_kept],
                recalling=[one for one in (*here, *there) if one.bound.evaluator.recalls is not None],
            )
        return found

    def only(self, rules: Collection[str]) -> "Book":
        """Return the book in which no other rules than these are adopted anywhere."""
        return Book(self.rules, self.packs, {key: one for key, one in self._bound.items() if key[1] in rules})

    def fewest(self, rule: str) -> int:
        """Return how many acts a scene must have for the rule to find anything anywhere."""
        return self._fewest.get(rule, 1)

    def looks(self, rule: str) -> frozenset[str]:
        """Return the families of keys that the rule looks at anywhere."""
        return self._looks.get(rule, frozenset())


def _beside(near: Bound[Params], above: Bound[Params] | None) -> Bound[Params]:
    """Return a rule as the nearer of two packs has it, citing what is law by either; with the same values it holds since the first."""
    if above is None:
        return near
    since = near.since
    if near.values == above.values:
        since = None if None in (near.since, above.since) else min(near.since or date.max, above.since or date.max)
    further = tuple(source for source in above.sources if source not in near.sources)
    return replace(near, sources=(*near.sources, *further), since=since)


def _silencer(bound: Bound[Params]) -> Silencer:
    """Return the test whether an act has nothing to tell: none of the signs holds of it, or the further test says so."""
    if bound.rule.mode == "hint":
        return always_silent
    signs, further = [holding(sign) for sign in _signs(bound)], _further(bound)
    return lambda act, world, recall: not any(holds(act, world) for holds in signs) or further(act, world, recall)


def _signs(bound: Bound[Params]) -> Sequence[Sequence[Condition]]:
    return bound.evaluator.signs(bound.params)


def _further(bound: Bound[Params]) -> Silencer:
    return bound.evaluator.silencer(bound)


def bind(rules: Iterable[Rule], packs: Iterable[Pack], kinds: Mapping[str, Evaluator[Any]]) -> Book:
    """Check every rule against its evaluator and the contracts, resolve packs, and return the book; raise ``RuleBroken``."""
    by_id: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in by_id:
            raise RuleBroken(rule.id, "two files have this id")
        by_id[rule.id] = rule
        _settled(rule, {}, _UNBOUND, kinds)
    named: dict[str, Pack] = {}
    for pack in packs:
        if pack.id in named:
            raise RuleBroken(pack.id, "two packs have this id")
        named[pack.id] = pack
        for rule_id in pack.without:
            _exists(rule_id, pack, by_id)
    bound = {
        (pack.id, rule): _settled(by_id[rule], adoption.parameters, pack, kinds)
        for pack in (_whole(pack, named) for pack in named.values())
        for rule, adoption in pack.rules.items()
        if _exists(rule, pack, by_id) and by_id[rule].status == "live"
    }
    for near in named.values():
        for above in named.values():
            _check_not_looser(near, above, bound)
    return Book(by_id, named, bound)


def _check_not_looser(near: Pack, above: Pack, bound: Mapping[tuple[str, str], Bound[Params]]) -> None:
    """Raise ``RuleBroken`` when a pack allows what the same rule forbids above its place: the superior's law prevails (若干规定 末条)."""
    if near.place is None or above.place is None or above.place not in path_of(near.place)[:-1]:
        return
    for (pack, rule), mine in bound.items():
        theirs = bound.get((above.id, rule)) if pack == near.id else None
        for name, sign in _strictness(mine.rule) if theirs else ():
            here, there = mine.values[name], theirs.values[name] if theirs else None
            if here is not None and there is not None and sign * (here - there) > 0:
                msg = f"{rule}: {name} = {here} allows more than {there} of {above.id}, which holds above it"
                raise RuleBroken(near.id, msg)


def _strictness(rule: Rule) -> Iterator[tuple[str, int]]:
    """Yield the parameters that limit what an act may be, and whether more (1) or less (-1) of them allows more."""
    for test in rule.decide.get("tests", ()):
        for condition in test["fails"]:
            value = str(condition.get("value"))
            if value.startswith("$") and condition["op"] in _LIMITS:
                yield value[1:], _LIMITS[condition["op"]]


def _exists(rule: str, pack: Pack, rules: Mapping[str, Rule]) -> bool:
    if rule not in rules:
        raise RuleBroken(pack.id, f"there is no rule {rule}")
    return True


def alone(rule: Rule) -> Bound[Params]:
    """Return a rule with its own parameters, as no pack has it; raise ``RuleBroken``."""
    return _settled(rule, {}, _UNBOUND, evaluator_kinds())


def _whole(pack: Pack, packs: Mapping[str, Pack], below: tuple[str, ...] = ()) -> Pack:
    """Return a pack with everything that it inherits written into it."""
    if pack.id in below:
        raise RuleBroken(pack.id, f"it inherits itself: {' > '.join((*below, pack.id))}")
    rules: dict[str, Adoption] = {}
    documents: list[str] = []
    for name in pack.inherits:
        if name not in packs:
            raise RuleBroken(pack.id, f"there is no pack {name}")
        parent = _whole(packs[name], packs, (*below, pack.id))
        rules.update(parent.rules)
        documents.extend(parent.documents)
    rules = {rule: adoption for rule, adoption in rules.items() if rule not in pack.without}
    for rule, own in pack.rules.items():
        inherited = rules[rule].parameters if rule in rules else {}
        rules[rule] = own.model_copy(update={"parameters": {**inherited, **own.parameters}})
    return pack.model_copy(update={"rules": rules, "documents": (*pack.documents, *documents)})


def _sources(rule: Rule, pack: Pack) -> tuple[Source, ...]:
    if not pack.documents:
        return rule.sources
    found = tuple(source for source in rule.sources if source.document in pack.documents)
    if not found:
        raise RuleBroken(pack.id, f"{rule.id} stands in none of its documents")
    return found


def _settled(
    rule: Rule, overrides: Mapping[str, Any], pack: Pack, kinds: Mapping[str, Evaluator[Any]]
) -> Bound[Params]:
    """Return a rule with the parameters of a whole pack; raise ``RuleBroken`` naming what does not fit."""
    kind = kinds.get(rule.kind)
    if kind is None:
        raise RuleBroken(rule.id, f"no evaluator {rule.kind}")
    try:
        params = kind.params.model_validate(settle(rule, overrides))
    except ValidationError as error:
        raise broken(f"{rule.id}: decide", error) from None
    foreign = set(params.on) - kind.on
    if foreign:
        raise RuleBroken(rule.id, f"{kind.name} does not speak of {sorted(foreign)}")
    check_conditions(rule, params.when, params.on)
    for event, conditions in kind.conditions(params).items():
        check_conditions(rule, conditions, (event,))
    for excuse in rule.exceptions:
        check_conditions(rule, excuse.when, params.on)
    check_words(rule, kind.words(params))
    window = kind.window(params)
    if window and window[1] > BUCKET_DAYS[window[0]]:
        raise RuleBroken(
            rule.id, f"the window of {window[1]} days is wider than the relation's {BUCKET_DAYS[window[0]]}"
        )
    values = {name: overrides.get(name, parameter.value) for name, parameter in rule.parameters.items()}
    return Bound(rule, params, pack.id, kind, values, _sources(rule, pack), pack.effective_from)


def evaluator_kinds() -> dict[str, Evaluator[Any]]:
    """Return every evaluator of the folder by name."""
    return {evaluator.name: evaluator for evaluator in _evaluators()}


@cache
def _evaluators() -> tuple[Evaluator[Any], ...]:
    modules = pkgutil.iter_modules(evaluators.__path__, f"{evaluators.__name__}.")
    return tuple(importlib.import_module(module.name).EVALUATOR for module in modules)


_UNBOUND: Final = Pack(id="unbound", title="未采用", basis="规则自身")
"""Stands for no pack at all while a rule is checked by itself."""
RULES: Final = files("services.monitor") / "rules"
PACKS: Final = files("services.monitor") / "packs"


def load(rule_texts: Mapping[str, str], pack_texts: Mapping[str, str]) -> Book:
    """Return the book of these files (name -> text)."""
    packs = [read_pack(text, name) for name, text in sorted(pack_texts.items())]
    return bind((read_rule(text, name) for name, text in sorted(rule_texts.items())), packs, evaluator_kinds())


@lru_cache(FILES)
def read_pack(text: str, name: str) -> Pack:
    """Read one pack file; raise ``RuleBroken`` naming the place and the expectation."""
    try:
        return Pack.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise RuleBroken(name, str(error)) from None
    except ValidationError as error:
        raise broken(name, error) from None


def shipped() -> tuple[dict[str, str], dict[str, str]]:
    """Return the texts of the rule and pack files that ship with the product."""
    return _texts(RULES), _texts(PACKS)


def _texts(folder: Any) -> dict[str, str]:
    return {entry.name: entry.read_text("utf-8") for entry in folder.iterdir() if entry.name.endswith(".toml")}
