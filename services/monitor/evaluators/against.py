"""Hold an act against the superior's act that it carries out, field by field (kind X): a higher rank, more, sooner, or beside it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from pydantic import Field

from contracts.documents import DocumentIssued
from contracts.parts import Metric
from contracts.tasks import TaskAssigned
from services.monitor.conditions import Condition, shown
from services.monitor.derived import DERIVED
from services.monitor.domain import CHINA, Act, Scalar, Verdict
from services.monitor.evaluators.linked import parents_of
from services.monitor.judging import Bound, Evaluator, Params, Recall, Scene, Silencer, act_scope
from services.monitor.relations import plain
from services.monitor.rulebook import _Strict
from services.monitor.world import World

_UPPER: Final = "上位文件"
_TASK: Final = "上级任务"
_NAMES: Final = frozenset({"child", "parent", "own", "theirs"})


class Scale(_Strict):
    """The act must not stand higher on a scale than every superior's act; what is not on the scale is not compared."""

    kind: Literal["scale"]
    field: str
    steps: tuple[tuple[str, ...], ...] = Field(min_length=2)
    """Values of one height together, the lowest first."""
    words: str = "violated"


class Stricter(_Strict):
    """A target value must not be stricter in its direction than that of every superior's act which sets the same."""

    kind: Literal["metrics"]
    words: str = "violated"


class Sooner(_Strict):
    """A deadline must not be sooner than the superior's by more than an allowance, nor a long task become a sprint."""

    kind: Literal["due"]
    allowance_days: int = Field(ge=0)
    sprint_days: int = Field(ge=0)
    """A task due within so many days is a sprint where the superior's is a long one without a deadline."""
    words: str = "violated"


class Added(_Strict):
    """The items must all be in a superior's act: by the same words, or one's words within the other's."""

    kind: Literal["items"]
    words: str = "violated"


class AgainstParams(Params):
    """``[decide]`` of kind ``against``."""

    compares: tuple[Scale | Stricter | Sooner | Added, ...] = Field(min_length=1)
    above: bool = False
    """Only acts of a higher level count as the superior's."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a comparison found: beyond the superiors, not, or open for want of fields."""

    beyond: bool | None
    own: Scalar = None
    theirs: Scalar = None
    missing: tuple[str, ...] = ()


_WITHIN: Final = _Found(beyond=False)


def judge(scene: Scene[AgainstParams]) -> Sequence[Verdict]:
    """Return the verdict on an act that names what it carries out: none without such, or where it states nothing to compare."""
    child = scene.anchor
    if child is None or not _names(child):
        return ()
    speaks, missing = scene.speaks_of(child)
    parents, absent = _parents(scene, child)
    if speaks is False or not (parents or absent):
        return ()
    found = [(one, _COMPARE[one.kind](one, child, parents)) for one in scene.params.compares]
    stated = [(one, result) for one, result in found if result is not None]
    if not stated:
        return ()
    names = [parent.id for parent in parents]
    numbers: dict[str, Scalar] = {
        "child": _label(child),
        "parent": _label(parents[0]) if parents else None,
        "own": None,
        "theirs": None,
    }
    for one, result in stated:
        if result.beyond and speaks and not absent:
            outcome, tried = scene.weigh(child)
            words = one.words if outcome == "violated" else None
            said = {**numbers, "own": result.own, "theirs": result.theirs}
            return (scene.say(outcome, child, words=words, numbers=said, acts=names, exceptions=tried),)
    upper = _UPPER if isinstance(child.event, DocumentIssued) else _TASK
    open_fields = [*missing, *(name for _, result in stated if result.beyond is None for name in result.missing)]
    if absent and any(result.beyond is not False for _, result in stated):
        # a superior's act that is not known may ask for as much
        open_fields.append(upper)
    if open_fields:
        return (scene.say("undetermined", child, numbers=numbers, missing=tuple(open_fields), acts=names),)
    return (scene.say("complied", child, numbers=numbers, acts=names),)


