"""How acts stand over time and what rows follow, without a database."""

from collections.abc import Iterable
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from contracts.catalog import decode
from services.ledger.chain import GENESIS, link
from services.ledger.columns import Row
from services.ledger.domain import (
    FOREVER,
    Act,
    Fact,
    Ledger,
    State,
    Version,
    acts_of,
    members_of,
    states_of,
    versions_of,
)
from services.ledger.facts import Reading, Trouble, by_event, open_envelope, read_fact
from services.ledger.projections import load_ledgers
from tests import factories as f
from tests.ledger.links import Link, first_broken

LEDGERS = {one.name: one for one in load_ledgers()}


def reading(body: bytes, ledgers: Iterable[Ledger] = ()) -> Reading | Trouble:
    return read_fact(open_envelope(body), by_event(list(ledgers)))


FEBRUARY, FIRST, SECOND, THIRD = (datetime.fromisoformat(f"2025-0{month}-01T00:00:00+08:00") for month in range(2, 6))


def reading_of(event: f.Event) -> Reading:
    found = reading(f.wire(event))
    assert isinstance(found, Reading)
    return found


def acts(*events: f.Event) -> list[Act]:
    facts, replacements = [], {}
    for event in events:
        read = reading_of(event)
        facts.append(read.fact)
        if read.replacement is not None:
            replacements[read.fact.fact_id] = read.replacement
    return acts_of(facts, replacements)


DOCUMENT = f.issued(id="d", recorded=FIRST, pages=1)


def corrected(pages: int, recorded: datetime, name: str) -> f.Event:
    return f.corrected(DOCUMENT, changes={"pages": pages}, recorded=recorded, id=name)


def later_of(one: f.Event, other: f.Event) -> f.Event:
    return max(one, other, key=f.fact_of)


SAME_MOMENT = corrected(2, SECOND, "c-a"), corrected(3, SECOND, "c-b")
STANDINGS: dict[str, tuple[list[f.Event], list[tuple[datetime, Any, bool]]]] = {
    "alone": ([DOCUMENT], [(FIRST, 1, False)]),
    "corrected": ([DOCUMENT, corrected(2, SECOND, "c")], [(FIRST, 1, False), (SECOND, 2, False)]),
    "corrected before it was known": ([DOCUMENT, corrected(2, FEBRUARY, "c")], [(FIRST, 2, False)]),
    "the last correction stands": (
        [DOCUMENT, corrected(3, THIRD, "c1"), corrected(2, SECOND, "c2")],
        [(FIRST, 1, False), (SECOND, 2, False), (THIRD, 3, False)],
    ),
    "of two of one moment the greater id stands": (
        [DOCUMENT, *SAME_MOMENT],
        [(FIRST, 1, False), (SECOND, later_of(*SAME_MOMENT)["data"]["replacement"]["pages"], False)],
    ),
    "corrected by the city above it": (
        [DOCUMENT, f.corrected(DOCUMENT, changes={"pages": 2}, recorded=SECOND, place="9901")],
        [(FIRST, 1, False), (SECOND, 2, False)],
    ),
    "corrected by another county": (
        [DOCUMENT, f.corrected(DOCUMENT, changes={"pages": 2}, recorded=SECOND, place="990102")],
        [(FIRST, 1, False)],
    ),
    "withdrawn by a township below it": (
        [DOCUMENT, f.withdrawn(DOCUMENT, recorded=SECOND, place="990101001")],
        [(FIRST, 1, False)],
    ),
    "withdrawn beats a later correction": (
        [DOCUMENT, f.withdrawn(DOCUMENT, recorded=SECOND), corrected(2, THIRD, "c")],
        [(FIRST, 1, False), (SECOND, 1, True), (THIRD, 2, True)],
    ),
    "a correction of another type changes nothing": (
        [DOCUMENT, f.corrected(f.certificate(), target=f.ref(DOCUMENT), changes={}, recorded=SECOND)],
        [(FIRST, 1, False)],
    ),
    "an amendment of nothing we know": ([corrected(2, SECOND, "c"), f.withdrawn(DOCUMENT)], []),
}  # fmt: skip


