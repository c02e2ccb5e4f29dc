"""The console's sessions: what a login gives nobody could have known before, every form is guarded, links end."""

from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from deploy.access import ACCESS
from kit.auth import Role
from kit.clock import now
from services.console.ticket import mint_ticket
from tests.access.probes import probe
from tests.access.running import OWN, County
from tests.console.conftest import Browser
from tests.console.fake_backend import FakeBackend
from tests.console.stage import ORIGIN, KeyPair, ticket_of, token_of

ID = "a" * 26
SOMEWHERE = County(OWN, "words", f"{OWN}.office", f"/{OWN}/oa", ID, ID, ID, "q0001", "MTG-19", 1)
FORMS = {route: roles for route, (roles, _) in ACCESS["console"].items() if route.startswith("POST ")}
PAGES = [route for route in ACCESS["console"] if route.startswith("GET ")]


@pytest.mark.parametrize("origin", [None, "http://evil.test", "null", ORIGIN], ids=["none", "foreign", "opaque", "own"])
@pytest.mark.parametrize("form_token", [None, "", "x" * 43, "right"], ids=["absent", "empty", "wrong", "right"])
@pytest.mark.parametrize("route", FORMS)
async def test_only_a_form_of_our_own_page_does_anything(
    browse: Browser, backend: FakeBackend, route: str, form_token: str | None, origin: str | None
) -> None:
    client = await browse(min(FORMS[route]))
    right = client.cookies["jianfu_form"]
    fields = {} if form_token is None else {"form_token": right if form_token == "right" else form_token}
    path = probe("console", route, SOMEWHERE).path
    answer = await client.post(path, data=fields, headers={} if origin is None else {"origin": origin})
    if form_token == "right" and origin == ORIGIN:
        assert answer.status_code not in {401, 403}
    else:
        assert answer.status_code == 403
        assert [method for method, *_ in backend.asked if method == "POST"] == []


@pytest.mark.parametrize("route", PAGES)
async def test_every_answer_is_guarded_and_no_page_sets_a_cookie(browse: Browser, route: str) -> None:
    client = await browse(Role.ADMIN)
    async with client.stream("POST", probe("console", route, SOMEWHERE).path) as answer:
        assert answer.status_code in {405, 403, 422}  # nothing is done by another method either
        policy = answer.headers["content-security-policy"]
        assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'"} <= set(
            policy.split("; ")
        )
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_cookies_are_for_this_host_for_no_script_and_over_tls_for_tls_only(
    console: FastAPI, key_pair: KeyPair, scheme: str
) -> None:
    transport = httpx.ASGITransport(app=console)
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://console.test") as client:
        entered = await client.get("/login", params={"ticket": ticket_of(key_pair, Role.OPERATOR)})
    cookies = entered.headers.get_list("set-cookie")
    assert [cookie.split("=")[0] for cookie in cookies] == ["jianfu_session", "jianfu_form"]
    for cookie in cookies:
        attributes = {part.strip().split("=")[0].lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite", "path", "max-age"} <= attributes
        assert "domain" not in attributes
        assert ("secure" in attributes) == (scheme == "https")
    assert entered.headers["cache-control"] == "no-store"


async def test_what_was_in_the_browser_before_a_login_is_worth_nothing_after_it(
    browse: Browser, key_pair: KeyPair
) -> None:
    client = await browse(None)
    planted = {"jianfu_session": token_of(key_pair, Role.ADMIN), "jianfu_form": "known-to-somebody-else"}
    headers = {"cookie": "; ".join(f"{name}={value}" for name, value in planted.items())}
    entered = await client.get("/login", params={"ticket": ticket_of(key_pair, Role.OFFICE)}, headers=headers)
    assert entered.status_code == 200
    for name, value in planted.items():
        assert client.cookies[name] != value
    left = await client.post("/logout", data={"form_token": planted["jianfu_form"]}, headers={"origin": ORIGIN})
    assert left.status_code == 403
    assert (await client.get("/alerts")).status_code == 403  # the office that the link was for, not the planted admin


async def test_the_bare_login_address_tells_how_to_get_in(browse: Browser) -> None:
    for path in ("/login", "/login?ticket="):
        page = await (await browse(None)).get(path)
        assert page.status_code == 401
        assert "一次性登录链接" in page.text


@pytest.mark.parametrize("address", ["/?ticket=", "/login?token=", "/?jianfu_session="])
async def test_an_address_does_not_carry_a_session(browse: Browser, key_pair: KeyPair, address: str) -> None:
    client = await browse(None)
    answer = await client.get(address + token_of(key_pair, Role.ADMIN))
    assert answer.status_code in {401, 422}
    assert not client.cookies


@pytest.mark.parametrize(
    ("age", "life", "token_life", "status"),
    [(0, 30, 60, 200), (0, 0, 60, 401), (0, -1, 60, 401), (40, 30, 60, 401), (0, 30, -1, 401)],
    ids=["good", "ends at once", "ended", "of before the start", "of a token that ended"],
)
async def test_a_link_ends(
    browse: Browser, key_pair: KeyPair, age: int, life: int, token_life: int, status: int
) -> None:
    token = token_of(key_pair, Role.OPERATOR, ttl=timedelta(minutes=token_life))
    made = now() - timedelta(minutes=age)
    ticket = mint_ticket(key_pair.private, token, now=made, life=timedelta(minutes=life))
    client = await browse(None)
    assert (await client.get("/login", params={"ticket": ticket})).status_code == status
    again = await client.get("/login", params={"ticket": ticket})
    assert again.status_code == 401
    assert (status == 200) == bool(client.cookies)
