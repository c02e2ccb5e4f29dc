"""Judge a document by the upper document that it implements (kind X): the parent says one thing, the child does another."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from contracts.documents import DocumentIssued
from services.monitor.conditions import Condition, every
from services.monitor.domain import Act, Verdict
from services.monitor.judging import Evaluator, Params, Scene, act_scope
from services.monitor.relations import by_id, doc_no, doc_title, offers


class LinkedParams(Params):
    """``[decide]`` of kind ``linked``."""

    parent: tuple[Condition, ...] = Field(min_length=1)
    """What must hold of the parent for the child to be a violation."""


def parents_of(scene_acts: Mapping[str, Act], child: Act) -> tuple[list[Act], list[str]]:
    """Return the loaded documents that a child implements, and the bases that are not in the log."""
    found: dict[str, Act] = {}
    absent: list[str] = []
    for basis in child.read(DocumentIssued).implements:
        keys = [by_id(basis.act.fact(child.source))] if basis.act else []
        if basis.doc_no:
            keys.append(doc_no(basis.doc_no))
        elif basis.title:
            keys.append(doc_title(basis.title))
        hits = [
            act
            for act in scene_acts.values()
            if act.name == "doc.issued" and act.id != child.id and not offers(act).isdisjoint(keys)
        ]
        found.update({act.id: act for act in hits})
        if not hits:
            absent.append(basis.doc_no or basis.title or "implements")
    return sorted(found.values(), key=lambda act: (act.time, act.id)), absent


def judge(scene: Scene[LinkedParams]) -> Sequence[Verdict]:
    """Return the verdict on a child: none without a basis, open while its parent is not in the log."""
    child = scene.anchor
    if child is None or not child.read(DocumentIssued).implements:
        return ()
    speaks, missing = scene.speaks_of(child)
    if speaks is False:
        return ()
    parents, absent = parents_of(scene.acts, child)
    open_fields = list(missing)
    for parent in parents:
        holds, unknown = every(scene.params.parent, parent, scene.world)
        numbers = {
            "parent": _label(parent),
            "child": _label(child),
            "form": child.read(DocumentIssued).form or "配套文件",
        }
        if holds and speaks:
            outcome, tried = scene.weigh(child)
            lacking = tuple(one.evidence for one in tried if one.met is None) if outcome == "undetermined" else ()
            return (scene.say(outcome, child, numbers=numbers, acts=(parent.id,), exceptions=tried, missing=lacking),)
        open_fields.extend(f"上位文件.{field}" for field in unknown)
    if absent:
        open_fields.append("上位文件")
    if open_fields:
        return (
            scene.say(
                "undetermined", child, missing=tuple(dict.fromkeys(open_fields)), acts=[one.id for one in parents]
            ),
        )
    return (scene.say("complied", child, acts=[one.id for one in parents]),)


def _label(act: Act) -> str:
    event = act.read(DocumentIssued)
    return event.doc_no or f"《{event.heading}》"


EVALUATOR = Evaluator(
    name="linked",
    params=LinkedParams,
    on=frozenset({"doc.issued"}),
    scopes=act_scope,
    judge=judge,
    conditions=lambda params: {"doc.issued": params.parent},
)