@pytest.mark.parametrize("case", STANDINGS)
def test_an_act_stands_by_the_set_of_its_facts(case: str):
    facts, expected = STANDINGS[case]
    for order in permutations(facts):
        found = [
            (standing.since, standing.fact.event.pages, standing.withdrawn)  # type: ignore[attr-defined]
            for act in acts(*order)
            for standing in act.timeline
        ]
        assert found == expected


def test_a_corrected_act_leaves_the_entity_it_was_in_for_no_moment():
    ended = f.ended(recorded=SECOND)
    moved = f.corrected(ended, changes={"loan": "loan-2"}, recorded=SECOND)
    ledger = LEDGERS["secondments"]
    found = members_of(ledger, acts(ended, moved))
    assert set(found) == {ledger.entity(form) for members in found.values() for form in members[0].act.forms}
    assert len(found) == 2
    assert {member.homes for members in found.values() for member in members} == {
        (ledger.entity(reading_of(f.ended(loan="loan-2")).fact),)
    }


def test_states_begin_where_asked():
    demand = f.demanded(id="x", recorded=FIRST)
    whole_set = acts(demand, *[f.submitted(demand=f.ref(demand), recorded=moment) for moment in (SECOND, THIRD)])
    entity = f.fact_of(demand)
    found = members_of(LEDGERS["demands"], whole_set)[entity]
    whole = states_of(LEDGERS["demands"], entity, found, FIRST)
    assert [state.since for state in whole] == [FIRST, SECOND, THIRD]
    assert states_of(LEDGERS["demands"], entity, found, THIRD) == whole[2:]


ROW, OTHER = (Row("99", "u", FIRST.date(), "doc", (n,)) for n in (1, 2))
SPANS: dict[str, tuple[list[State], list[tuple[datetime, datetime, Row]]]] = {
    "one": ([State(FIRST, ROW, withdrawn=False)], [(FIRST, FOREVER, ROW)]),
    "a change": (
        [State(FIRST, ROW, withdrawn=False), State(SECOND, OTHER, withdrawn=False)],
        [(FIRST, SECOND, ROW), (SECOND, FOREVER, OTHER)],
    ),
    "no change": (
        [State(FIRST, ROW, withdrawn=False), State(SECOND, ROW, withdrawn=False)],
        [(FIRST, FOREVER, ROW)],
    ),
    "gone and back": (
        [State(FIRST, ROW, withdrawn=False), State(SECOND, None, withdrawn=False), State(THIRD, ROW, withdrawn=False)],
        [(FIRST, SECOND, ROW), (THIRD, FOREVER, ROW)],
    ),
    "withdrawn": (
        [State(FIRST, ROW, withdrawn=False), State(SECOND, ROW, withdrawn=True)],
        [(FIRST, SECOND, ROW), (SECOND, FOREVER, ROW)],
    ),
    "never": ([State(FIRST, None, withdrawn=False)], []),
}


@pytest.mark.parametrize("case", SPANS)
def test_states_make_versions(case: str):
    states, expected = SPANS[case]
    found = versions_of("e", None, states)
    assert [(one.known_from, one.known_to, one.row) for one in found] == expected
    for cut in range(1, len(states)):  # the same when what came before is in the table already
        before = versions_of("e", None, states[:cut])
        alive = next((one for one in before if one.known_to >= states[cut].since), None)
        kept = [one for one in before if one != alive]
        assert kept + versions_of("e", alive, states[cut:]) == found


