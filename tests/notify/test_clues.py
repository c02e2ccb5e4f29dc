"""The life of a clue: from any history of steps, only what may follow follows."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.clues import ClueEscalated, ClueHandedOver, ClueReceived, ClueRefused
from kit.errors import Conflict, Forbidden, Rejected
from services.notify.domain.clues import (
    Clue,
    ClueEvent,
    check_handover,
    clue_id,
    escalate,
    evolve,
    receive,
    refuse,
)
from services.notify.handover import pseudonym
from tests.notify.samples import alert_id

NOW = datetime(2025, 3, 3, tzinfo=UTC)
DUE = date(2025, 3, 10)


def handed_over(due_on: date | None = DUE) -> ClueHandedOver:
    return ClueHandedOver(
        clue=clue_id(alert_id("a"), 1),
        alert_id=alert_id("a"),
        alert_revision=2,
        dossier_hash="0" * 64,
        rule="DOC-01",
        about="990101.office",
        place="990101",
        desk="county",
        handed_over_by="operator",
        due_on=due_on,
    )


def opened(due_on: date | None = DUE) -> Clue:
    return evolve(None, handed_over(due_on))


def test_a_clue_id_is_that_of_the_alert_and_the_handover() -> None:
    ids = {clue_id(alert_id(name), n) for name in "ab" for n in (1, 2)}
    assert len(ids) == 4
    assert clue_id(alert_id("a"), 1) == clue_id(alert_id("a"), 1)


def test_only_the_desk_signs() -> None:
    with pytest.raises(Forbidden):
        receive(opened(), desk="other", by="someone", at=NOW)
    assert receive(opened(), desk="county", by="someone", at=NOW).received_by == "someone"


def test_a_closed_clue_stays_closed() -> None:
    closed = evolve(opened(), refuse(opened(), desk="county", by="someone", at=NOW, reason="不属于本机构职责"))
    with pytest.raises(Conflict, match="已退回"):
        receive(closed, desk="county", by="someone", at=NOW)


@pytest.mark.parametrize(
    ("due_on", "today", "higher", "goes"),
    [
        (DUE, DUE, "city", False),
        (DUE, DUE + timedelta(days=1), "city", True),
        (DUE, DUE + timedelta(days=1), None, False),
        (None, date(2030, 1, 1), "city", False),
    ],
)
def test_a_clue_goes_to_the_desk_above_when_its_due_date_has_passed(
    due_on: date | None, today: date, higher: str | None, goes: bool
) -> None:
    event = escalate(opened(due_on), today=today, higher=higher)
    assert (event is not None) is goes
    if event is not None:
        assert (event.from_desk, event.to_desk, event.overdue_since) == ("county", "city", DUE + timedelta(days=1))
        after = evolve(opened(), event)
        assert after.desks == ("county", "city")
        assert escalate(after, today=today + timedelta(days=9), higher="province") is None
        assert receive(after, desk="city", by="someone", at=NOW).desk == "city"


@pytest.mark.parametrize(
    ("state", "revision", "retracted", "words"),
    [
        (None, 2, False, None),
        (None, 2, True, "已撤销"),
        ("open", 2, False, "正在等待签收"),
        ("open", 3, False, "正在等待签收"),
        ("received", 2, False, "没有变化"),
        ("received", 3, False, None),
        ("refused", 2, False, None),
        ("refused", 2, True, "已撤销"),
    ],
)
def test_an_alert_is_handed_over_once_at_a_time(
    state: str | None, revision: int, retracted: bool, words: str | None
) -> None:
    last = None
    if state is not None:
        last = Clue("c", alert_id("a"), 2, "county", DUE, state)  # type: ignore[arg-type]
    if words is None:
        check_handover(last, revision, retracted=retracted)
    else:
        with pytest.raises(Conflict, match=words):
            check_handover(last, revision, retracted=retracted)


@pytest.mark.parametrize(
    ("subject", "kept"), [("operator-7", True), ("operator@local", False), ("张 三", False), ("x" * 128, True)]
)
def test_a_pseudonym_is_a_key_and_unique(subject: str, kept: bool) -> None:
    name = pseudonym(subject)
    assert (name == subject) is kept
    assert ClueReceived(clue="a" * 26, desk="d", received_by=name, received_at=NOW).received_by == name
    assert kept or name != pseudonym(subject.replace("@", "_").replace(" ", "_"))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("receive", "refuse", "escalate")),
        st.sampled_from(("county", "city", "other")),
        st.integers(0, 20),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(STEPS, st.sampled_from((DUE, None)))
def test_any_sequence_of_steps_leaves_a_consistent_clue(steps: list[tuple[str, str, int]], due_on: date | None) -> None:
    """At most one closing and one escalation; closing by an entitled desk; the fold of the events is the state."""
    events: list[ClueEvent] = [handed_over(due_on)]
    clue = evolve(None, events[0])
    for step, desk, days in steps:
        before = clue
        event: ClueEvent | None = None
        try:
            if step == "receive":
                event = receive(clue, desk=desk, by="p", at=NOW)
            elif step == "refuse":
                event = refuse(clue, desk=desk, by="p", at=NOW, reason="理由")
            else:
                event = escalate(clue, today=DUE + timedelta(days=days - 5), higher="city")
        except Rejected:
            assert desk not in clue.desks or clue.state != "open"
        if event is not None:
            assert before.state == "open"
            clue = evolve(clue, event)
            events.append(event)
    folded: Clue | None = None
    for event in events:
        folded = evolve(folded, event)
    assert folded == clue
    assert clue.steps == len(events)
    kinds = [type(event) for event in events]
    assert kinds.count(ClueEscalated) <= 1
    closings = [event for event in events if isinstance(event, ClueReceived | ClueRefused)]
    assert len(closings) == (clue.state != "open")
    assert all(closing.desk in clue.desks for closing in closings)
    assert not closings or events[-1] is closings[0]
    assert due_on is not None or ClueEscalated not in kinds


@settings(deadline=None)
@given(st.lists(st.sampled_from(("handed", "received", "refused", "escalated")), min_size=1, max_size=6))
def test_events_that_cannot_follow_are_refused(names: list[str]) -> None:
    made: dict[str, ClueEvent] = {
        "handed": handed_over(),
        "received": receive(opened(), desk="county", by="p", at=NOW),
        "refused": refuse(opened(), desk="county", by="p", at=NOW, reason="理由"),
        "escalated": ClueEscalated(
            clue=opened().clue, from_desk="county", to_desk="city", overdue_since=DUE + timedelta(days=1)
        ),
    }
    clue: Clue | None = None
    for name in names:
        may = {
            "handed": clue is None,
            "received": clue is not None and clue.state == "open",
            "refused": clue is not None and clue.state == "open",
            "escalated": clue is not None and clue.state == "open" and clue.above is None,
        }[name]
        if may:
            clue = evolve(clue, made[name])
        else:
            with pytest.raises(ValueError, match="cannot follow"):
                evolve(clue, made[name])
