"""Every route of every service for everybody who may come: who passes, and that nobody learns of another county."""

import io
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from deploy import access
from deploy.access import ACCESS, Rule, Scope
from kit import clock
from kit.auth import allow
from kit.tokens import Principal, Role, mint, new_key_pair
from tests import factories
from tests.access.probes import FORM, Probe, probe
from tests.access.running import OWN, County, World

ROUTES = [(service, route) for service, routes in ACCESS.items() for route in routes]
HOUR = timedelta(hours=1)
TIME, DOCUMENT = factories.TIME, factories.issued()["data"]
ELSEWHERE = frozenset({f"/{OWN}/another"})


@dataclass(frozen=True)
class Caller:
    """Somebody of the own county, or nobody."""

    name: str
    role: Role | None
    units: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()

    def principal(self) -> Principal:
        return Principal(f"{self.name}@probe", self.role or Role.ADMIN, OWN, self.units, self.sources)


CALLERS = (
    Caller("nobody", None),
    Caller("expired", None),
    Caller("forged", None),
    Caller("adapter", Role.ADAPTER, sources=frozenset({f"/{OWN}/oa", "/imports/"})),
    Caller("adapter of another source", Role.ADAPTER, sources=ELSEWHERE),
    Caller("adapter without source", Role.ADAPTER),
    Caller(
        "adapter of another unit", Role.ADAPTER, frozenset({f"{OWN}.school"}), frozenset({f"/{OWN}/oa", "/imports/"})
    ),
    Caller("office", Role.OFFICE),
    Caller("office of the unit", Role.OFFICE, frozenset({f"{OWN}.office"})),
    Caller("office of another unit", Role.OFFICE, frozenset({f"{OWN}.school"})),
    Caller("operator", Role.OPERATOR),
    Caller("operator of another source", Role.OPERATOR, sources=ELSEWHERE),
    Caller("discipline", Role.DISCIPLINE),
    Caller("desk", Role.DISCIPLINE, frozenset({f"{OWN}.desk"})),
    Caller("admin", Role.ADMIN),
)

_OTHER_SOURCES = ("adapter of another source", "adapter without source", "operator of another source")


def expected(rule: Rule, who: Caller, *, own: bool) -> str:
    """Return what the table promises: pass, or why not."""
    if rule.scope is Scope.PUBLIC:
        return "passes"
    if who.role is None:
        return "unknown"
    if who.role not in rule.roles:
        return "forbidden"
    if rule.scope is Scope.SYSTEM:
        return "passes"
    return "sees" if own and not _elsewhere(rule.scope, who) else "sees nothing"


def _elsewhere(scope: Scope, who: Caller) -> bool:
    """Tell whether somebody of the county acts for other units or sources than those that are asked for."""
    if scope is Scope.UNIT:
        return who.name == "office of another unit"
    if scope is Scope.SENDING:
        return who.name in {*_OTHER_SOURCES, "adapter of another unit", "office of another unit"}
    return scope is Scope.SOURCE and (who.name in _OTHER_SOURCES or who.name.startswith("office of"))  # imports only


def token_of(world: World, who: Caller) -> str | None:
    """Return a caller's token: none, an old one, one of somebody else's key, or a good one."""
    if who.name == "nobody":
        return None
    key = new_key_pair()[0] if who.name == "forged" else world.system.key
    begin = clock.now() - 2 * HOUR if who.name == "expired" else clock.now()
    return mint(key, who.principal(), now=begin, ttl=HOUR)


async def ask(world: World, service: str, route: str, asked: Probe, who: Caller) -> tuple[int, str]:
    """Send a probe as somebody; return the status and the text of the answer, unpacked."""
    token, base = token_of(world, who), world.system.urls[service]
    headers = dict(asked.headers)
    if token and service == "console":
        headers |= {"cookie": f"jianfu_session={token}; jianfu_form={FORM}", "origin": base}
    elif token:
        headers["authorization"] = f"Bearer {token}"
    async with world.system.client.stream(
        route.split(maxsplit=1)[0], base + asked.path, content=asked.body, headers=headers
    ) as answer:
        return answer.status_code, await _text(answer, asked)


