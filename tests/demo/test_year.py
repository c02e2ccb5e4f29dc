"""The scripted year raises exactly what its key says, in any order of arrival."""

import hashlib
import json
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from contracts.event import fact_id
from contracts.jurisdiction import path_of
from deploy.demo.key import compare, read_key
from deploy.demo.year.places import UNITS
from deploy.demo.year.script import write
from services.intake.domain import Candidate, Refused
from services.intake.reading import content_hash
from services.intake.reading import read as read_at_intake
from services.monitor.domain import Verdict
from tests.demo.judged import book, by_subject, judge, raised, read

KEY = read_key()
YEAR = write()
FACTS = read(fact.written() for fact in YEAR.facts)
DIGEST = "8db6e254056cd283300adbd596235fee685faf883f7bb8408003a4472ee31ca3"


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """Give every verdict on the year."""
    return judge(FACTS)


def test_the_year_is_the_same_on_every_machine():
    text = "\n".join(json.dumps(event, ensure_ascii=False, sort_keys=True) for event in YEAR.deliveries)
    assert hashlib.sha256(text.encode()).hexdigest() == DIGEST
    assert write() == YEAR


def test_the_year_raises_its_key_and_nothing_else(verdicts):
    found = compare(raised(verdicts), KEY)
    assert found.missing == ()
    assert found.unexpected == ()
    assert found.repeated == ()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_of_arrival_with_repeats_raises_the_same(verdicts, seed):
    shuffled = FACTS + FACTS[::7]
    random.Random(seed).shuffle(shuffled)
    assert sorted(judge(shuffled), key=repr) == sorted(verdicts, key=repr)


def test_later_days_raise_nothing_more(verdicts):
    assert raised(judge(FACTS, today=date(2027, 6, 30))) == raised(verdicts)


@pytest.mark.parametrize("near", KEY.near, ids=lambda near: f"{near.rule} {near.subject}")
def test_what_only_seems_a_violation_raises_nothing(verdicts, near):
    verdict = by_subject(verdicts).get((near.rule, near.resolved))
    assert (verdict.outcome if verdict else "none") == near.outcome
    assert verdict is None or verdict.severity is None


def test_every_rule_of_the_county_is_broken_somewhere():
    bound = book().for_place("990101")
    quiet = {rule for one in KEY.quiet for rule in one.rules}
    assert {one.rule for one in KEY.alerts} == {rule for rule, one in bound.items() if one.rule.mode == "rule"} - quiet


@pytest.mark.parametrize("rule", sorted({one.rule for one in KEY.alerts}))
def test_every_rule_has_something_that_only_seems_a_violation(rule):
    excluded = {"DOC-19"}  # required fields: printed or not, nothing in between
    assert rule in excluded or any(near.rule == rule for near in KEY.near)


def test_intake_takes_every_delivery_and_refuses_what_it_must():
    now = datetime(2026, 1, 1, tzinfo=UTC)
    seen: dict[str, bytes] = {}
    for event in YEAR.deliveries:
        fate = read_at_intake(json.dumps(event, ensure_ascii=False).encode(), now=now)
        assert isinstance(fate, Candidate), fate.reason
        assert seen.setdefault(fate.fact_id, fate.hash) == fate.hash
    assert len(seen) == len(YEAR.facts) < len(YEAR.deliveries)
    conflict, classified = YEAR.refused
    time = datetime.fromisoformat(conflict["time"])
    assert seen[fact_id(conflict["source"], conflict["id"])] != content_hash(conflict, time)
    refused = read_at_intake(json.dumps(classified, ensure_ascii=False).encode(), now=now)
    assert isinstance(refused, Refused)
    assert refused.keep is None


def test_the_year_has_the_hard_cases():
    known = {fact.id: fact.known for fact in YEAR.facts}
    assert known["gz-dc-item"] < known["dc-mended-early"]  # a correction before its original
    assert known["fw-matching-anyway"] < known["fw-city-closes"]  # a document before its parent
    moved = [fact for fact in YEAR.facts if fact.id.startswith("dw-990101004.town")]
    assert len(moved) == 2  # a unit that changes its superior
    late = [fact for fact in YEAR.facts if fact.known - fact.time > timedelta(days=5) and fact.time.year == 2025]
    assert len(late) > 15
    assert {fact.time.year for fact in YEAR.facts if fact.id.startswith(("fw-", "hy-"))} == {2019, 2025}


def test_places_are_fictitious_and_units_registered():
    for unit in UNITS.values():
        assert path_of(unit.place)[1] == "99"
        assert unit.superior is None or unit.superior in UNITS
    acting = {fact.unit for fact in YEAR.facts if not fact.place}
    assert acting <= set(UNITS)
