"""Compare a document's sketch with its parents' or with the issuer's own recent documents (kind T)."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from math import floor
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.documents import DocumentIssued
from contracts.text import containment
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.evaluators.linked import parents_of
from services.monitor.judging import Bound, Evaluator, Params, Recall, Scene, Silencer, act_scope
from services.monitor.relations import bucket, timed
from services.monitor.sketches import Sketches
from services.monitor.world import World

_EPSILON: Final = 1e-9
_NAMES: Final = frozenset({"share", "threshold", "other", "method"})


class Measure(BaseModel):
    """What the shares mean that one method of sketching gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    threshold: float = Field(gt=0, le=1)
    """Share of the document's shingles found in the other from which it counts as a copy."""
    open_from: float = Field(gt=0, le=1)
    """Share from which a sketch alone cannot tell a copy from own wording: a person has to compare the texts."""
    fewest_values: int = Field(ge=1)
    """A sketch with fewer values says nothing (a text of a few lines)."""

    @model_validator(mode="after")
    def _ordered(self) -> "Measure":
        if self.open_from > self.threshold:
            raise ValueError("open_from must not be above threshold")
        return self


class SimilarParams(Params):
    """``[decide]`` of kind ``similar``."""

    to: Literal["parent", "own"]
    """Compare with the documents it implements, or with the issuer's own of the window before it."""
    window_days: int = Field(ge=0)
    """How far back the issuer's own documents are compared; 0 for parents."""
    measures: tuple[Measure, ...] = Field(min_length=1)
    """One for each method of sketching that is known; sketches of two methods are never compared."""

    def measure(self, method: str) -> Measure | None:
        """Return what shares mean by a method; ``None``: nothing is known of it."""
        return next((one for one in self.measures if one.method == method), None)


def judge(scene: Scene[SimilarParams]) -> Sequence[Verdict]:
    """Return the verdict on the later document of a pair; none on a document without a basis where bases are compared."""
    act = scene.anchor
    speaks, missing = scene.speaks_of(act) if act else (False, ())
    if act is None or speaks is False:
        return ()
    event = act.read(DocumentIssued)
    if scene.params.to == "parent" and not event.implements:
        return ()
    if speaks is None or event.sketch is None:
        return (scene.say("undetermined", act, missing=missing or ("sketch",)),)
    measure = scene.params.measure(event.sketch.method)
    if measure is None:
        return (scene.say("undetermined", act, words="method", numbers={"method": event.sketch.method}),)
    if len(event.sketch.values) < measure.fewest_values:
        numbers: dict[str, Scalar] = {"threshold": _percent(measure.threshold), "fewest": measure.fewest_values}
        return (scene.say("complied", act, words="short", numbers=numbers),)
    return (_compare(scene, act, measure),)


def _compare(scene: Scene[SimilarParams], act: Act, measure: Measure) -> Verdict:
    """Return the verdict by the closest of the others; open when that is too near, or another cannot be compared."""
    by_parent = scene.params.to == "parent"
    others, absent = parents_of(scene.acts, act) if by_parent else (_own_before(scene, act), [])
    shares = [(share, other) for other in others if (share := _share(act, other)) is not None]
    share, closest = max(shares, key=lambda one: (one[0], one[1].id), default=(0.0, None))
    numbers: dict[str, Scalar] = {"share": _percent(share), "threshold": _percent(measure.threshold)}
    if closest is not None and share >= measure.open_from:
        other = closest.read(DocumentIssued)
        numbers |= {"other": other.doc_no or f"《{other.heading}》", "method": measure.method}
        outcome, tried = scene.weigh(act)
        if share < measure.threshold and outcome != "excused":
            return scene.say("undetermined", act, words="near", numbers=numbers, acts=(closest.id,))
        return scene.say(outcome, act, numbers=numbers, acts=(closest.id,), exceptions=tried)
    if absent or len(shares) < len(others):
        return scene.say("undetermined", act, missing=("上位文件.sketch" if by_parent else "sketch",))
    return scene.say("complied", act, numbers=numbers, acts=[closest.id] if closest else ())