def _names(act: Act) -> bool:
    """Tell whether an act names any superior's act."""
    event = act.event
    if isinstance(event, TaskAssigned):
        return bool(event.parent_task or event.parent_document)
    return isinstance(event, DocumentIssued) and bool(event.implements)


def _parents(scene: Scene[AgainstParams], child: Act) -> tuple[list[Act], bool]:
    """Return the superiors' acts that are loaded, and whether one that is named is not."""
    if isinstance(child.event, TaskAssigned):
        refs = {ref.fact(child.source) for ref in (child.event.parent_task, child.event.parent_document) if ref}
        found = [scene.acts[ref] for ref in sorted(refs) if ref in scene.acts]
        absent = len(found) < len(refs)
    else:
        found, bases = parents_of(scene.acts, child)
        absent = bool(bases)
    level = DERIVED["@acting_level"]
    own = level(child, scene.world)
    return [one for one in found if not scene.params.above or level(one, scene.world) < own], absent


def _scale(one: Scale, child: Act, parents: Sequence[Act]) -> _Found | None:
    """Compare heights: beyond when the act stands higher than each of the superiors' acts."""
    step = {value: number for number, values in enumerate(one.steps) for value in values}
    own = getattr(child.event, one.field)
    if own is None:
        return _Found(None, missing=(one.field,))
    if own not in step:
        return _WITHIN
    theirs = [getattr(parent.event, one.field) for parent in parents]
    known = [value for value in theirs if value is not None]
    if any(value not in step or step[value] >= step[own] for value in known):
        return _WITHIN
    if len(known) < len(theirs):
        return _Found(None, missing=(f"{_UPPER}.{one.field}",))
    highest = max(known, key=lambda value: step[value], default=None)
    return _Found(bool(parents) or None, own, highest)


def _metrics(_one: Stricter, child: Act, parents: Sequence[Act]) -> _Found | None:
    """Compare target values: beyond when one is stricter than what each superior's act that sets it asks for."""
    metrics = _targets(child)
    if not metrics:
        return None
    best = _WITHIN if parents else _Found(None)
    for metric in metrics:
        told = [_stricter(metric, other) for other in _same(metric, parents)]
        if told and all(told):
            theirs = _strictest(metric, parents)
            return _Found(beyond=True, own=_value(metric), theirs=_value(theirs))
        if told and all(one is not False for one in told):
            best = _Found(None, missing=("metrics",))
    if best.beyond is False and any(getattr(parent.event, "metrics", None) is None for parent in parents):
        return _Found(None, missing=(f"{_upper(child)}.metrics",))
    return best


def _targets(act: Act) -> tuple[Metric, ...]:
    found: tuple[Metric, ...] | None = getattr(act.event, "metrics", None)
    return found or ()


def _same(metric: Metric, parents: Iterable[Act]) -> list[Metric]:
    """Return what the superiors' acts set for the same thing in the same measure."""
    name = plain(metric.metric)
    return [
        other
        for parent in parents
        for other in _targets(parent)
        if plain(other.metric) == name and (not metric.measure or not other.measure or metric.measure == other.measure)
    ]


def _stricter(metric: Metric, other: Metric) -> bool | None:
    """Tell whether a target is stricter than another; ``None`` when nothing says whether more or less is."""
    if metric.value == other.value:
        return False
    direction = other.direction if other.direction in ("不低于", "不高于") else metric.direction
    if direction == "不低于":
        return metric.value > other.value
    return metric.value < other.value if direction == "不高于" else None


def _strictest(metric: Metric, parents: Sequence[Act]) -> Metric:
    return min(_same(metric, parents), key=lambda other: (abs(metric.value - other.value), other.value))


def _value(metric: Metric) -> str:
    return f"{metric.metric}{metric.direction or '定为'} {shown(metric.value)}{metric.measure or ''}"


