"""What intake refuses of corrections and withdrawals: whatever it knows to be about somebody else's act."""

from typing import Any

import pytest

from tests.factories import PLACE, SOURCE, UNIT, corrected, issued, wire, withdrawn
from tests.intake.conftest import Intake

OTHER = "990201"
OPERATOR: dict[str, Any] = {"role": "operator", "jurisdiction": PLACE}
ADAPTER: dict[str, Any] = {"role": "adapter", "sources": (SOURCE,)}


async def told(intake: Intake, *facts: dict[str, Any], **who: Any) -> list[str | None]:
    """Return the field or code that each fact was refused for; None where it was taken."""
    results = await intake.batch(*map(wire, facts), **who)
    return [one["reason"] and f"{one['reason']['code']} {one['reason']['field']}" for one in results]


@pytest.mark.parametrize("amend", [withdrawn, lambda about, **more: corrected(about, changes={}, **more)])
async def test_nobody_amends_another_county_s_act_in_the_name_of_its_own(intake: Intake, amend: Any) -> None:
    act = issued()
    assert await told(intake, act, **OPERATOR) == [None]
    theirs: dict[str, Any] = {"role": "operator", "jurisdiction": OTHER}
    assert await told(intake, amend(act, place=OTHER, unit=f"{OTHER}.office"), **theirs) == ["forbidden data.target"]
    assert await told(intake, amend(act, place=f"{PLACE}001"), **OPERATOR) == ["forbidden data.target"]
    assert await intake.fetch("select 1 from quarantine") == []
    assert await told(intake, amend(act, place="9901"), role="operator", jurisdiction="9901") == [None]
    assert await told(intake, amend(act), **OPERATOR) == [None]


async def test_what_comes_before_its_target_is_left_to_the_readers(intake: Intake) -> None:
    act = issued()
    theft = withdrawn(act, place=OTHER)
    assert await told(intake, theft, role="operator", jurisdiction=OTHER) == [None]
    assert await told(intake, act, **OPERATOR) == [None]


async def test_who_acts_for_units_amends_their_acts_only_and_waits_for_them(intake: Intake) -> None:
    own, school = issued(), issued(unit=f"{PLACE}.school")
    mine: dict[str, Any] = {**ADAPTER, "units": (UNIT,)}
    assert await told(intake, withdrawn(own), **mine) == ["target_unknown data.target"]
    assert await told(intake, own, school, **ADAPTER) == [None, None]
    assert await told(intake, withdrawn(own), **mine) == [None]
    assert await told(intake, withdrawn(school, unit=UNIT), **mine) == ["forbidden data.target"]
    [kept] = await intake.fetch("select code, jurisdiction from quarantine")
    assert (kept["code"], kept["jurisdiction"]) == ("target_unknown", PLACE)


async def test_a_target_in_the_same_batch_is_known_and_one_that_pretends_to_be_it_is_not_believed(
    intake: Intake,
) -> None:
    mine: dict[str, Any] = {**ADAPTER, "units": (UNIT,)}
    own = issued()
    assert await told(intake, own, withdrawn(own), **mine) == [None, None]
    school = issued(unit=f"{PLACE}.school")
    assert await told(intake, school, **ADAPTER) == [None]
    pretended = issued(id=school["id"])
    assert await told(intake, pretended, withdrawn(pretended), **mine) == ["conflict id", "forbidden data.target"]


async def test_what_is_foreseen_is_what_happens(intake: Intake) -> None:
    from kit.tokens import Principal, Role

    act = issued()
    assert await told(intake, act, **OPERATOR) == [None]
    who = Principal("operator@test", Role.OPERATOR, OTHER)
    [answer] = await intake.parts.taker.foresee([wire(withdrawn(act, place=OTHER))], who)
    assert answer.reason is not None
    assert answer.reason.field == "data.target"