def _own_before(scene: Scene[SimilarParams], act: Act) -> list[Act]:
    """Return the issuer's earlier documents inside the window that share an addressee, or name none."""
    event = act.read(DocumentIssued)
    first = event.dated - timedelta(days=scene.params.window_days)
    to = {one.unit for one in event.addressees}
    found = []
    for other in scene.acts.values():
        if other.name != "doc.issued" or other.id == act.id or other.unit != act.unit:
            continue
        theirs = other.read(DocumentIssued)
        before = first <= theirs.dated and (theirs.dated, other.time, other.id) < (event.dated, act.time, act.id)
        same = not to or not theirs.addressees or to & {one.unit for one in theirs.addressees}
        if before and same and theirs.sketch is not None:
            found.append(other)
    return found


def _share(act: Act, other: Act) -> float | None:
    mine, theirs = act.read(DocumentIssued).sketch, other.read(DocumentIssued).sketch
    if mine is None or theirs is None or mine.method != theirs.method:
        return None
    return containment(mine.values, theirs.values)


def kept_in(params: SimilarParams, event: str) -> tuple[str, ...]:
    """Return the buckets in which the issuer's own documents are compared; parents are found by what a document names."""
    return ("similar",) if params.to == "own" and event in params.on else ()


def recalls(params: SimilarParams, act: Act) -> Iterable[str]:
    """Return the buckets of the documents that this one may repeat, or that may repeat it."""
    return _buckets(act, -1, 0, 1) if params.to == "own" and act.name in params.on else ()


def _buckets(act: Act, *steps: int) -> tuple[str, ...]:
    found: dict[int, str] | None = act.memo.get("buckets")
    if found is None:
        here = bucket("similar", act.read(DocumentIssued).dated)
        found = act.memo["buckets"] = {step: timed("similar", act.unit, here + step) for step in (-1, 0, 1)}
    return tuple([found[step] for step in steps])


def silencer(bound: Bound[SimilarParams]) -> Silencer:
    """Return the quick way: nothing to compare with, or nothing close in the summaries."""
    params = bound.params

    def silent(act: Act, _world: World, recall: Recall) -> bool:
        event = act.read(DocumentIssued)
        measure = params.measure(event.sketch.method) if event.sketch else None
        if event.sketch is None or measure is None or len(event.sketch.values) < measure.fewest_values:
            return True
        if params.to == "parent":
            return not event.implements
        found = (recall(key) for key in _buckets(act, -1, 0))
        return not any(isinstance(one, Sketches) and one.hold_most_of(act) for one in found)

    return silent


def stirs(bound: Bound[SimilarParams], act: Act, recall: Recall) -> Iterable[str]:
    """Return the later documents most of which may be in this one."""
    if bound.params.to == "own" and act.name in bound.params.on:
        for key in _buckets(act, 0, 1):
            found = recall(key)
            if isinstance(found, Sketches):
                yield from found.mostly_in(act)


def weight(act: Act) -> int:
    """Return what a document's values take: some fifty bytes each, as two fifths of them are indexed."""
    sketch = act.read(DocumentIssued).sketch
    return 1 + (len(sketch.values) // 20 if sketch else 0)


def _percent(share: float) -> str:
    """Return a share in whole per cent, cut off: what is shown as the threshold has reached it."""
    return f"{floor(share * 100 + _EPSILON)}%"


EVALUATOR = Evaluator(
    name="similar",
    params=SimilarParams,
    on=frozenset({"doc.issued"}),
    scopes=act_scope,
    judge=judge,
    looks=lambda params: frozenset({"similar"} if params.to == "own" else {"no", "title", "act"}),
    silencer=silencer,
    summary=lambda bound: partial(Sketches, min(one.threshold for one in bound.params.measures)),
    weight=weight,
    kept_in=kept_in,
    recalls=recalls,
    stirs=stirs,
    words=lambda _params: {
        "violated": _NAMES,
        "excused": _NAMES,
        "complied": frozenset({"share", "threshold"}),
        "short": frozenset({"threshold", "fewest"}),
        "near": _NAMES,
        "method": frozenset({"method"}),
        "undetermined": frozenset(),
    },
    window=lambda params: ("similar", params.window_days) if params.to == "own" else None,
)
