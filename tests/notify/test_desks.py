"""回避: whatever the org looks like, a clue goes to the nearest desk outside the accused unit's chain, or to none."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.jurisdiction import is_within
from kit.errors import Rejected
from services.notify.domain.desks import DESK_KIND, Choice, UnitVersion, as_of, choose
from tests.notify.samples import START, unit

TODAY = date(2025, 3, 3)
PROVINCE, CITY, COUNTY, TOWN = "99", "9901", "990101", "990101001"

COUNTY_YEAR = [
    unit("省纪委", DESK_KIND, PROVINCE),
    unit("市纪委", DESK_KIND, CITY, "省纪委"),
    unit("县委", "党委", COUNTY),
    unit("县纪委", DESK_KIND, COUNTY, "市纪委"),
    unit("县政府", "政府", COUNTY, "县委"),
    unit("县府办", "办公室", COUNTY, "县政府"),
    unit("纪委办公室", "办公室", COUNTY, "县纪委"),
    unit("派驻教育局纪检组", DESK_KIND, COUNTY, "县纪委"),
    unit("教育局", "部门", COUNTY, "县政府"),
    unit("镇政府", "乡镇街道", TOWN, "县政府"),
    unit("镇纪委", DESK_KIND, TOWN, "镇党委"),
    unit("镇党委", "党委", TOWN, "县委"),
]


def chosen(about: str, place: str, versions: list[UnitVersion] | None = None, then: date = TODAY) -> Choice:
    known = COUNTY_YEAR if versions is None else versions
    return choose(about=about, place=place, today=as_of(known, TODAY), then=as_of(known, then))


@pytest.mark.parametrize(
    ("about", "place", "desk"),
    [
        ("县府办", COUNTY, "县纪委"),  # the commission before the post that it sends out
        ("镇政府", TOWN, "镇纪委"),
        ("镇党委", TOWN, "县纪委"),  # the town's desk is below the accused committee
        ("镇纪委", TOWN, "县纪委"),  # the accused is the desk itself
        ("县纪委", COUNTY, "市纪委"),
        ("纪委办公室", COUNTY, "市纪委"),  # a part of the county's commission
        ("派驻教育局纪检组", COUNTY, "市纪委"),
        ("教育局", COUNTY, "县纪委"),
        ("县府办", TOWN, "县纪委"),  # the act was in a town, the unit is the county's
        ("市纪委", CITY, "省纪委"),
        ("镇政府", COUNTY, "县纪委"),
    ],
)
def test_the_nearest_desk_outside_the_chain(about: str, place: str, desk: str) -> None:
    assert chosen(about, place).first().unit == desk


def test_a_desk_below_the_accused_committee_is_passed_over() -> None:
    passed = chosen("镇党委", TOWN).passed
    assert [(one.desk, one.why) for one in passed] == [("镇纪委", "below_it")]
    assert chosen("镇党委", TOWN).bars("镇纪委")


def test_escalation_goes_to_a_higher_place() -> None:
    choice = chosen("镇政府", TOWN)
    assert [getattr(choice.above(place), "unit", None) for place in (TOWN, COUNTY, CITY, PROVINCE)] == [
        "县纪委",
        "市纪委",
        "省纪委",
        None,
    ]


@pytest.mark.parametrize(
    ("versions", "about", "words"),
    [
        ([unit("局")], "局", "都没有登记纪检监察机构"),
        ([unit("纪委", DESK_KIND)], "纪委", "都应当回避"),
        ([unit("纪委", DESK_KIND)], "别的局", "预警所涉单位没有登记"),
        ([unit("纪委", DESK_KIND), unit("局", superior="没登记的")], "局", "上级单位没有登记"),
        ([unit("纪委", DESK_KIND, superior="没登记的"), unit("局")], "局", "上级单位没有登记"),
        ([unit("纪委", DESK_KIND, valid_to=date(2024, 12, 31)), unit("局")], "局", "都没有登记纪检监察机构"),
        ([unit("纪委", DESK_KIND, valid_from=date(2026, 1, 1)), unit("局")], "局", "都没有登记纪检监察机构"),
    ],
)
def test_without_a_desk_the_operator_reads_why(versions: list[UnitVersion], about: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        chosen(about, COUNTY, versions).first()


def test_a_new_superior_moves_the_desk() -> None:
    moved = unit("县纪委", DESK_KIND, COUNTY, "县府办", valid_from=TODAY)
    assert chosen("县府办", COUNTY, [*COUNTY_YEAR, moved]).first().unit == "市纪委"
    later = unit("县纪委", DESK_KIND, COUNTY, "县府办", valid_from=TODAY + timedelta(days=1))
    assert chosen("县府办", COUNTY, [*COUNTY_YEAR, later]).first().unit == "县纪委"


def test_who_was_above_the_desk_on_the_day_of_the_act_stays_excluded() -> None:
    then = unit("县纪委", DESK_KIND, COUNTY, "县府办", valid_from=date(2024, 1, 1))
    now = unit("县纪委", DESK_KIND, COUNTY, "市纪委", valid_from=date(2025, 1, 1))
    versions = [*COUNTY_YEAR, then, now]
    assert chosen("县府办", COUNTY, versions, then=date(2024, 6, 1)).first().unit == "市纪委"
    assert chosen("县府办", COUNTY, versions, then=date(2023, 6, 1)).first().unit == "县纪委"


def test_of_one_day_the_last_recorded_version_counts() -> None:
    early = unit("县纪委", DESK_KIND, COUNTY, "县府办", valid_from=TODAY, recorded=START)
    late = unit("县纪委", DESK_KIND, COUNTY, "市纪委", valid_from=TODAY, recorded=START + timedelta(hours=1))
    for order in ([early, late], [late, early]):
        assert chosen("县府办", COUNTY, [*COUNTY_YEAR, *order]).first().unit == "县纪委"


PLACES = ("99", "9901", "990101", "990102", "990101001", "990101002")
NAMES = tuple(f"u{n}" for n in range(9))
VERSIONS = st.builds(
    unit,
    name=st.sampled_from(NAMES),
    kind=st.sampled_from((DESK_KIND, DESK_KIND, "部门", "党委")),
    place=st.sampled_from(PLACES),
    superior=st.sampled_from((None, None, *NAMES, "unknown")),
    valid_from=st.sampled_from((date(2024, 1, 1), TODAY, TODAY + timedelta(days=30))),
    valid_to=st.sampled_from((None, None, None, date(2024, 6, 1))),
)


def naive_version(name: str, versions: list[UnitVersion], day: date) -> UnitVersion | None:
    mine = sorted((v for v in versions if v.unit == name), key=lambda v: (v.valid_from, v.recorded, v.fact_id))
    begun = [v for v in mine if v.valid_from <= day]
    return begun[-1] if begun else mine[0] if mine else None


def naive_chain(name: str, versions: list[UnitVersion], day: date) -> list[str]:
    """Return the superiors by walking versions one step at a time."""
    chain: list[str] = []
    while True:
        now = naive_version(name, versions, day)
        if now is None or now.superior is None or now.superior in chain:
            return chain
        chain.append(now.superior)
        name = now.superior


def naive_commission(name: str, versions: list[UnitVersion], day: date) -> UnitVersion | None:
    for unit_name in [name, *naive_chain(name, versions, day)]:
        version = naive_version(unit_name, versions, day)
        if version is not None and version.kind == DESK_KIND:
            return version
    return None


@settings(deadline=None)
@given(
    st.lists(VERSIONS, min_size=1, max_size=20),
    st.sampled_from(NAMES),
    st.sampled_from(PLACES),
    st.sampled_from((date(2024, 3, 1), TODAY)),
)
def test_no_desk_is_ever_in_the_chain_of_the_accused(
    versions: list[UnitVersion], about: str, place: str, then: date
) -> None:
    """Over random orgs with circles, unknown superiors, ended units and re-orgs."""
    try:
        choice = chosen(about, place, versions, then)
    except Rejected:
        assert all(version.unit != about for version in versions)
        return
    desks = list(choice.desks)
    if desks:
        desks.append(choice.first())
    desks += [above for place_ in PLACES if (above := choice.above(place_))]
    for desk in desks:
        assert desk.unit != about
        for day in (TODAY, then):
            assert about not in naive_chain(desk.unit, versions, day)
            own = naive_commission(about, versions, day)
            assert own is None or not is_within(desk.place, own.place)
        assert "unknown" not in [
            *naive_chain(desk.unit, versions, TODAY),
            *naive_chain(about, versions, TODAY),
        ]
        assert desk.kind == DESK_KIND
        assert is_within(place, desk.place)
    if not desks:
        with pytest.raises(Rejected):
            choice.first()


@settings(deadline=None)
@given(st.lists(VERSIONS, min_size=1, max_size=20), st.sampled_from(NAMES), st.sampled_from(PLACES), st.randoms())
def test_the_choice_depends_on_the_set_of_facts_only(
    versions: list[UnitVersion], about: str, place: str, random: object
) -> None:
    shuffled = [*versions, *versions]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    answers: list[Choice | str] = []
    for known in (versions, shuffled):
        try:
            answers.append(chosen(about, place, known))
        except Rejected as rejected:
            answers.append(rejected.detail)
    assert answers[0] == answers[1]
