"""Hold an act's item against the list in force for its place and day (kind L)."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from contracts.certificates import CertificateDemanded
from contracts.reference import ListItem, ListKind
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene, act_scope

_NOT_WORD: Final = re.compile(r"[\W_]+")
_NAMES: Final = frozenset({"item", "list"})


class ListedParams(Params):
    """``[decide]`` of kind ``listed``."""

    forbidden: ListKind
    """An item on this list is a violation."""
    kept: ListKind
    """An item on this list is allowed, whatever else."""


def judge(scene: Scene[ListedParams]) -> Sequence[Verdict]:
    """Return the verdict on the anchor; open when no list is in force or the item is on neither."""
    act = scene.anchor
    speaks, missing = scene.speaks_of(act) if act else (False, ())
    if act is None or speaks is False:
        return ()
    return (_look_up(scene, act) if speaks else scene.say("undetermined", act, missing=missing),)


def _look_up(scene: Scene[ListedParams], act: Act) -> Verdict:
    item = act.read(CertificateDemanded).item
    kept = scene.world.list_for(scene.params.kept, act.place, act.day)
    forbidden = scene.world.list_for(scene.params.forbidden, act.place, act.day)
    numbers: dict[str, Scalar] = {"item": item, "list": forbidden.basis if forbidden else None}
    if kept is not None and find(item, kept.items):
        return scene.say("complied", act, numbers={**numbers, "list": kept.basis})
    if forbidden is None:
        return scene.say("undetermined", act, numbers=numbers, missing=(scene.params.forbidden,))
    entry = find(item, forbidden.items)
    if entry is None:
        return scene.say("undetermined", act, words="not_listed", numbers=numbers, missing=(scene.params.kept,))
    outcome, tried = scene.weigh(act)
    return scene.say(outcome, act, numbers={**numbers, "entry": entry.name}, exceptions=tried)


def find(item: str, items: Sequence[ListItem]) -> ListItem | None:
    """Return the entry that an item's name is one of the names of, with or without 证明 at its end."""
    wanted = _bare(item)
    return next((one for one in items if wanted in {_bare(name) for name in (one.name, *one.aliases)}), None)


def _bare(name: str) -> str:
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", name)).removesuffix("证明")


EVALUATOR = Evaluator(
    name="listed",
    params=ListedParams,
    on=frozenset({"cert.demanded"}),
    scopes=act_scope,
    judge=judge,
    looks=lambda _params: frozenset({"list", "unit"}),
    words=lambda _params: {
        "complied": _NAMES,
        "not_listed": _NAMES,
        "undetermined": frozenset(),
        "violated": _NAMES | {"entry"},
        "excused": _NAMES | {"entry"},
    },
)
