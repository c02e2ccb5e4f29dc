"""What every channel must do, and what each does in its own way. A new channel is tested by a maker in ``MAKERS``."""

import base64
import contextlib
import email
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from email import policy
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from services.notify.channels import webhook
from services.notify.channels.base import REASONS, Channel, Item, Message, Outcome, Surroundings, kinds
from services.notify.channels.smtp import SmtpOptions, mail
from tests.notify.receivers import HttpReceiver, MailReceiver, certificate, free_port
from tests.notify.samples import START, alert, alert_id, body, change

pytestmark = pytest.mark.connected
SECRET = secrets.token_bytes(32)
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
AROUND = Surroundings(LOOPBACK, timedelta(seconds=5), "https://console.example.test")
HURRIED = Surroundings(LOOPBACK, timedelta(milliseconds=200), None)


def item(verb: str = "raised", name: str = "a", **fields: Any) -> Item:
    event = alert(verb, name, **fields)
    return Item(change(1, event).alert, body(event))


def message(*items: Item, kind: str = "alert") -> Message:
    return Message("delivery-1", kind, items, START)  # type: ignore[arg-type]


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(f"{webhook.SECRET_PREFIX}{base64.b64encode(SECRET).decode()}\n")
    return file


def webhook_options(receiver: HttpReceiver, secret_file: Path) -> dict[str, Any]:
    return {"url": receiver.url, "secret_file": secret_file}


def smtp_options(receiver: MailReceiver) -> dict[str, Any]:
    at = {"host": "127.0.0.1", "port": receiver.port, "security": "none"}
    return {"to": "office@example.test", "sender": "jianfu@example.test", **at}


@contextlib.asynccontextmanager
async def opened(kind: str, options: dict[str, Any], around: Surroundings = AROUND) -> AsyncIterator[Channel]:
    found = kinds()[kind]
    channel = found.open(found.options.model_validate(options), around)
    try:
        yield channel
    finally:
        await channel.close()


@contextlib.asynccontextmanager
async def console(_secret_file: Path) -> AsyncIterator[dict[str, Any]]:
    yield {}


@contextlib.asynccontextmanager
async def smtp(_secret_file: Path) -> AsyncIterator[dict[str, Any]]:
    async with MailReceiver().up() as receiver:
        yield smtp_options(receiver)


@contextlib.asynccontextmanager
async def posted(secret_file: Path) -> AsyncIterator[dict[str, Any]]:
    async with HttpReceiver().up() as receiver:
        yield webhook_options(receiver, secret_file)


MAKERS: dict[str, Callable[[Path], contextlib.AbstractAsyncContextManager[dict[str, Any]]]] = {
    "console": console,
    "smtp": smtp,
    "webhook": posted,
}


def test_every_channel_has_a_maker() -> None:
    assert set(MAKERS) == set(kinds())


@pytest.mark.parametrize("kind", sorted(MAKERS))
async def test_a_message_is_delivered_whatever_it_holds(kind: str, secret_file: Path) -> None:
    many = tuple(item(verb, f"n{n}") for n, verb in enumerate(("raised", "amended", "retracted") * 5))
    async with MAKERS[kind](secret_file) as options, opened(kind, options) as channel:
        for one in (message(item()), message(*many), message(*many, kind="digest")):
            outcome = await channel.send(one)
            assert outcome.result == "delivered"
            assert outcome.reason in REASONS


@pytest.mark.parametrize("kind", sorted(name for name, found in kinds().items() if found.tells_of_clues))
async def test_a_clue_can_be_told_of_without_anything_of_it(kind: str, secret_file: Path) -> None:
    async with MAKERS[kind](secret_file) as options, opened(kind, options) as channel:
        assert (await channel.send(message(kind="clue"))).result == "delivered"


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_options_with_a_slip_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="extra"):
        kinds()[kind].options.model_validate({"slip": 1})


@pytest.mark.parametrize("kind", ["smtp", "webhook"])
async def test_a_receiver_that_is_down_is_tried_again(kind: str, secret_file: Path) -> None:
    options = (
        smtp_options(MailReceiver(free_port()))
        if kind == "smtp"
        else webhook_options(HttpReceiver(free_port()), secret_file)
    )
    async with opened(kind, options) as channel:
        assert await channel.send(message(item())) == Outcome("retry", "unreachable")


# ---------------------------------------------------------------- webhook


