"""Coming in once with a link, staying for as long as the token lives, and nobody else acting in one's name."""

from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from fastapi import FastAPI

from kit.auth import Keys, Role, new_key_pair
from kit.clock import now
from kit.errors import Unauthorized
from services.console.ticket import Tickets, mint_ticket
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend
from tests.console.stage import ORIGIN, KeyPair, ticket_of, token_of
from tests.console.test_pages import ALERT, post

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def tickets(pair: KeyPair, at: list[datetime]) -> Tickets:
    """Give a redeemer whose clock is the last entry of ``at``."""
    return Tickets(Keys.load(pair.public), now=lambda: at[-1])


def test_a_ticket_works_once(key_pair: KeyPair) -> None:
    redeemer = tickets(key_pair, [START])
    ticket = mint_ticket(key_pair.private, "token", now=START)
    assert redeemer.redeem(ticket) == "token"
    with pytest.raises(Unauthorized, match="已经使用过"):
        redeemer.redeem(ticket)


def test_a_ticket_ends(key_pair: KeyPair) -> None:
    at = [START]
    redeemer = tickets(key_pair, at)
    ticket = mint_ticket(key_pair.private, "token", now=START, life=timedelta(minutes=5))
    at.append(START + timedelta(minutes=5))
    with pytest.raises(Unauthorized, match="已过期"):
        redeemer.redeem(ticket)


def test_a_ticket_from_before_the_start_is_void(key_pair: KeyPair) -> None:
    ticket = mint_ticket(key_pair.private, "token", now=START - timedelta(seconds=1))
    with pytest.raises(Unauthorized, match="启动之前"):
        tickets(key_pair, [START]).redeem(ticket)


def test_a_ticket_signed_by_somebody_else_is_void(key_pair: KeyPair) -> None:
    foreign, _ = new_key_pair()
    with pytest.raises(Unauthorized, match="无效"):
        tickets(key_pair, [START]).redeem(mint_ticket(foreign, "token", now=START))


@pytest.mark.parametrize("change", [{"aud": "jianfu"}, {"iss": "other"}, {"jti": ""}, {"tok": ""}, {"jti": None}])
def test_a_ticket_must_say_what_it_is_for(key_pair: KeyPair, change: dict[str, str | None]) -> None:
    good = mint_ticket(key_pair.private, "token", now=START)
    kid = jwt.get_unverified_header(good)["kid"]
    claims = jwt.decode(good, options={"verify_signature": False}) | change
    claims = {name: value for name, value in claims.items() if value is not None}
    forged = jwt.encode(claims, key_pair.private, algorithm="EdDSA", headers={"kid": kid})
    with pytest.raises(Unauthorized, match="无效"):
        tickets(key_pair, [START]).redeem(forged)


def test_an_api_token_is_no_ticket(key_pair: KeyPair) -> None:
    with pytest.raises(Unauthorized, match="无效"):
        tickets(key_pair, [START]).redeem(token_of(key_pair, Role.OPERATOR))


async def test_a_login_sets_strict_cookies_and_moves_on(browse: Browser, key_pair: KeyPair) -> None:
    client = await browse(None)
    ticket = ticket_of(key_pair, Role.OFFICE)
    entered = await client.get("/login", params={"ticket": ticket})
    assert 'content="0;url=/ledgers"' in entered.text
    for cookie in entered.headers.get_list("set-cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert int(cookie.split("Max-Age=")[1].split(";")[0]) > 8 * 3600 - 60
    again = await (await browse(None)).get("/login", params={"ticket": ticket})
    assert again.status_code == 401
    assert "只能使用一次" in again.text


async def test_a_login_over_tls_keeps_its_cookies_to_tls(console: FastAPI, key_pair: KeyPair) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=console), base_url="https://console.test") as client:
        entered = await client.get("/login", params={"ticket": ticket_of(key_pair, Role.OPERATOR)})
        assert all("Secure" in cookie for cookie in entered.headers.get_list("set-cookie"))


async def test_an_adapter_cannot_log_in(browse: Browser, key_pair: KeyPair) -> None:
    answer = await (await browse(None)).get("/login", params={"ticket": ticket_of(key_pair, Role.ADAPTER)})
    assert answer.status_code == 403
    assert not answer.cookies


async def test_nobody_sees_a_page_without_a_session(browse: Browser) -> None:
    page = await (await browse(None)).get("/alerts")
    assert page.status_code == 401
    assert "一次性登录链接" in page.text
    assert '<nav class="side"' not in page.text


async def test_a_session_that_ended_asks_for_a_new_link(browse: Browser, key_pair: KeyPair) -> None:
    client = await browse(None)
    client.cookies.set("jianfu_session", token_of(key_pair, Role.OPERATOR, ttl=timedelta(minutes=-5)))
    page = await client.get("/")
    assert page.status_code == 401
    assert "登录已过期" in page.text
    part = await client.get("/", headers={"hx-request": "true"})
    assert part.headers["hx-refresh"] == "true"


async def test_leaving_ends_the_session(browse: Browser) -> None:
    client = await browse(Role.OPERATOR)
    left = await post(client, "/logout")
    assert "已退出" in left.text
    assert (await client.get("/")).status_code == 401


FORMS = ["/logout", f"/alerts/{ALERT}/hand-over", "/precheck/document", "/precheck/compare", "/quarantine/q0001/replay"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    ("token", "origin"),
    [("right", None), ("right", "http://evil.test"), ("right", "null"), ("wrong", ORIGIN), (None, ORIGIN)],
    ids=["no origin", "foreign origin", "opaque origin", "wrong token", "no token"],
)
async def test_a_form_from_elsewhere_changes_nothing(
    browse: Browser, backend: FakeBackend, path: str, token: str | None, origin: str | None
) -> None:
    client = await browse(Role.OPERATOR)
    fields = {} if token is None else {"form_token": client.cookies["jianfu_form"] if token == "right" else "x" * 43}
    answer = await client.post(path, data=fields, headers={} if origin is None else {"origin": origin})
    assert answer.status_code == 403
    assert [method for method, *_ in backend.asked if method == "POST"] == []
    assert (await client.get("/keys")).status_code == 200


async def test_somebody_elses_form_token_does_not_help(browse: Browser) -> None:
    one, other = await browse(Role.OPERATOR), await browse(Role.OPERATOR)
    fields = {"form_token": other.cookies["jianfu_form"]}
    assert (await one.post("/logout", data=fields, headers={"origin": ORIGIN})).status_code == 403


async def test_tickets_of_the_command_line_fit_the_console(browse: Browser, key_pair: KeyPair) -> None:
    ticket = mint_ticket(key_pair.private, token_of(key_pair, Role.DISCIPLINE), now=now())
    client = await browse(None)
    await client.get("/login", params={"ticket": ticket})
    assert "纪检监察" in (await client.get("/clues")).text
