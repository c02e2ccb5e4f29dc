"""Adapters that speak NATS: the request subject ``intake.events`` takes a batch and answers as HTTP does."""

import contextlib
from typing import Final, Self

import msgspec
import structlog
from faststream.nats import NatsBroker, NatsMessage
from faststream.nats.security import NatsNKey
from faststream.security import BaseSecurity

from kit import clock
from kit.errors import Forbidden, Overloaded, Rejected, Unauthorized, title_of
from kit.failures import describe, is_outage
from kit.nats import PING_INTERVAL, Address, close, end_process, inbox_of, read_address, settle
from kit.telemetry import span
from kit.tokens import Principal, Role
from kit.trust import Trust
from services.intake.config import Settings
from services.intake.domain import Reason
from services.intake.modes import Unparsed, split
from services.intake.results import Results
from services.intake.taking import Taker

SUBJECT: Final = "intake.events"
QUEUE: Final = "intake"
_NAME: Final = "intake-requests"
AT_ONCE: Final = 64
"""Requests of one process that are served at the same time: they share group commits."""
_ROLES: Final = frozenset({Role.ADAPTER, Role.OPERATOR, Role.ADMIN})
_BEARER: Final = "Bearer "
_FAILED: Final = "处理请求时发生内部错误，已记录"
_AWAY: Final = "所依赖的服务暂时不可用，请稍后再试"

_log = structlog.stdlib.get_logger("intake.requests")


class Requests:
    """Answers the request subject while its block runs.

    The broker has a connection of its own, so what happens to it is told here: whether it is away, and when it is closed for
    good, which ends the process, because nobody would be answered any more.
    """

    def __init__(self, settings: Settings, taker: Taker, trust: Trust) -> None:
        """Plan it; nothing connects before the block begins."""
        self._ending = False
        address = read_address(settings.nats_url)
        self.broker = NatsBroker(
            address.server,
            name=_NAME,
            inbox_prefix=inbox_of(address.user or QUEUE),
            max_reconnect_attempts=-1,
            ping_interval=PING_INTERVAL,
            closed_cb=self._closed,
            security=_security(address),
            logger=None,
            description="Facts handed over by adapters",
        )
        serve(self.broker, taker, trust)

    async def __aenter__(self) -> Self:
        """Listen; from here on no request finds nobody."""
        await self.broker.start()
        await settle(self.broker.connection)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what is being answered and close, whatever state the connection is in."""
        self._ending = True
        connection = self.broker.connection
        with contextlib.suppress(Exception):  # it cannot stop on a connection that is away or closed
            await self.broker.stop()
        await close(connection)

    def trouble(self) -> str | None:
        """Return why requests are not answered, or None (a check for ``Readiness``)."""
        return None if self.broker.connection.is_connected else "not connected"

    async def _closed(self) -> None:
        if not self._ending:
            end_process(_NAME, self.broker.connection.last_error)


def serve(broker: NatsBroker, taker: Taker, trust: Trust) -> None:
    """Answer requests: a JSON array of CloudEvents with the header ``Authorization: Bearer …``.

    The answer is the JSON of ``Results``, or a problem document when nothing of the request was taken.
    """

    @broker.subscriber(
        SUBJECT,
        QUEUE,
        max_workers=AT_ONCE,
        decoder=_undecoded,
        title="intake.events",
        description="Take up to 1,000 CloudEvents and tell what became of each.",
    )
    async def answer(_body: bytes, message: NatsMessage) -> bytes:
        with span("intake.events", carrier={name.lower(): value for name, value in message.headers.items()}):
            return await _answer(bytes(message.body), message.headers, taker, trust)


async def _answer(body: bytes, headers: dict[str, str], taker: Taker, trust: Trust) -> bytes:
    try:
        who = await _caller(headers, trust)
        try:
            items = split(body)
        except Unparsed as error:
            await taker.refuse(body, Reason(error.code, error.detail, error.field), who)
            raise
        return Results(await taker.take(items, who)).to_json()
    except Rejected as error:
        wait = {"retry_after": error.retry_after} if isinstance(error, Overloaded) else {}
        return _problem(error.status, error.code, error.detail, **wait)
    except Exception as error:  # noqa: BLE001  the one place where a request's failure ends
        if is_outage(error):
            _log.warning("intake.unavailable", error=describe(error))
            return _problem(503, "unavailable", _AWAY)
        _log.error("intake.failed", exc_info=error)
        return _problem(500, "internal", _FAILED)


async def _caller(headers: dict[str, str], trust: Trust) -> Principal:
    given = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    if not given.startswith(_BEARER):
        raise Unauthorized("请求缺少访问凭证（Authorization: Bearer …）")
    who = await trust.principal(given.removeprefix(_BEARER), now=clock.now())
    if who.role not in _ROLES:
        raise Forbidden("当前角色不能执行此操作")
    return who


def _problem(status: int, code: str, detail: str, **more: int) -> bytes:
    return msgspec.json.encode({
        "type": f"urn:jianfu:problem:{code}",
        "title": title_of(code, status),
        "status": status,
        "detail": detail,
        "code": code,
        **more,
    })  # fmt: skip


async def _undecoded(message: NatsMessage) -> bytes:
    """Leave the body as it came: what is wrong with it is for us to say."""
    return bytes(message.body)


def _security(address: Address) -> BaseSecurity | None:
    if address.seed_file is not None:
        return NatsNKey(address.seed_file, ssl_context=address.tls)
    return BaseSecurity(ssl_context=address.tls) if address.tls else None