def test_before_is_closed_where_nothing_is_known_any_more():
    before = Version("e", FIRST, FOREVER, withdrawn=False, row=ROW)
    assert versions_of("e", before, [State(SECOND, None, withdrawn=False)]) == [before._replace(known_to=SECOND)]


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=LEDGERS)
def test_the_light_reader_reads_what_the_contract_reads(ledger: Any):
    from tests.ledger.suite import examples_of

    for example in examples_of(ledger):
        body = f.wire(example)
        whole, light = decode(body), reading(body, [ledger])
        assert isinstance(light, Reading)
        assert light.fact == Fact(
            whole.fact_id, whole.source, whole.time, whole.recorded, whole.jurisdiction, whole.unit, whole.event
        )


def changed(**fields: Any) -> bytes:
    return f.wire({**DOCUMENT, **fields})


POISON: dict[str, tuple[bytes, str, str]] = {
    "no JSON": (b"\x00\xff", "contract_broken", "body"),
    "no object": (b"[]", "contract_broken", "body"),
    "empty": (b"", "contract_broken", "body"),
    "no jurisdiction": (changed(jurisdiction="99-1"), "contract_broken", "jurisdiction"),
    "no unit": (changed(unitid="a b"), "contract_broken", "unitid"),
    "a time without a zone": (changed(time="2025-01-01T00:00:00"), "contract_broken", "time"),
    "a time that no database holds": (changed(time="0001-01-01T00:00:00+08:00"), "contract_broken", "time"),
    "an unknown field": (changed(extra=1), "contract_broken", "extra"),
    "an unknown type": (changed(type="cn.jianfu.doc.burnt.v1"), "contract_broken", "type"),
    "data of another type": (changed(data={"item": "x"}), "contract_broken", "data.heading"),
    "a newer version": (changed(type="cn.jianfu.doc.issued.v99"), "from_the_future", "type"),
    "a number beyond 64 bits": (f.wire(f.issued(pages=2**70)), "contract_broken", "data.pages"),
    "a day beyond the calendar": (f.wire(f.issued(dated="9999-12-31")), "contract_broken", "data.dated"),
    "a moment beyond the calendar": (
        f.wire(f.convened(starts_at="0001-01-01T00:00:00+08:00")), "contract_broken", "data.starts_at",
    ),
    "a replacement that is no such data": (
        f.wire(f.corrected(DOCUMENT, changes={"dated": "soon"})), "contract_broken", "data.dated",
    ),
    "a replacement from the future": (
        f.wire(f.corrected(DOCUMENT, changes={}, target_type="cn.jianfu.doc.issued.v99")), "from_the_future", "type",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", POISON)
def test_what_cannot_be_read_is_told_with_its_reason(case: str):
    body, code, field = POISON[case]
    found = reading(body, LEDGERS.values())
    assert isinstance(found, Trouble)
    assert (found.code, found.field) == (code, field)


def test_what_the_light_reader_does_not_know_is_read_thoroughly():
    body = changed(time=1735689600)
    assert reading(body) == reading(changed(time="2025-01-01T00:00:00Z"))


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_the_chain_names_its_first_broken_entry(algorithm: Any):
    links, head = [], GENESIS
    for position, body in enumerate((b"one", b"two", b"three", b"four"), 1):
        previous, head = head, link(algorithm, head, position, body)
        links.append(Link(position, body, algorithm, previous, head))
    assert first_broken(links) is None
    assert first_broken(links[2:], previous=links[1].hash, position=2) is None
    assert first_broken([*links[:2], links[2]._replace(body=b"Three"), links[3]]) == 3
    assert first_broken([links[0], links[2], links[1], links[3]]) == 2
    assert first_broken([links[0], *links[2:]]) == 2
    assert first_broken([*links[:3], links[3]._replace(algorithm="md5")]) == 4
    assert first_broken([links[0]._replace(hash=bytes(32)), *links[1:]]) == 1


def test_sm3_is_the_standard_one():
    """GB/T 32905-2016, example 1, through the chain: H(prev ‖ position ‖ H(body)) differs from SHA-256's."""
    from services.ledger.chain import _sm3

    assert _sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
