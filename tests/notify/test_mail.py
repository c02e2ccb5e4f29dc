"""Who is told of an alert, in which message and when, or why not: decisions as timetables, and that nothing is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.mail import (
    BEIJING,
    DIGEST_LIMIT,
    GROUP_LIMIT,
    Letter,
    Mailroom,
    Notice,
    Routing,
    Told,
    next_at,
)
from services.notify.domain.routes import Match, Receiver, Route
from services.notify.wire import notice_of
from tests.notify.samples import START, alert, change

WINDOW = timedelta(minutes=10)


def routing(*routes: Route, budget: int | None = None, names: Sequence[str] = ("office",)) -> Routing:
    receivers = {name: Receiver(name, "smtp", "00", budget) for name in names}
    return Routing(routes or (Route("all", Match(), tuple(names), window=WINDOW),), receivers, time(17))


def notice(seq: int, verb: str, name: str = "a", minutes: float = 0, **fields: Any) -> Notice:
    at = START + timedelta(minutes=minutes)
    return notice_of(change(seq, alert(verb, name, id_=str(seq), **fields), at))


class Post:
    """A mailroom with its past and its letters' leaving: each ``take`` is a fold of its own, as in the service."""

    def __init__(self, given: Routing) -> None:
        self.routing = given
        self.told: dict[str, dict[str, list[Told]]] = {}
        self.letters: dict[str, Letter] = {}
        self.gone: set[str] = set()
        self.items: dict[str, list[tuple[str, Notice]]] = {}

    def take(self, *notices: Notice) -> Mailroom:
        room = Mailroom(self.routing)
        room.put(replace(one) for one in self.letters.values() if one.id not in self.gone and one.size)
        for alert_id, by in self.told.items():
            room.told[alert_id] = {
                name: [replace(t, left=t.letter in self.gone) for t in told] for name, told in by.items()
            }
        for one in notices:
            room.take(one)
        self.told = room.told
        self.letters |= room.letters
        for key in room.dropped:
            self._drop(*key)
        for decision in room.decisions.values():
            if decision.letter and not decision.dropped:
                self.items.setdefault(decision.letter, []).append((decision.receiver, decision.notice))
        return room

    def leave(self, minutes: float | None = None) -> list[list[str]]:
        """Let what is due by ``minutes`` after the start leave (None: all); return what each letter says."""
        said = []
        for letter in self.letters.values():
            due = minutes is None or letter.due_at <= START + timedelta(minutes=minutes)
            if letter.id not in self.gone and letter.size and due:
                self.gone.add(letter.id)
                said.append([f"{n.alert_id}:{n.traits.change}:{n.gist}" for _, n in self.items.get(letter.id, [])])
        return said

    def _drop(self, receiver: str, fact: str) -> None:
        for letter, items in self.items.items():
            self.items[letter] = [one for one in items if (one[0], one[1].fact_id) != (receiver, fact)]


def reasons(room: Mailroom) -> list[str]:
    return [decision.reason for decision in room.decisions.values()]


def test_alerts_of_one_rule_and_unit_within_the_window_are_one_message() -> None:
    post = Post(routing())
    post.take(notice(1, "raised", "a", 0))
    room = post.take(notice(2, "raised", "b", 9), notice(3, "raised", "c", 10), notice(4, "raised", "d", 11))
    assert [decision.timing for decision in room.decisions.values()] == ["grouped", "grouped", "grouped"]
    assert sorted(letter.size for letter in post.letters.values()) == [1, 3]


def test_other_rules_and_units_have_messages_of_their_own() -> None:
    post = Post(routing())
    post.take(notice(1, "raised"), notice(2, "raised", "b", rule="DOC-02"), notice(3, "raised", "c", about="x.office"))
    assert [letter.size for letter in post.letters.values()] == [1, 1, 1]


def test_without_a_window_each_alert_leaves_at_once() -> None:
    post = Post(routing(Route("all", Match(), ("office",))))
    room = post.take(notice(1, "raised"), notice(2, "raised", "b"))
    assert {decision.timing for decision in room.decisions.values()} == {"immediately"}
    assert [(letter.size, letter.due_at) for letter in post.letters.values()] == [(1, START), (1, START)]


