"""Judge a document by the upper document that it implements (kind X): the parent says one thing, the child does another."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.documents import Basis, DocumentIssued
from contracts.jurisdiction import is_within
from services.monitor.conditions import Condition, every
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.judging import Bound, Evaluator, Params, Scene, Silencer, act_scope
from services.monitor.relations import by_id, doc_no, doc_title, offers
from services.monitor.rulebook import Excuse

_UPPER: Final = "上位文件"
_NAMES: Final = frozenset({"child", "form"})


class LinkedParams(Params):
    """``[decide]`` of kind ``linked``."""

    fails: tuple[Condition, ...] = ()
    """What must hold of the child for it to be a violation; nothing: whatever implements such a parent."""
    parent: tuple[Condition, ...] = ()
    """What must hold of a parent for the child to be a violation; nothing: any parent."""
    excused_by: tuple[Excuse, ...] = ()
    """Exceptions that a parent grants: their conditions are put to the parents."""


def parents_of(scene_acts: Mapping[str, Act], child: Act) -> tuple[list[Act], list[str]]:
    """Return the loaded documents that a child implements, and the bases that are not in the log."""
    documents = [act for act in scene_acts.values() if act.name == "doc.issued" and act.id != child.id]
    found: dict[str, Act] = {}
    absent: list[str] = []
    for basis in child.read(DocumentIssued).implements:
        keys = _keys_of(basis, child)
        hits = [act for act in documents if _is_basis(keys, act, child)]
        found.update({act.id: act for act in hits})
        if not hits:
            absent.append(basis.doc_no or basis.title or "implements")
    return sorted(found.values(), key=lambda act: (act.time, act.id)), absent


def _keys_of(basis: Basis, child: Act) -> tuple[str | None, str | None]:
    """Return the keys of the document that a basis names: by fact, and by number or title."""
    fact = by_id(basis.act.fact(child.source)) if basis.act else None
    return fact, doc_no(basis.doc_no) if basis.doc_no else doc_title(basis.title) if basis.title else None


def _is_basis(keys: tuple[str | None, str | None], act: Act, child: Act) -> bool:
    """Tell whether a document offers one of the keys of a basis.

    A number or a title counts only from a place above the child's: another province may use the same 代字 or the same words.
    """
    fact, named = keys
    return fact in offers(act) or (named in offers(act) and is_within(child.place, act.place))


def judge(scene: Scene[LinkedParams]) -> Sequence[Verdict]:
    """Return the verdict on a child: none without a basis, open while a parent that would decide is not in the log."""
    child = scene.anchor
    if child is None or not child.read(DocumentIssued).implements:
        return ()
    speaks, missing = scene.speaks_of(child)
    if speaks is False:
        return ()
    numbers: dict[str, Scalar] = {"child": _label(child), "form": child.read(DocumentIssued).form or "配套文件"}
    fails, unclear = every(scene.params.fails, child, scene.world)
    if fails is False:
        return (scene.say("complied", child, numbers=numbers),)
    parents, absent = parents_of(scene.acts, child)
    forbidding = []
    open_fields = [*missing, *unclear]
    for parent in parents:
        holds, unknown = every(scene.params.parent, parent, scene.world)
        if holds:
            forbidding.append(parent)
        open_fields.extend(f"{_UPPER}.{field}" for field in unknown)
    if forbidding and speaks and fails:
        outcome, tried = scene.weigh(child, _excused_by(scene, parents, absent))
        numbers["parent"] = _label(forbidding[0])
        return (scene.say(outcome, child, numbers=numbers, acts=[one.id for one in forbidding], exceptions=tried),)
    if absent:
        open_fields.append(_UPPER)
    names = [one.id for one in parents]
    if open_fields:
        return (scene.say("undetermined", child, missing=tuple(open_fields), acts=names),)
    return (scene.say("complied", child, numbers=numbers, acts=names),)


def silencer(_bound: Bound[LinkedParams]) -> Silencer:
    """Return the quick way: a document that implements nothing has no parent to be judged by."""
    return lambda act, _world, _recall: not act.read(DocumentIssued).implements


def _excused_by(scene: Scene[LinkedParams], parents: Sequence[Act], absent: Sequence[str]) -> tuple[Tried, ...]:
    """Try the exceptions that a parent may grant: one parent that grants it is enough, one that is not known keeps it open."""
    tried = []
    for excuse in scene.params.excused_by:
        answers = [scene.attempt(excuse, parent) for parent in parents]
        granted = any(one.met for one in answers)
        unknown = [one.evidence for one in answers if one.met is None]
        met = True if granted else None if unknown or absent else False
        evidence = unknown[0] if unknown and not granted else answers[0].evidence
        tried.append(
            Tried(excuse.name, met, _UPPER if absent and not (granted or unknown) else f"{_UPPER}的{evidence}")
        )
    return tuple(tried)


def _label(act: Act) -> str:
    event = act.read(DocumentIssued)
    return event.doc_no or f"《{event.heading}》"


EVALUATOR = Evaluator(
    name="linked",
    params=LinkedParams,
    on=frozenset({"doc.issued"}),
    scopes=act_scope,
    judge=judge,
    signs=lambda params: ((*params.when, *params.fails),),
    silencer=silencer,
    looks=lambda _params: frozenset({"no", "title", "act", "unit"}),
    words=lambda _params: {
        "violated": _NAMES | {"parent"},
        "excused": _NAMES | {"parent"},
        "complied": _NAMES,
        "undetermined": frozenset(),
    },
    excuses=lambda params: tuple(one.name for one in params.excused_by),
    conditions=lambda params: {
        "doc.issued": (*params.fails, *params.parent, *(one for excuse in params.excused_by for one in excuse.when))
    },
)