def _due(one: Sooner, child: Act, parents: Sequence[Act]) -> _Found | None:
    """Compare deadlines: beyond when one is sooner than each superior's by more than the allowance."""
    mine = _deadlines(child)
    if not mine:
        return None
    best = _WITHIN if parents else _Found(None)
    for name, own in mine.items():
        theirs = [_deadlines(parent).get(name) for parent in parents]
        known = [day for day in theirs if day is not None]
        if known and own + timedelta(days=one.allowance_days) < min(known):
            if len(known) == len(theirs):
                return _Found(beyond=True, own=own.isoformat(), theirs=min(known).isoformat())
            best = _Found(None, missing=(f"{_upper(child)}.due_at",))
        elif not known and all(_is_long(parent) for parent in parents):
            if parents and (own - child.day).days <= one.sprint_days:
                return _Found(beyond=True, own=own.isoformat(), theirs="长期")
        elif not known and parents:
            best = _Found(None, missing=(f"{_upper(child)}.due_at",))
    return best


def _is_long(act: Act) -> bool:
    return isinstance(act.event, TaskAssigned) and act.event.long_term is True


def _deadlines(act: Act) -> dict[str, date]:
    """Return what is due -> when: the whole task under no name, and each target that has a day of its own."""
    found = {plain(metric.metric): metric.due for metric in _targets(act) if metric.due}
    if isinstance(act.event, TaskAssigned) and act.event.due_at:
        found[""] = act.event.due_at.astimezone(CHINA).date()
    return found


def _items(_one: Added, child: Act, parents: Sequence[Act]) -> _Found | None:
    """Compare items: beyond when one is in none of the superiors' acts."""
    mine: tuple[str, ...] | None = getattr(child.event, "items", None)
    if not mine:
        return None
    stated = [items for parent in parents if (items := getattr(parent.event, "items", None)) is not None]
    theirs = [plain(item) for items in stated for item in items]
    added = [item for item in mine if not any(_within(plain(item), other) for other in theirs)]
    if not added and parents:
        return _WITHIN
    if len(stated) < len(parents):
        return _Found(None, missing=(f"{_upper(child)}.items",))
    return _Found(bool(stated) or None, "、".join(added), len(theirs))


def _within(item: str, other: str) -> bool:
    return item in other or other in item


def _upper(child: Act) -> str:
    return _UPPER if isinstance(child.event, DocumentIssued) else _TASK


def _label(act: Act) -> str:
    if isinstance(act.event, DocumentIssued):
        return act.event.doc_no or f"《{act.event.heading}》"
    return f"“{act.event.subject_matter}”" if isinstance(act.event, TaskAssigned) else act.id


def silencer(bound: Bound[AgainstParams]) -> Silencer:
    """Return the quick way: the act names no superior's act, or states nothing to compare."""
    kinds = {one.kind for one in bound.params.compares}
    fields = () if "scale" in kinds else tuple({name for kind in kinds for name in _FIELDS[kind]})

    def silent(act: Act, _world: World, _recall: Recall) -> bool:
        return not _names(act) or bool(fields and not any(getattr(act.event, name, None) for name in fields))

    return silent


_COMPARE: Final[Mapping[str, Callable[..., _Found | None]]] = {
    "scale": _scale,
    "metrics": _metrics,
    "due": _due,
    "items": _items,
}
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "metrics": ("metrics",),
    "due": ("metrics", "due_at"),
    "items": ("items",),
}
"""What an act must state for a comparison to say anything; a scale says what is missing."""


def _words(params: AgainstParams) -> Mapping[str, frozenset[str]]:
    return dict.fromkeys(
        (*sorted({one.words for one in params.compares}), "excused", "complied", "undetermined"), _NAMES
    )


EVALUATOR = Evaluator(
    name="against",
    params=AgainstParams,
    on=frozenset({"doc.issued", "task.assigned"}),
    scopes=act_scope,
    judge=judge,
    silencer=silencer,
    looks=lambda _params: frozenset({"no", "title", "act", "unit"}),
    words=_words,
    conditions=lambda params: {
        event: tuple(Condition(field=one.field, op="present") for one in params.compares if isinstance(one, Scale))
        for event in params.on
    },
)