async def send_to(receiver: HttpReceiver, secret_file: Path, around: Surroundings = AROUND) -> Outcome:
    async with opened("webhook", webhook_options(receiver, secret_file), around) as channel:
        return await channel.send(message(item()))


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, (), Outcome("delivered", "accepted")),
        (202, (), Outcome("delivered", "accepted")),
        (302, ("location: http://127.0.0.1:1/elsewhere",), Outcome("retry", "redirected")),
        (308, (), Outcome("retry", "redirected")),
        (400, (), Outcome("refused", "not_acceptable")),
        (401, (), Outcome("retry", "not_authorised")),
        (404, (), Outcome("retry", "not_found")),
        (410, (), Outcome("refused", "gone")),
        (418, (), Outcome("retry", "receiver_error")),
        (429, ("retry-after: 7",), Outcome("retry", "busy", timedelta(seconds=7))),
        (429, ("retry-after: Wed, 21 Oct 2026 07:28:00 GMT",), Outcome("retry", "busy")),
        (500, (), Outcome("retry", "receiver_error")),
        (503, ("retry-after: 999999999999",), Outcome("retry", "busy", timedelta(days=1))),
    ],
)
async def test_what_an_answer_means(status: int, headers: tuple[str, ...], outcome: Outcome, secret_file: Path) -> None:
    async with HttpReceiver().up() as receiver:
        receiver.say(status, *headers)
        assert await send_to(receiver, secret_file) == outcome
        assert len(receiver.got) == 1  # a redirect is not followed


async def test_a_slow_receiver_costs_no_more_than_the_time_limit(secret_file: Path) -> None:
    async with HttpReceiver(hang=True).up() as receiver:
        assert await send_to(receiver, secret_file, HURRIED) == Outcome("retry", "timeout")


async def test_an_answer_without_end_is_not_read(secret_file: Path) -> None:
    async with HttpReceiver(answer=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").up() as receiver:
        assert await send_to(receiver, secret_file) == Outcome("delivered", "accepted")


async def test_one_alert_is_a_structured_event_and_several_are_a_batch_in_the_bytes_of_the_stream(
    secret_file: Path,
) -> None:
    async with (
        HttpReceiver().up() as receiver,
        opened("webhook", webhook_options(receiver, secret_file)) as channel,
    ):
        await channel.send(message(item()))
        await channel.send(message(item(), item("retracted", "b")))
    one, two = receiver.got
    assert one.headers["content-type"].startswith("application/cloudevents+json")
    assert one.body == body(alert("raised"))
    assert two.headers["content-type"].startswith("application/cloudevents-batch+json")
    assert two.alert_ids() == [alert_id("a"), alert_id("b")]
    assert json.loads(two.body)[0] == alert("raised")


async def test_the_signature_can_be_verified_by_the_public_recipe(secret_file: Path) -> None:
    async with HttpReceiver().up() as receiver:
        await send_to(receiver, secret_file)
    [got] = receiver.got
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    mac = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{mac}"
    assert got.headers["webhook-id"] == "delivery-1"
    assert got.headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [
        ("8.8.8.8", (), True),
        ("2400:3200::1", (), True),
        ("127.0.0.1", (), False),
        ("10.1.2.3", (), False),
        ("10.1.2.3", ("10.0.0.0/8",), True),
        ("10.1.2.3", ("192.168.0.0/16",), False),
        ("169.254.169.254", (), False),
        ("100.64.0.1", (), False),
        ("::1", (), False),
        ("fd00::1", ("fd00::/8",), True),
        ("::ffff:127.0.0.1", (), False),
        ("::ffff:10.1.2.3", ("10.0.0.0/8",), True),
        ("0.0.0.0", ("0.0.0.0/0",), False),
        ("224.0.0.1", ("0.0.0.0/0",), False),
    ],
)
def test_only_public_and_listed_addresses_are_connected_to(address: str, networks: tuple[str, ...], may: bool) -> None:
    assert webhook.allowed(ip_address(address), [ip_network(one) for one in networks]) is may


async def test_a_forbidden_address_is_never_connected_to(secret_file: Path) -> None:
    async with HttpReceiver().up() as receiver:
        nowhere = Surroundings((), timedelta(seconds=5), None)
        assert await send_to(receiver, secret_file, nowhere) == Outcome("retry", "address_forbidden")
        named = HttpReceiver(receiver.port)
        options = {**webhook_options(named, secret_file), "url": f"http://localhost:{receiver.port}/"}
        async with opened("webhook", options, nowhere) as channel:
            assert await channel.send(message(item())) == Outcome("retry", "address_forbidden")
        assert receiver.got == []


async def test_a_name_is_resolved_and_kept_in_the_host_header(secret_file: Path) -> None:
    async with HttpReceiver().up() as receiver:
        options = {**webhook_options(receiver, secret_file), "url": f"http://localhost:{receiver.port}/a?b=c"}
        async with opened("webhook", options) as channel:
            outcome = await channel.send(message(item()))
    assert outcome == Outcome("delivered", "accepted")
    assert (receiver.got[0].path, receiver.got[0].headers["host"]) == ("/a?b=c", f"localhost:{receiver.port}")


