"""Connections to NATS that outlive the server and report what happens to them."""

import asyncio
import contextlib
import logging
import os
import signal
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.subscription import Subscription
from pydantic import SecretStr

from kit.config import reveal
from kit.secret_files import read_secret

PING_INTERVAL: Final = 10
"""Seconds; two unanswered pings end a half-open connection (the library waits 120 s for each)."""
_DRAIN: Final = 5.0

Receive = Callable[[str, str, bytes, bytes], None]
"""Takes a message's subject, reply subject, header block as it came and body, at once; must not raise."""

_log = structlog.stdlib.get_logger("kit.nats")


def inbox_of(user: str) -> str:
    """Return what the inboxes of a NATS user begin with: one that no other user may listen to."""
    return f"_INBOX_{user}"


class Address(NamedTuple):
    """What a URL says: where the server is, as whom to connect, and how to know it."""

    server: str
    """As the library takes it; a password is in it, a user with an nkey is not."""
    user: str | None
    seed_file: Path | None
    tls: ssl.SSLContext | None


def read_address(url: SecretStr | str) -> Address:
    """Read ``nats://user@host:4222?seed_file=/…/user.nk&ca_file=/…/ca.pem``.

    ``seed_file`` holds the user's nkey seed, ``ca_file`` the authority of the server's certificate and turns TLS on; a
    server without nkeys takes ``user:password@`` instead. Raises ``ValueError`` for another parameter or a seed that
    others may read, ``OSError`` where a file cannot be read.
    """
    parts = urlsplit(reveal(url))
    given = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
    seed_file, ca_file = given.pop("seed_file", None), given.pop("ca_file", None)
    if given:
        raise ValueError(f"NATS address: expected seed_file and ca_file, not {', '.join(sorted(given))}")
    if seed_file is not None:
        read_secret(Path(seed_file))
    place = parts.netloc if seed_file is None else parts.netloc.rpartition("@")[2]
    return Address(
        f"{parts.scheme}://{place}",
        parts.username,
        None if seed_file is None else Path(seed_file),
        None if ca_file is None else ssl.create_default_context(cafile=ca_file),
    )


async def connect(url: SecretStr | str, *, name: str, patience: float = 30.0) -> Client:
    """Connect as ``name`` to what ``read_address`` reads; afterwards reconnect for ever.

    Answers come to the inboxes of the URL's user, or of ``name`` where it has none. Waits up to ``patience`` seconds for
    the first connection and then raises ``ConnectionError``. Later trouble is logged and never raised by a callback.
    """
    address = read_address(url)
    client = _Connection(name)
    options: dict[str, Any] = {
        "reconnect_time_wait": 0.25,
        "inbox_prefix": inbox_of(address.user or name),
    }  # loose keywords, as the library takes them (declared int)
    if address.seed_file is not None:
        options["nkeys_seed"] = str(address.seed_file)
    if address.tls is not None:
        options["tls"] = address.tls
        logging.getLogger("asyncio").addFilter(_worth_telling)
    try:
        async with asyncio.timeout(patience):
            await client.connect(
                address.server,
                name=name,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                connect_timeout=5,
                ping_interval=PING_INTERVAL,
                max_outstanding_pings=2,
                error_cb=client.on_error,
                disconnected_cb=client.on_disconnected,
                reconnected_cb=client.on_reconnected,
                closed_cb=client.on_closed,
                **options,
            )
    except (TimeoutError, OSError, nats.errors.Error) as error:
        await close(client)
        raise ConnectionError(
            f"no connection to NATS after {patience:g} s: {client.last_trouble or type(error).__name__}"
        ) from error
    return client


def _worth_telling(record: logging.LogRecord) -> bool:
    """Leave out what asyncio says at the end of every TLS connection of the library, and which means nothing."""
    return "eof_received" not in str(record.msg)


async def settle(nc: Client) -> None:
    """Return when the server has processed what was sent so far; its errors about that have come too.

    The library's ping overtakes what waits to be written, so the first answer proves nothing and the second all.
    """
    await nc.flush()
    await nc.flush()


async def close(nc: Client) -> None:
    """Send what is buffered and close, whatever state the connection is in; never raises."""
    with contextlib.suppress(Exception):  # drain() of a connection that is away, close() of one that was reset
        async with asyncio.timeout(_DRAIN):
            if nc.is_connected:
                await nc.drain()
    with contextlib.suppress(Exception):
        if not nc.is_closed:
            await nc.close()


async def listen(nc: Client, subject: str, receive: Receive) -> Subscription:
    """Subscribe with a plain function that is called as the messages come in.

    The library's own way makes an object of each message, parses its headers and hands it to a task through a queue:
    half of what reading a stream costs. ``nc`` is a connection of ``connect``.
    """
    if not isinstance(nc, _Connection):
        raise TypeError("expected a connection of kit.nats.connect")
    subscription = await nc.subscribe(subject)
    nc.receivers[subscription._id] = receive  # noqa: SLF001 - its number, by which messages name it
    return subscription


def end_process(label: str, error: Exception | None) -> None:
    """End this process in order, because a connection was closed for good: only a new process can mend that.

    Whoever supervises it starts it anew.
    """
    _log.critical("nats.lost", connection=label, error=type(error).__name__)
    os.kill(os.getpid(), signal.SIGTERM)


class _Connection(Client):
    """A client that knows whether it was closed on purpose, and writes what happens to it into the log.

    The library closes for good on a refused login or a broken protocol.
    """

    def __init__(self, label: str) -> None:
        super().__init__()
        self._label = label
        self._on_purpose = False
        self.last_trouble: str | None = None
        self.receivers: dict[int, Receive] = {}
        """Who takes the messages of a subscription, by its number, instead of the library."""

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        """Take one message from the parser (what the library calls; the reader's tests fail if a release does not)."""
        receive = self.receivers.get(sid)
        if receive is None:
            await super()._process_msg(sid, subject, reply, data, headers)
            return
        self.stats["in_msgs"] += 1
        self.stats["in_bytes"] += len(data)
        receive(subject.decode(), reply.decode(), headers or b"", data)  # None where the message has none

    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        """Forget a subscription (what the library calls)."""
        self.receivers.pop(sid, None)
        super()._remove_sub(sid, max_msgs)

    async def close(self) -> None:
        """Close on purpose."""
        self._on_purpose = True
        await super().close()

    async def drain(self) -> None:
        """Send what is buffered and close on purpose."""
        self._on_purpose = True
        await super().drain()

    async def on_error(self, error: Exception) -> None:
        """Tell of trouble; an unreachable server is one line, not one per attempt."""
        text = f"{type(error).__name__}: {error}"
        if text != self.last_trouble:
            _log.warning("nats.trouble", connection=self._label, error=text)
        self.last_trouble = text

    async def on_disconnected(self) -> None:
        """Tell that the server is away."""
        if not self._on_purpose:
            _log.warning("nats.disconnected", connection=self._label)

    async def on_reconnected(self) -> None:
        """Tell that it is back."""
        self.last_trouble = None
        _log.info("nats.reconnected", connection=self._label)

    async def on_closed(self) -> None:
        """End the process when the connection is closed for good and nobody wanted it."""
        if not self._on_purpose:
            end_process(self._label, self.last_error)
