"""Units and calendars stand by the set of their facts: withdrawn beats all, else the correction recorded last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.acts import ActCorrected
from contracts.catalog import decode
from contracts.event import ActRef, fact_id
from services.notify.domain.deadlines import Published
from services.notify.domain.desks import UnitVersion
from services.notify.domain.reference import Amendment, concerns, standing
from tests.factories import PLACE, calendar, fact_of, registered, wire

NOW = datetime(2025, 3, 3, tzinfo=UTC)
UNIT = registered(data={"superior": "before"})
ORIGINAL = decode(wire(UNIT))


def correction(
    superior: str, n: int, type_name: str = "cn.jianfu.unit.registered.v1", place: str = PLACE, **more: Any
) -> Amendment:
    event = ActCorrected(
        target=ActRef(id=UNIT["id"]),
        target_type=type_name,
        replacement={**UNIT["data"], "superior": superior, **more},
        reason="录入有误",
    )
    return Amendment(fact_id("x", str(n)), fact_of(UNIT), NOW + timedelta(hours=n), place, event)


def withdrawal(n: int, place: str = PLACE) -> Amendment:
    return Amendment(fact_id("w", str(n)), fact_of(UNIT), NOW + timedelta(hours=n), place, None)


def superior_of(*amendments: Amendment) -> str | None:
    found = standing(ORIGINAL, amendments)
    assert found is None or isinstance(found, UnitVersion)
    return found.superior if found else None


def test_the_last_correction_stands_unless_it_is_withdrawn() -> None:
    assert superior_of() == "before"
    assert superior_of(correction("second", 2), correction("first", 1)) == "second"
    assert superior_of(correction("second", 2), withdrawal(1)) is None


@pytest.mark.parametrize(("place", "counts"), [("00", True), ("9901", True), ("990102", False), (f"{PLACE}001", False)])
def test_what_was_stated_elsewhere_counts_only_where_it_covers_the_place(place: str, *, counts: bool) -> None:
    assert superior_of(correction("after", 1, place=place)) == ("after" if counts else "before")
    assert superior_of(withdrawal(1, place)) == (None if counts else "before")


@pytest.mark.parametrize(
    "forged",
    [
        correction("x", 9, "cn.jianfu.calendar.published.v1"),
        correction("x", 9, "cn.jianfu.unit.registered.v99"),
        correction("x", 9, "nothing"),
        correction("x", 9, slip=1),
    ],
)
def test_a_correction_that_is_no_unit_counts_for_nothing(forged: Amendment) -> None:
    assert superior_of(correction("first", 1), forged) == "first"


def test_corrections_of_acts_do_not_concern_us() -> None:
    doc = correction("x", 1, "cn.jianfu.doc.issued.v1").correction
    unit = correction("x", 1).correction
    assert doc is not None
    assert unit is not None
    assert not concerns(doc)
    assert concerns(unit)


def test_a_calendar_stands_with_its_days() -> None:
    found = standing(decode(wire(calendar(data={"year": 2025}, days_off=["2025-01-01"], work_days=["2025-01-26"]))), [])
    assert isinstance(found, Published)
    assert (found.place, found.calendar.year) == ("00", 2025)
    assert len(found.calendar.days_off) == len(found.calendar.work_days) == 1


@settings(deadline=None)
@given(st.permutations([correction("1", 1), correction("2", 2), correction("3", 2, slip=1), correction("4", 0)]))
def test_the_order_of_arrival_does_not_matter(amendments: list[Amendment]) -> None:
    assert superior_of(*amendments) == "2"
    assert superior_of(*amendments, *amendments) == "2"