def test_a_full_message_is_followed_by_another() -> None:
    post = Post(routing())
    post.take(*(notice(n, "raised", str(n)) for n in range(1, GROUP_LIMIT + 3)))
    assert [letter.size for letter in post.letters.values()] == [GROUP_LIMIT, 2]


def test_a_retraction_takes_an_alert_out_of_a_message_that_has_not_left() -> None:
    post = Post(routing())
    post.take(notice(1, "raised", "a"), notice(2, "raised", "b"))
    assert reasons(post.take(notice(3, "retracted", "a", 5))) == ["withdrawn_in_time"]
    assert [[line.split(":")[1] for line in letter] for letter in post.leave()] == [["raised"]]


def test_a_message_that_lost_all_its_alerts_is_cancelled() -> None:
    post = Post(routing())
    post.take(notice(1, "raised"))
    room = post.take(notice(2, "retracted", minutes=5))
    assert [letter.size for letter in room.letters.values()] == [0]
    assert room.dropped == {("office", notice(1, "raised").fact_id): "withdrawn"}
    assert post.leave() == []


def test_what_was_raised_and_retracted_in_one_batch_is_recorded_and_not_sent() -> None:
    post = Post(routing())
    room = post.take(notice(1, "raised"), notice(2, "retracted"))
    assert [(d.reason, d.dropped) for d in room.decisions.values()] == [
        ("first", "withdrawn"),
        ("withdrawn_in_time", None),
    ]
    assert post.leave() == []


def test_a_retraction_of_what_has_left_is_told() -> None:
    post = Post(routing())
    post.take(notice(1, "raised"))
    post.leave()
    assert reasons(post.take(notice(2, "retracted", minutes=30))) == ["retracted"]
    assert len(post.leave()) == 1


def test_an_amendment_replaces_the_words_of_a_message_that_waits() -> None:
    post = Post(routing())
    post.take(notice(1, "raised", summary="6200 字"))
    assert reasons(post.take(notice(2, "amended", minutes=5, revision=2, summary="6300 字"))) == ["first"]
    assert [[line.split(":")[1] for line in letter] for letter in post.leave()] == [["amended"]]


def test_an_amendment_that_reads_the_same_is_not_told() -> None:
    post = Post(routing())
    post.take(notice(1, "raised"))
    post.leave()
    assert reasons(post.take(notice(2, "amended", revision=2, acts=["a" * 26, "b" * 26]))) == ["unchanged"]
    assert reasons(post.take(notice(3, "amended", revision=3, severity="serious"))) == ["revised"]


def test_an_alert_that_comes_back_is_told_again() -> None:
    post = Post(routing())
    for seq, verb in enumerate(("raised", "retracted"), 1):
        post.take(notice(seq, verb))
        post.leave()
    assert reasons(post.take(notice(3, "raised", revision=3))) == ["raised_again"]


def test_a_flap_within_the_window_is_not_told() -> None:
    post = Post(routing())
    post.take(notice(1, "raised"))
    post.leave()
    post.take(notice(2, "retracted", minutes=20))
    assert reasons(post.take(notice(3, "raised", revision=3, minutes=25))) == ["unchanged"]
    assert post.leave() == []


def test_a_retraction_of_what_nobody_heard_is_not_told() -> None:
    only_serious = Route("serious", Match(severity=("serious",)), ("office",))
    post = Post(routing(only_serious))
    assert reasons(post.take(notice(1, "raised"), notice(2, "retracted"))) == ["no_route", "no_route"]
    assert reasons(Post(routing()).take(notice(1, "retracted"))) == ["never_told"]


def test_who_was_told_hears_how_it_went_on_although_no_route_matches_any_more() -> None:
    only_serious = Route("serious", Match(severity=("serious",)), ("office",))
    post = Post(routing(only_serious))
    post.take(notice(1, "raised", severity="serious"))
    post.leave()
    assert reasons(post.take(notice(2, "amended", revision=2, severity="info"))) == ["revised"]


def test_a_route_that_speaks_of_raised_alerts_only_does_not_tell_of_retractions() -> None:
    post = Post(routing(Route("raised", Match(change=("raised",)), ("office",))))
    post.take(notice(1, "raised"))
    post.leave()
    assert reasons(post.take(notice(2, "retracted"))) == ["no_route"]


