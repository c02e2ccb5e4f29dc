"""Asking the services: refusals become ours, silence is noticed with its beginning, strange answers are not believed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from kit.auth import Principal, Role
from kit.errors import Conflict, Forbidden, NotFound, Overloaded, Rejected, Unauthorized
from services.console.answers.ledger import Unit
from services.console.answers.shape import Page
from services.console.backend import Backend, Service, Unavailable, attempt
from services.console.units import FRESH, Names, Units

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
OPERATOR = Principal("o", Role.OPERATOR, "990101")
Answer = Callable[[httpx.Request], httpx.Response]


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def backend(answer: Answer, clock: Clock | None = None) -> Backend:
    client = httpx.AsyncClient(base_url="http://ledger.test", transport=httpx.MockTransport(answer))
    return Backend({Service.LEDGER: client}, now=clock or Clock())


def in_turn(answers: list[Answer]) -> Answer:
    """Answer each request with the next of ``answers``."""

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0)(request)

    return answer


async def units(asked: Backend) -> Page[Unit]:
    return await asked.get(
        Service.LEDGER, "/v1/units", Page[Unit], token="t", params={"q": "", "limit": 5, "after": None}
    )


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("jurisdiction：应为 12 位", "辖区：应为 12 位"),
        ("不在管辖范围内", "不在管辖范围内"),
        ("other：不行", "other：不行"),
    ],
)
async def test_a_refused_part_names_the_field_as_its_label(detail: str, shown: str) -> None:
    problem = {"title": "不行", "detail": detail, "code": "invalid", "field": detail.split("：", maxsplit=1)[0]}
    part = await attempt(units(backend(lambda _: httpx.Response(422, json=problem))))
    assert part.trouble
    assert part.trouble.detail == shown


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, Unauthorized), (403, Forbidden), (404, NotFound), (409, Conflict), (422, Rejected), (429, Overloaded)],
)
async def test_a_refusal_is_passed_on_in_its_own_words(status: int, kind: type[Rejected]) -> None:
    problem = {"title": "不行", "detail": "因为如此", "code": "why", "field": "q"}
    with pytest.raises(kind) as raised:
        await units(backend(lambda _: httpx.Response(status, json=problem)))
    assert (raised.value.detail, raised.value.code, raised.value.field) == ("因为如此", "why", "q")


async def test_a_refusal_without_words_is_a_refusal() -> None:
    with pytest.raises(NotFound):
        await units(backend(lambda _: httpx.Response(404, text="<html>")))


async def test_only_what_was_asked_for_is_sent() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"items": []})

    await units(backend(answer))
    assert seen[0].url.query == b"limit=5"
    assert seen[0].headers["authorization"] == "Bearer t"


def away(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no")


@pytest.mark.parametrize(
    "answer",
    [
        away,
        lambda _: httpx.Response(503),
        lambda _: httpx.Response(200, text="{}"),
        lambda _: httpx.Response(200, text="?"),
    ],
    ids=["no connection", "server fault", "other shape", "no JSON"],
)
async def test_a_service_without_a_usable_answer_is_away_since_then(answer: Answer) -> None:
    clock = Clock()
    answers = [answer, answer, lambda _: httpx.Response(200, json={"items": []}), answer]
    asked = backend(in_turn(answers), clock)
    for minutes in (0, 5):
        clock.now = START + timedelta(minutes=minutes)
        with pytest.raises(Unavailable) as raised:
            await units(asked)
        assert raised.value.since == START
        assert asked.down == {Service.LEDGER: START}
    await units(asked)
    assert asked.down == {}
    with pytest.raises(Unavailable) as raised:
        await units(asked)
    assert raised.value.since == clock.now


async def test_a_part_of_a_page_shows_its_trouble_but_a_lost_session_is_told() -> None:
    assert (await attempt(units(backend(lambda _: httpx.Response(200, json={"items": []}))))).value is not None
    part = await attempt(units(backend(away)))
    assert part.trouble is not None
    assert (part.trouble.detail, part.trouble.since) == ("台账服务暂时无法访问", START)
    refused = await attempt(units(backend(lambda _: httpx.Response(403, json={"detail": "不归您管"}))))
    assert refused.trouble is not None
    assert (refused.trouble.detail, refused.trouble.service) == ("不归您管", None)
    with pytest.raises(Unauthorized):
        await attempt(units(backend(lambda _: httpx.Response(401))))


async def test_names_of_units_are_asked_for_page_by_page_and_remembered_for_a_while() -> None:
    clock, asked = Clock(), list[str]()
    pages = {"": ("a", "2"), "2": ("b", None)}

    def answer(request: httpx.Request) -> httpx.Response:
        after = request.url.params.get("after", "")
        asked.append(after)
        key, following = pages[after]
        return httpx.Response(200, json={"items": [{"unit_id": key, "name": key.upper()}], "next": following})

    directory = Units(backend(answer, clock), now=clock)
    for _ in range(2):
        assert {key: unit.name for key, unit in (await directory.names(OPERATOR, "t")).units.items()} == {
            "a": "A",
            "b": "B",
        }
    assert asked == ["", "2"]
    clock.now += FRESH + timedelta(seconds=1)
    await directory.names(OPERATOR, "t")
    assert asked == ["", "2", "", "2"]


async def test_an_office_is_not_shown_the_names_that_an_operator_may_know() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json={"items": []})

    directory = Units(backend(answer), now=Clock())
    await directory.names(OPERATOR, "operator")
    await directory.names(Principal("x", Role.OFFICE, "990101", frozenset({"a"})), "office")
    assert seen == ["Bearer operator", "Bearer office"]


async def test_known_names_outlive_a_ledger_that_is_away() -> None:
    clock = Clock()
    answers: list[Answer] = [lambda _: httpx.Response(200, json={"items": [{"unit_id": "a", "name": "A"}]}), away]
    directory = Units(backend(in_turn(answers), clock), now=clock)
    await directory.names(OPERATOR, "t")
    clock.now += FRESH * 2
    assert (await directory.names(OPERATOR, "t")).unit("a") == "A"


def test_units_and_places_are_called_by_their_names() -> None:
    names = Names(
        {
            "990101.agriculture": Unit(unit_id="990101.agriculture", name="青禾县农业农村局", jurisdiction="990101"),
            "gov": Unit(unit_id="gov", name="青禾县人民政府", jurisdiction="990101"),
        }
    )
    assert (names.unit("gov"), names.unit("nobody")) == ("青禾县人民政府", "nobody")
    assert (names.place("990101"), names.place("9901"), names.place("00")) == ("青禾县", "9901", "全国")
    said = "县直单位 990101.agriculture 从 990101001.town 借调，2025-03-03 起。"
    assert names.in_text(said) == "县直单位青禾县农业农村局从 990101001.town 借调，2025-03-03 起。"
