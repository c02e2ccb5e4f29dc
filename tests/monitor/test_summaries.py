"""What the monitor does not judge has nothing to tell: silencers and summaries against the long way, on random histories."""

from collections.abc import Iterable
from datetime import date, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalog import decode
from contracts.documents import DocumentIssued
from contracts.text import SKETCH_METHOD, containment
from contracts.workdays import builtin
from services.monitor.cases import facts_of
from services.monitor.conditions import every, holding
from services.monitor.domain import Act, Verdict, fold
from services.monitor.engine import EVERY, Index, judge
from services.monitor.evaluators.event import EventParams
from services.monitor.judging import ACT_SCOPE
from services.monitor.memory import Memories, kept
from services.monitor.relations import NEEDED, needs, offers
from services.monitor.sketches import Sketches
from services.monitor.state import Acts, size_of
from services.monitor.world import REFERENCE, UNJUDGED, World, build
from tests import factories as f
from tests.monitor.histories import history, whole_book

BOOK = whole_book()
HISTORIES = st.builds(history, st.integers(0, 10**6), st.integers(20, 60), dense=st.booleans())


def split(facts: Iterable[bytes]) -> tuple[list[Act], World]:
    acts = fold([decode(fact) for fact in facts])
    world = build((act for act in acts if isinstance(act.event, REFERENCE)), builtin())
    return [act for act in acts if not isinstance(act.event, UNJUDGED)], world


def remembered(acts: Iterable[Act], world: World) -> Memories:
    acts, memories = list(acts), Memories()
    for key in sorted({key for act in acts for key in kept(BOOK, act)}):
        memories.make(BOOK, key, (act for act in acts if key in kept(BOOK, act)), world)
    return memories


def tells(verdicts: Iterable[Verdict]) -> bool:
    """Return whether any raises an alert or waits for a day."""
    return any(one.severity is not None or one.recheck_on is not None for one in verdicts)


def asked(acts: Iterable[Act], world: World, *, silent: bool) -> list[tuple[str, str]]:
    """Return the (rule, act scope) pairs that the silencers let pass, or those that they keep back."""
    acts = list(acts)
    memories = remembered(acts, world)
    return [
        (one.rule, ACT_SCOPE + act.id)
        for act in acts
        for one in BOOK.speaking(act.place, act.name)
        if ACT_SCOPE + act.id in one.bound.evaluator.scopes(one.bound.params, act)
        and one.silent(act, world, memories.recall(one.rule)) is silent
    ]


@given(HISTORIES)
def test_an_act_that_is_not_judged_has_nothing_to_tell(facts: list[bytes]) -> None:
    acts, world = split(facts)
    index = Index(acts)
    for rule, scope in asked(acts, world, silent=True):
        assert not tells(judge(BOOK, rule, scope, index.scene(scope, EVERY | BOOK.looks(rule)), world)), (rule, scope)


@given(HISTORIES)
@settings(max_examples=10)
def test_the_index_of_signs_names_the_rules_of_which_a_sign_holds(facts: list[bytes]) -> None:
    acts, world = split(facts)
    for act in acts:
        asked_of = BOOK.asked(act.place, act.name)
        plainly = {
            one.rule
            for one in BOOK.speaking(act.place, act.name)
            if one.rule in asked_of.own
            and any(every(sign, act, world)[0] for sign in one.bound.evaluator.signs(one.bound.params))
        }
        assert {rule for rule, _ in asked_of.signs.of(act, world)} == plainly


def test_whoever_needs_an_act_is_asked_for() -> None:
    cases = [(rule, case) for rule in BOOK.rules.values() for case in rule.cases]
    acts = [act for rule, case in cases for act in fold(facts_of(rule, case))]
    offered = {key for act in acts for key in offers(act)}
    assert {key.partition("|")[0] for act in acts for key in needs(act) if key in offered} == NEEDED


def test_most_acts_are_not_judged_by_most_rules() -> None:
    acts, world = split(history(1, 300))
    assert len(asked(acts, world, silent=True)) > len(asked(acts, world, silent=False))


@given(HISTORIES, st.randoms(use_true_random=False))
def test_a_scope_whose_state_is_none_has_nothing_to_tell_however_its_acts_came(
    facts: list[bytes], order: Random
) -> None:
    acts, world = split(facts)
    order.shuffle(acts)
    half = len(acts) // 2
    memories = remembered(acts, world)
    memories.change(BOOK, acts[:half], [], world)
    order.shuffle(acts[:half])
    memories.change(BOOK, [], acts[:half], world)
    index = Index(acts)
    for rule, scope in {pair for act in acts for pair in BOOK.scopes(act)}:
        summary = memories.recall(rule)(scope)
        if summary is not None and summary.state(world) is None:
            assert not tells(judge(BOOK, rule, scope, index.scene(scope, EVERY | BOOK.looks(rule)), world)), (
                rule,
                scope,
            )


