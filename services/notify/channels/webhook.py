"""Posts alerts as CloudEvents to another system, signed as Standard Webhooks describes, and never where it should not.

One alert is one structured CloudEvent, several are a batch; the bytes are those of the ALERTS stream. The address is
resolved here, checked and then connected to as checked, so a name cannot lead elsewhere in between. Redirects are not
followed and proxies of the environment not used.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import socket
import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import httpx
from pydantic import AfterValidator, Field

from services.notify.channels.base import ChannelKind, Message, Network, Options, Outcome, Surroundings

STRUCTURED: Final = "application/cloudevents+json; charset=utf-8"
BATCH: Final = "application/cloudevents-batch+json; charset=utf-8"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105  what every such secret begins with
_SECRET_BYTES: Final = range(24, 65)
_OUTCOMES: Final = {
    301: Outcome("retry", "redirected"),
    302: Outcome("retry", "redirected"),
    303: Outcome("retry", "redirected"),
    307: Outcome("retry", "redirected"),
    308: Outcome("retry", "redirected"),
    400: Outcome("refused", "not_acceptable"),
    401: Outcome("retry", "not_authorised"),
    403: Outcome("retry", "not_authorised"),
    404: Outcome("retry", "not_found"),
    405: Outcome("retry", "not_found"),
    410: Outcome("refused", "gone"),
    413: Outcome("refused", "not_acceptable"),
    415: Outcome("refused", "not_acceptable"),
    422: Outcome("refused", "not_acceptable"),
    425: Outcome("retry", "busy"),
    429: Outcome("retry", "busy"),
    503: Outcome("retry", "busy"),
}
"""What a status means. A receiver that is set up wrongly may be mended, so that is tried again."""

Address = IPv4Address | IPv6Address


def _plain_http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment:
        msg = "应为 http:// 或 https:// 开头的网址，不含用户名和片段"
        raise ValueError(msg)
    if parts.port == 0:
        msg = "端口无效"
        raise ValueError(msg)
    return url


class WebhookOptions(Options):
    """Where to post and with which secret to sign."""

    url: Annotated[str, Field(max_length=500), AfterValidator(_plain_http)]
    secret_file: Path = Field(description="Holds whsec_ and the base64 of 24 to 64 random bytes")
    ca_file: Path | None = Field(
        default=None, description="Certificate authority of the receiver, if it is no public one"
    )


def read_secret(path: Path) -> bytes:
    """Return the key of a secret file; raise ``ValueError`` without its content."""
    try:
        text = path.read_text("ascii").strip()
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error):
        key = b""
    if len(key) not in _SECRET_BYTES:
        msg = "签名密钥文件应能读取，内容为 whsec_ 加 24 至 64 个随机字节的 base64"
        raise ValueError(msg)
    return key


def sign(secret: bytes, *, message_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks: id, timestamp, and HMAC-SHA256 over ``id.timestamp.body``."""
    timestamp = str(int(sent_at.timestamp()))
    mac = hmac.digest(secret, b".".join((message_id.encode(), timestamp.encode(), body)), hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


def allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Tell whether a channel may connect there: public addresses, and others only when a listed network holds them."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or any(address in network for network in networks)


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that believes this authority, or the public ones."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        msg = "无法读取证书文件 ca_file"
        raise ValueError(msg) from None


class _Webhook:
    def __init__(self, options: WebhookOptions, surroundings: Surroundings) -> None:
        self._url = httpx.URL(options.url)
        self._secret = read_secret(options.secret_file)
        self._networks = surroundings.allowed_networks
        self._timeout = surroundings.timeout.total_seconds()
        self._http = httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=self._timeout, verify=_trusted(options.ca_file)
        )

    async def send(self, message: Message) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._try_addresses(message)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome("retry", "timeout")
        except (OSError, httpx.TransportError):
            return Outcome("retry", "unreachable")

    async def close(self) -> None:
        await self._http.aclose()

    async def _try_addresses(self, message: Message) -> Outcome:
        """Post to the first of the host's addresses that answers and may be connected to."""
        found = await asyncio.get_running_loop().getaddrinfo(self._url.host, None, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found)
        outcome = Outcome("retry", "address_forbidden")
        for address in addresses:
            if allowed(address, self._networks):
                try:
                    return await self._post(message, address)
                except httpx.ConnectError:
                    outcome = Outcome("retry", "unreachable")
        return outcome

    async def _post(self, message: Message, address: Address) -> Outcome:
        single = len(message.items) == 1
        body = message.items[0].body if single else b"[" + b",".join(item.body for item in message.items) + b"]"
        headers = {
            "host": self._url.netloc.decode(),
            "content-type": STRUCTURED if single else BATCH,
            **sign(self._secret, message_id=message.id, sent_at=message.sent_at, body=body),
        }
        request = self._http.build_request(
            "POST",
            self._url.copy_with(host=str(address)),
            content=body,
            headers=headers,
            extensions={"sni_hostname": self._url.host},
        )
        response = await self._http.send(request, stream=True)
        await response.aclose()  # its body is of no interest, however long it is
        return _outcome(response)


def _outcome(response: httpx.Response) -> Outcome:
    if response.is_success:
        return Outcome("delivered", "accepted")
    if response.is_server_error and response.status_code not in _OUTCOMES:
        return Outcome("retry", "receiver_error")
    known = _OUTCOMES.get(response.status_code, Outcome("retry", "receiver_error"))
    asked = response.headers.get("retry-after", "")
    if known.reason == "busy" and asked.isascii() and asked.isdigit():
        return Outcome("retry", "busy", timedelta(seconds=min(int(asked), 86400)))
    return known


KIND = ChannelKind(options=WebhookOptions, open=_Webhook, daily_budget=None, at_once=16, tells_of_clues=False)