def test_beyond_the_daily_budget_alerts_go_into_the_digest_and_none_is_lost() -> None:
    post = Post(routing(Route("all", Match(), ("office",)), budget=2))
    room = Mailroom(post.routing)
    for n in range(5):
        room.take(notice(n, "raised", str(n)))
    assert [decision.timing for decision in room.decisions.values()] == ["immediately"] * 2 + ["over_budget"] * 3
    digest = next(letter for letter in room.letters.values() if letter.kind == "digest")
    assert digest.size == 3
    assert digest.due_at == datetime(2025, 3, 3, 9, tzinfo=UTC)


def test_the_budget_is_of_a_chinese_day() -> None:
    room = Mailroom(routing(Route("all", Match(), ("office",)), budget=1))
    late = (datetime(2025, 3, 3, 15, 59, tzinfo=UTC) - START) / timedelta(minutes=1)
    for seq, minutes in enumerate((late, late + 0.5, late + 2)):
        room.take(notice(seq, "raised", str(seq), minutes))
    assert [decision.timing for decision in room.decisions.values()] == ["immediately", "over_budget", "immediately"]


def test_joining_a_message_costs_no_budget() -> None:
    room = Mailroom(routing(budget=1))
    for n in range(3):
        room.take(notice(n, "raised", str(n)))
    assert {decision.timing for decision in room.decisions.values()} == {"grouped"}


def test_a_daily_route_waits_for_the_hour_and_a_long_digest_is_split() -> None:
    post = Post(routing(Route("daily", Match(), ("office",), send="daily")))
    post.take(*(notice(n, "raised", str(n)) for n in range(DIGEST_LIMIT + 1)))
    assert [letter.size for letter in post.letters.values()] == [DIGEST_LIMIT, 1]
    assert post.leave(minutes=60) == []
    assert len(post.leave(minutes=8 * 60)) == 2


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)), st.times())
def test_a_digest_leaves_within_a_day_at_its_hour(after: datetime, at: time) -> None:
    after = min(after, datetime(9999, 12, 29, tzinfo=UTC))
    due = next_at(after, at)
    assert after < due <= after + timedelta(days=1)
    assert due.astimezone(BEIJING).time() == at


CHANGES = st.tuples(
    st.sampled_from(("raised", "amended", "retracted")),
    st.sampled_from("abc"),
    st.sampled_from(("info", "serious")),
    st.sampled_from(("one", "two")),
    st.booleans(),  # whether letters leave before it
    st.floats(0, 30),
)
ROUTES = (
    Route("serious", Match(severity=("serious",)), ("office", "chief"), go_on=True),
    Route("digest", Match(severity=("info",)), ("chief",), send="daily", go_on=True),
    Route("all", Match(), ("office",), window=WINDOW),
)


@settings(deadline=None)
@given(st.lists(CHANGES, max_size=25), st.integers(1, 3))
def test_in_the_end_each_receiver_knows_how_the_alerts_stand(
    changes: list[tuple[str, str, str, str, bool, float]], budget: int
) -> None:
    """Whatever leaves when: who was told of an alert has heard its last state, and who must be told was."""
    post = Post(routing(*ROUTES, budget=budget, names=("office", "chief")))
    standing: dict[str, Notice] = {}
    minutes = 0.0
    for seq, (verb, name, severity, summary, leaves, pause) in enumerate(changes):
        minutes += pause
        if leaves:
            post.leave(minutes)
        last = standing.get(name)
        stands = last is not None and last.traits.change != "retracted"
        said = "raised" if not stands else "amended" if verb == "raised" else verb
        one = notice(seq, said, name, minutes, revision=seq + 1, severity=severity, summary=summary)
        standing[name] = one
        room = post.take(one)
        assert all(letter.size >= 0 for letter in room.letters.values())
    post.leave()
    for one in standing.values():
        for receiver in ("office", "chief"):
            heard = post.told.get(one.alert_id, {}).get(receiver, [])
            if one.traits.change == "retracted":
                assert not heard or heard[-1].change == "retracted"
            elif heard:
                assert heard[-1].change != "retracted"
                assert heard[-1].gist == one.gist
            else:
                assert receiver == "chief"  # "office" hears of everything