@given(HISTORIES)
def test_what_came_and_went_leaves_no_trace(facts: list[bytes]) -> None:
    acts, world = split(facts)
    memories, small = remembered(acts, world), acts[: len(acts) // 2]
    memories.change(BOOK, acts[len(small) :], [], world)
    again = remembered(small, world)
    for key in {key for act in small for key in kept(BOOK, act)}:
        for rule in BOOK.rules:
            one, other = memories.recall(rule)(key), again.recall(rule)(key)
            if other is not None and one is not None:
                assert (one.state(world) is None) == (other.state(world) is None), (rule, key)


def test_memories_are_bounded_and_the_oldest_go_first() -> None:
    acts, world = split(history(3, 400))
    memories = remembered(acts, world)
    keys = sorted({key for act in acts for key in kept(BOOK, act)})
    assert memories.absent(keys[:3]) == []
    memories.trim(most=300)
    gone = memories.absent(keys)
    assert gone
    assert not set(keys[:3]) & set(gone)


def test_acts_are_bounded_by_what_they_take_and_the_oldest_go_first() -> None:
    def document(name: str, values: int) -> Act:
        sketch = {"method": SKETCH_METHOD, "values": list(range(values))}
        return split([f.wire(f.issued(id=name, sketch=sketch))])[0][0]

    small, large, asked_for = document("small", 10), document("large", 4000), document("asked for", 10)
    acts = Acts()
    for act in (asked_for, small, large):
        acts.put(act)
    acts.put(large)  # again, and counted once
    assert acts.get(asked_for.id) is asked_for
    acts.trim(most=size_of(large) + size_of(asked_for))
    assert [acts.get(act.id) for act in (small, large, asked_for)] == [None, large, asked_for]
    acts.trim(most=size_of(large))
    assert acts.get(large.id) is None


@pytest.mark.parametrize(
    "act",
    [
        f.issued(addressees=[{"unit": f"u{n}"} for n in range(900)]),
        f.convened(required=[{"role": "主要负责同志"}] * 900),
    ],
)
def test_an_act_with_a_long_list_counts_for_more(act: f.Event) -> None:
    assert size_of(split([f.wire(act)])[0][0]) > 100


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=60)
def test_no_document_that_is_mostly_in_another_is_overlooked(threshold: float, seed: int) -> None:
    random = Random(seed)
    pool = [random.randrange(2**60) for _ in range(random.choice([8, 60]))]
    acts, world = split(f.wire(_document(random, pool, number)) for number in range(12))
    late = acts.pop()
    known = Sketches(threshold)
    for act in [*acts, late]:
        known.add(act, world)
    for act in acts[:3]:
        known.remove(act)
    others = acts[3:]
    assert known.hold_most_of(late) >= any(
        _share(late, other) >= threshold and _order(other) < _order(late) for other in others
    )
    found = set(known.mostly_in(late))
    assert found >= {other.id for other in others if _share(other, late) >= threshold and _order(other) > _order(late)}


def test_sketches_tell_near_from_far() -> None:
    """Being never too little is worth something only where it is seldom too much."""
    random = Random(5)
    pool = [random.randrange(2**60) for _ in range(20)]
    texts = [sorted({*pool, *(random.randrange(2**60) for _ in range(130))}) for _ in range(30)]
    acts, world = split(f.wire(_issued(number, values)) for number, values in enumerate([*texts, texts[4][5:]]))
    *others, copy = sorted(acts, key=_order)
    known = Sketches(0.8)
    for act in others[:-1]:
        known.add(act, world)
    assert known.hold_most_of(copy)
    assert not known.hold_most_of(others[-1])


def _document(random: Random, pool: list[int], number: int) -> f.Event:
    return _issued(number, sorted(set(random.sample(pool, random.randint(1, len(pool))))), day=random.randint(1, 28))


def _issued(number: int, values: list[int], *, day: int = 9) -> f.Event:
    sketch = {"method": SKETCH_METHOD, "values": values}
    moment = f"2025-03-{day:02}T09:{number:02}:00+08:00"
    return f.issued(id=f"d{number:02}", dated=f"2025-03-{day:02}", time=moment, sketch=sketch)


def _share(part: Act, whole: Act) -> float:
    mine, theirs = part.read(DocumentIssued).sketch, whole.read(DocumentIssued).sketch
    assert mine is not None
    assert theirs is not None
    return containment(mine.values, theirs.values) or 0.0


def _order(act: Act) -> tuple[date, datetime, str]:
    return act.read(DocumentIssued).dated, act.time, act.id


@given(HISTORIES)
def test_a_quick_test_holds_where_every_condition_does(facts: list[bytes]) -> None:
    acts, world = split(facts)
    for act in acts:
        for one in (one for one in BOOK.speaking(act.place, act.name) if act.name in one.bound.params.on):
            params = one.bound.params
            tests = params.tests if isinstance(params, EventParams) else ()
            groups = [params.when, *(test.fails for test in tests)]
            for conditions in groups:
                assert holding(conditions)(act, world) == (every(conditions, act, world)[0] is True)


@given(st.lists(st.integers(1, 9), max_size=30))
def test_a_series_knows_its_gaps_whatever_came_and_went(steps: list[int]) -> None:
    """Each step brings a number that is not there, or takes away one that is."""
    bound = BOOK.for_place("990101")["DOC-02"]
    assert bound.evaluator.summary is not None
    world, numbers = build((), builtin()), bound.evaluator.summary(bound)()
    standing: dict[int, Act] = {}
    for number in steps:
        if number in standing:
            numbers.remove(standing.pop(number))
        else:
            (standing[number],), _ = split([f.wire(f.issued(id=f"n{number}", doc_no=f"青政〔2025〕{number}号"))])
            numbers.add(standing[number], world)
        gaps = set(range(1, max(standing, default=0))) - standing.keys()
        assert (numbers.state(world) is not None) == bool(gaps)