@pytest.mark.parametrize(
    ("name", "believed", "outcome"),
    [
        ("localhost", True, Outcome("delivered", "accepted")),
        ("localhost", False, Outcome("retry", "unreachable")),
        ("other.example.test", True, Outcome("retry", "unreachable")),
    ],
)
async def test_the_certificate_must_be_that_of_the_name_although_the_address_is_pinned(
    name: str, believed: bool, outcome: Outcome, secret_file: Path, tmp_path: Path
) -> None:
    context, authority = certificate(tmp_path, name)
    async with HttpReceiver(tls=context).up() as receiver:
        options = {"url": f"https://localhost:{receiver.port}/", "secret_file": secret_file}
        async with opened("webhook", options | ({"ca_file": authority} if believed else {})) as channel:
            assert await channel.send(message(item())) == outcome


async def test_an_unreadable_authority_is_refused(secret_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="无法读取证书文件"):
        async with opened(
            "webhook", {"url": "https://x.test/", "secret_file": secret_file, "ca_file": tmp_path / "no"}
        ):
            pass


async def test_an_unknown_name_is_tried_again(secret_file: Path) -> None:
    options = {"url": "http://receiver.invalid/", "secret_file": secret_file}
    async with opened("webhook", options) as channel:
        assert await channel.send(message(item())) == Outcome("retry", "unreachable")


@pytest.mark.parametrize("content", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_不能说的", "not base64!", None])
def test_a_bad_secret_file_is_refused_without_its_content(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_text(content, "utf-8")
    with pytest.raises(ValueError, match="签名密钥文件应能读取") as refused:
        webhook.read_secret(file)
    secret = (content or "").removeprefix("whsec_")
    assert not secret or secret not in str(refused.value)


# ---------------------------------------------------------------- smtp


@pytest.mark.parametrize(
    ("mailbox", "answer", "outcome"),
    [
        ("250 OK", "250 OK", Outcome("delivered", "accepted")),
        ("550 no such user", "250 OK", Outcome("refused", "no_such_mailbox")),
        ("451 later", "250 OK", Outcome("retry", "busy", timedelta(minutes=1))),
        ("250 OK", "554 spam", Outcome("refused", "not_acceptable")),
        ("250 OK", "421 too many", Outcome("retry", "busy", timedelta(minutes=1))),
        ("530 login first", "250 OK", Outcome("retry", "not_authorised")),
    ],
)
async def test_what_a_mail_server_answers(mailbox: str, answer: str, outcome: Outcome) -> None:
    async with MailReceiver(mailbox=mailbox, answer=answer).up() as receiver:
        async with opened("smtp", smtp_options(receiver)) as channel:
            assert await channel.send(message(item())) == outcome
        assert len(receiver.got) == (outcome.result == "delivered")


async def test_a_mail_is_chinese_and_names_clause_and_alert() -> None:
    async with MailReceiver().up() as receiver, opened("smtp", smtp_options(receiver)) as channel:
        await channel.send(message(item(severity="serious"), item("retracted", "b")))
    read = email.message_from_bytes(receiver.got[0], policy=policy.default)
    assert read["Subject"] == "【基层减负监督】严重·新预警：文件过长 等 2 条"
    assert read["Message-ID"] == "<delivery-1@jianfu>"
    text = read.get_content()
    for words in ("一般不超过5000字", alert_id("a"), "[预警撤销] 文件过长", "https://console.example.test"):
        assert words in text


def test_a_digest_says_how_many_and_a_clue_says_nothing_of_itself() -> None:
    digest = mail(message(item(), item("raised", "b"), kind="digest"), "a@x.cn", "b@x.cn", None)
    assert digest["Subject"] == "【基层减负监督】当日预警汇总（2 条）"
    clue = mail(message(kind="clue"), "a@x.cn", "b@x.cn", None)
    assert clue["Subject"] == "【基层减负监督】有线索等待签收"
    assert clue.get_content() == "有线索等待签收，请登录系统办理。\n"


def test_a_title_cannot_add_headers() -> None:
    title = "长\r\nBcc: x@example.test"
    written = mail(message(item(rule_title=title)), "a@x.cn", "b@x.cn", None)
    assert written["Bcc"] is None
    assert "\n" not in written["Subject"]


def test_a_password_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    options = SmtpOptions(
        to="a@x.cn", sender="b@x.cn", host="h", username="b", password_file=tmp_path / "none", security="tls"
    )
    with pytest.raises(ValueError, match="无法读取邮箱密码文件"):
        kinds()["smtp"].open(options, AROUND)
