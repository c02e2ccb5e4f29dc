"""Receivers for the tests: an HTTP server and a mail server that behave as a test tells them to, and what they got."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Got:
    """One request that the HTTP receiver read."""

    path: str
    headers: dict[str, str]
    body: bytes

    def alert_ids(self) -> list[str]:
        """Return the ids of the alerts that it tells of."""
        told: Any = json.loads(self.body)
        events = told if isinstance(told, list) else [told]
        return [event["data"]["alert_id"] for event in events]


@dataclass
class HttpReceiver:
    """Answers every request with ``answer``; ``hang`` keeps it from answering at all."""

    port: int = 0
    answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n"
    hang: bool = False
    tls: ssl.SSLContext | None = None
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/alerts"

    def say(self, status: int, *headers: str) -> None:
        """Answer with this status from now on."""
        self.answer = "\r\n".join([f"HTTP/1.1 {status} X", *headers, "content-length: 0", "", ""]).encode()

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["HttpReceiver"]:
        """Listen while the block lasts; on the same port as before when it was up before."""
        writers: set[asyncio.StreamWriter] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.add(writer)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    await self._exchange(reader, writer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", self.port, reuse_address=True, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in writers:
                writer.transport.abort()
            await server.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.got.append(Got(head[0].split()[1], headers, body))
        if self.hang:
            await reader.read()  # until the sender leaves
            return
        writer.write(self.answer)
        await writer.drain()


@dataclass
class MailReceiver:
    """A mail server that answers DATA with ``answer``, RCPT with ``mailbox``."""

    port: int = 0
    answer: str = "250 OK"
    mailbox: str = "250 OK"
    got: list[bytes] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  aiosmtpd finds it by this name
        self,
        server: SMTP,  # noqa: ARG002  its signature
        session: Session,  # noqa: ARG002
        envelope: Envelope,
        address: str,
        options: list[str],  # noqa: ARG002
    ) -> str:
        """Take or refuse a recipient."""
        if self.mailbox.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        """Take or refuse a mail."""
        if self.answer.startswith("250"):
            self.got.append(envelope.content if isinstance(envelope.content, bytes) else b"")
        return self.answer

    @contextlib.asynccontextmanager
    async def up(self) -> AsyncIterator["MailReceiver"]:
        """Listen while the block lasts."""
        self.port = self.port or free_port()
        controller = UnthreadedController(
            self, hostname="127.0.0.1", port=self.port, loop=asyncio.get_running_loop(), enable_SMTPUTF8=True
        )
        server = await controller.loop.create_server(controller._factory_invoker, "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context for ``name``, and the file of the authority to believe."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file