async def _text(answer: httpx.Response, asked: Probe) -> str:
    if asked.streams and answer.is_success:
        read = ""
        async for piece in answer.aiter_text():
            read += piece
            if asked.shows in read or "event: end" in read or "没有权限" in read or "拒绝" in read:
                break
        return read
    content = await answer.aread()
    if content[:2] != b"PK":
        return answer.text
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def objections(want: str, status: int, text: str, asked: Probe, secrets: tuple[str, ...]) -> list[str]:
    """Return what is wrong with an answer."""
    wrong: list[str] = []
    kind = {401: "unknown", 403: "forbidden"}.get(status, "failed" if status >= 500 else "passes")
    if want in {"unknown", "forbidden", "passes"} and kind != want and asked.path != "/login?ticket=none":
        wrong.append(f"{want} expected")
    if want == "sees" and (kind != "passes" or status == 404 or asked.shows not in text):
        wrong.append("may see it and does not")
    if want == "sees nothing":
        wrong += [f"learns {asked.hides}"] if asked.hides and asked.hides in text else []
        if not asked.shows and status not in {403, 404, 422}:
            wrong.append("does it")
        if kind in {"unknown", "failed"}:
            wrong.append("is answered oddly")
    wrong += [f"learns {mark}" for mark in secrets if mark in text]
    return wrong


@pytest.mark.parametrize("target", ["own", "foreign"])
@pytest.mark.parametrize(("service", "route"), ROUTES)
async def test_a_route_lets_pass_and_shows_what_the_table_says(
    world: World, service: str, route: str, target: str
) -> None:
    at: County = world.own if target == "own" else world.foreign
    rule, asked = ACCESS[service][route], probe(service, route, at)
    wrong: list[str] = []
    for who in CALLERS:
        want = expected(rule, who, own=target == "own")
        status, text = await ask(world, service, route, asked, who)
        said = asked.path + asked.body.decode("utf-8", "replace")
        private = target == "own" and want not in {"sees", "passes"}
        hidden = (*world.foreign.marks, *(world.own.marks if private else ()))
        secrets = tuple(mark for mark in hidden if mark not in said)
        wrong += [
            f"{who.name}: {why} (status {status}: {text[:200]})"
            for why in objections(want, status, text, asked, secrets)
        ]
    assert not wrong, "\n".join(wrong)


async def test_a_draft_in_ones_own_place_does_not_count_the_acts_of_a_unit_elsewhere(world: World) -> None:
    draft = {"type": "doc.issued", "jurisdiction": OWN, "unitid": world.foreign.unit, "time": TIME, "data": DOCUMENT}
    answer = await world.system.client.post(
        f"{world.system.urls['monitor']}/v1/precheck", json=draft, headers=world.system.bearer("operator", OWN)
    )
    assert answer.status_code == 403
    assert '"verdict"' not in answer.text


async def test_an_office_of_two_units_sees_both(world: World) -> None:
    units = frozenset({f"{OWN}.a-unit-before", f"{OWN}.office"})
    who = world.system.bearer("office", OWN, units=units)
    answer = await world.system.client.get(f"{world.system.urls['monitor']}/v1/alerts", headers=who)
    assert world.own.alert in answer.text


@pytest.mark.parametrize("service", access.SERVICES)
def test_every_route_is_in_the_table_with_its_roles(service: str) -> None:
    assert access.differences(service, access.app_of(service)) == []


@pytest.mark.parametrize("kind", ["undeclared", "unlisted", "wider"])
def test_a_planted_route_is_found(kind: str) -> None:
    app = access.app_of("ledger")
    who = Annotated[Principal, Depends(allow("adapter"))]

    async def undeclared() -> None: ...

    async def unlisted(_who: who) -> None: ...

    if kind == "undeclared":
        app.get("/v1/planted")(undeclared)
    elif kind == "unlisted":
        app.get("/v1/planted")(unlisted)
    else:
        app = FastAPI(openapi_url=None)
        app.get("/v1/counts")(unlisted)
    path = "/v1/counts" if kind == "wider" else "/v1/planted"
    assert [line for line in access.differences("ledger", app) if f"GET {path}:" in line]


def test_the_document_is_current() -> None:
    assert access.FILE.read_text("utf-8") == access.document()
