"""Hold what an act is about against the lists in force for its place and day (kind L)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import BeforeValidator, model_validator

from contracts.catalog import BY_NAME
from contracts.reference import ListItem, ListKind, ListVersioned
from services.monitor.conditions import Condition, read, shown
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.joins import BORNE
from services.monitor.judging import Bound, Evaluator, Params, Recall, Scene, Silencer, act_scope
from services.monitor.relations import LISTS
from services.monitor.world import World

_NOT_WORD: Final = re.compile(r"[\W_]+")
_NAMES: Final = frozenset({"item", "list"})
Kinds = Annotated[tuple[ListKind, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
"""One kind of list, or several."""


class ListedParams(Params):
    """``[decide]`` of kind ``listed``; lists are asked in this order: kept, forbidden, allowed."""

    item: tuple[str, ...] = ("item",)
    """Fields or ``@derived`` values by which the act says what it is about: ids or names of entries, one or several; an event may
    have only some of them, and one that is on a list is enough."""
    kept: Kinds = ()
    """What is on one of these is allowed, whatever else."""
    forbidden: Kinds = ()
    """What is on one of these is a violation; an entry that expired counts no more."""
    allowed: Kinds = ()
    """What is on one of these is allowed while its entry has not expired."""
    unlisted: Literal["violated", "undetermined", "complied"] = "undetermined"
    """What an act is about that is on none of them."""
    states: tuple[Literal["basis", "owner", "published_url"], ...] = ()
    """What an allowed entry (of the last: its list) must state."""
    per: str | None = None
    """Family of the join along which acts of one entry are counted within a year, against the most that the entry allows."""

    @model_validator(mode="after")
    def _is_asked_again(self) -> "ListedParams":
        """Refuse an event whose acts would not be judged again when one of the lists, or what they are counted with, changes."""
        named = frozenset((*self.kept, *self.forbidden, *self.allowed))
        if not named:
            msg = "a list is needed"
            raise ValueError(msg)
        for event in self.on:
            if named.isdisjoint(LISTS.get(event, ())):
                msg = f"{event} looks up none of these lists"
                raise ValueError(msg)
            if self.per is not None and event not in BORNE.get(self.per, ()):
                msg = f"{event} bears no {self.per}"
                raise ValueError(msg)
        return self


class _Found(NamedTuple):
    """An entry and the list that it stands on."""

    entry: ListItem
    on: ListVersioned


class _Lists(NamedTuple):
    """The lists of some kinds that are in force, and the kinds of which none is."""

    found: tuple[ListVersioned, ...]
    absent: tuple[str, ...]

    def find(self, names: Iterable[str], *, day: Any = None) -> _Found | None:
        """Return the first entry of these names; ``day``: only one that has not expired by then."""
        names = tuple(names)
        for version in self.found:
            for name in names:
                entry = find(name, version.items)
                if entry is not None and (day is None or not _expired(entry, day)):
                    return _Found(entry, version)
        return None


def judge(scene: Scene[ListedParams]) -> Sequence[Verdict]:
    """Return the verdict on the anchor; open when what it is about is not stated or a list that would tell is not in force."""
    act = scene.anchor
    speaks, missing = scene.speaks_of(act) if act else (False, ())
    if act is None or speaks is False:
        return ()
    return (_look_up(scene, act) if speaks else scene.say("undetermined", act, missing=missing),)


def _look_up(scene: Scene[ListedParams], act: Act) -> Verdict:
    params = scene.params
    kept, forbidden, allowed = (
        _lists(kinds, act, scene.world) for kinds in (params.kept, params.forbidden, params.allowed)
    )
    stated = _stated(params, act, scene.world)
    names = tuple(_names(stated.values()))
    numbers: dict[str, Scalar] = {"item": shown(next((one for one in reversed(stated.values()) if one), None))}
    numbers["list"] = "、".join(one.basis for one in (*forbidden.found, *allowed.found)) or None
    found = kept.find(names)
    if found is not None:
        return scene.say("complied", act, numbers={**numbers, "list": found.on.basis})
    found = forbidden.find(names, day=act.day)
    if found is not None:
        return _against(scene, act, None, {**numbers, **_entry(found)})
    found = allowed.find(names, day=act.day) or allowed.find(names)
    if found is not None:
        return _of_entry(scene, act, found, {**numbers, **_entry(found)})
    unknown = tuple(stated) if all(one is None for one in stated.values()) else ()
    return _unlisted(scene, act, numbers, (*unknown, *forbidden.absent, *allowed.absent))


def _unlisted(scene: Scene[ListedParams], act: Act, numbers: Mapping[str, Scalar], missing: tuple[str, ...]) -> Verdict:
    """Return the verdict on an act that is about nothing on the lists, as far as they are known."""
    params = scene.params
    if missing:
        return _open(scene, act, None, numbers, missing)
    if params.unlisted == "undetermined":
        return _open(scene, act, "not_listed", numbers, params.kept or params.allowed)
    if params.unlisted == "complied":
        return scene.say("complied", act, numbers=numbers)
    return _against(scene, act, "unlisted", numbers)


def _of_entry(scene: Scene[ListedParams], act: Act, found: _Found, numbers: Mapping[str, Scalar]) -> Verdict:
    """Return the verdict on an act whose entry is on a list that allows it."""
    entry = found.entry
    if _expired(entry, act.day):
        return _against(scene, act, "expired", {**numbers, "valid_to": shown(entry.valid_to)})
    lacking = tuple(name for name in scene.params.states if not _states(found, name))
    if lacking:
        return _against(scene, act, "bare", numbers)
    if scene.params.per is not None and entry.most_a_year is not None:
        before = [other.id for other in sorted(_same(scene, act, entry), key=_order) if _order(other) < _order(act)]
        counted: dict[str, Scalar] = {**numbers, "count": len(before) + 1, "most": entry.most_a_year}
        if len(before) + 1 > entry.most_a_year:
            return _against(scene, act, "too_often", counted, before)
    return scene.say("complied", act, numbers=numbers)


def _same(scene: Scene[ListedParams], act: Act, entry: ListItem) -> Iterable[Act]:
    """Yield the other acts of the year that are of the same entry, as far as they say it."""
    for other in scene.acts.values():
        if other.name == act.name and other.id != act.id and other.day.year == act.day.year:
            names = tuple(_names(_stated(scene.params, other, scene.world).values()))
            if any(find(name, (entry,)) for name in names) and scene.speaks_of(other)[0]:
                yield other


def _order(act: Act) -> tuple[Any, ...]:
    return act.time, act.id


def _against(
    scene: Scene[ListedParams],
    act: Act,
    words: str | None,
    numbers: Mapping[str, Scalar],
    acts: Iterable[str] = (),
) -> Verdict:
    outcome, tried = scene.weigh(act)
    words = words if outcome == "violated" else None
    return scene.say(outcome, act, words=words, numbers=numbers, exceptions=tried, acts=acts)


def _open(
    scene: Scene[ListedParams], act: Act, words: str | None, numbers: Mapping[str, Scalar], missing: tuple[str, ...]
) -> Verdict:
    """Return undetermined, or excused where an exception holds whatever the lists say."""
    outcome, tried = scene.weigh(act)
    if outcome == "excused":
        return scene.say(outcome, act, numbers=numbers, exceptions=tried)
    return scene.say("undetermined", act, words=words, numbers=numbers, missing=missing)


def _entry(found: _Found) -> dict[str, Scalar]:
    return {"entry": found.entry.name, "list": found.on.basis}


def _states(found: _Found, name: str) -> bool:
    return bool(found.on.published_url if name == "published_url" else getattr(found.entry, name))


def _expired(entry: ListItem, day: Any) -> bool:
    return entry.valid_to is not None and entry.valid_to < day


def _lists(kinds: Iterable[str], act: Act, world: World) -> _Lists:
    """Return the lists of the kinds that an act of this event is held against."""
    mine = [kind for kind in kinds if kind in LISTS[act.name]]
    found = {kind: world.list_for(kind, act.place, act.day) for kind in mine}
    return _Lists(
        tuple(one for one in found.values() if one is not None), tuple(kind for kind in mine if found[kind] is None)
    )


def _stated(params: ListedParams, act: Act, world: World) -> dict[str, Any]:
    """Return what the fields of the act say that name what it is about."""
    kind = type(act.event).model_fields
    return {name: read(name, act, world) for name in params.item if name.startswith("@") or name in kind}


def _names(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, tuple):
            yield from (str(one) for one in value)
        elif value is not None:
            yield str(value)


def find(item: str, items: Sequence[ListItem]) -> ListItem | None:
    """Return the entry that an item is the id or one of the names of, with or without 证明 at its end."""
    wanted = _bare(item)
    return next(
        (one for one in items if item == one.item or wanted in {_bare(name) for name in (one.name, *one.aliases)}), None
    )


def _bare(name: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", name)).removesuffix("证明")


def silencer(bound: Bound[ListedParams]) -> Silencer:
    """Return the quick way: no list is in force that could tell against the act."""
    params = bound.params

    def silent(act: Act, world: World, _recall: Recall) -> bool:
        return not any(_lists(kinds, act, world).found for kinds in (params.forbidden, params.allowed))

    return silent


def _words(params: ListedParams) -> Mapping[str, frozenset[str]]:
    of_entry = _NAMES | {"entry"}
    found = {"complied": _NAMES, "excused": _NAMES, "undetermined": frozenset[str]()}
    if params.forbidden:
        found["violated"] = of_entry
    if params.allowed:
        found["expired"] = of_entry | {"valid_to"}
    if params.unlisted != "complied":
        found["unlisted" if params.unlisted == "violated" else "not_listed"] = _NAMES
    if params.states:
        found["bare"] = of_entry
    if params.per:
        found["too_often"] = of_entry | {"count", "most"}
    return found


def _conditions(params: ListedParams) -> Mapping[str, tuple[Condition, ...]]:
    """Return the fields that name what an act is about, each for the events that have it; none may have none of them."""
    return {event: tuple(Condition(field=name, op="present") for name in _of(params, event)) for event in params.on}


def _of(params: ListedParams, event: str) -> tuple[str, ...]:
    fields = BY_NAME[event].model_fields
    mine = tuple(name for name in params.item if name.startswith("@") or name in fields)
    return mine or params.item


EVALUATOR = Evaluator(
    name="listed",
    params=ListedParams,
    on=frozenset(LISTS),
    scopes=act_scope,
    judge=judge,
    silencer=silencer,
    looks=lambda params: frozenset({"list", "unit", *([params.per] if params.per else [])}),
    moved_by=lambda _params, act, other: other.name == act.name and other.day.year == act.day.year,
    words=_words,
    conditions=_conditions,
    lists=lambda params: (*params.kept, *params.forbidden, *params.allowed),
)
