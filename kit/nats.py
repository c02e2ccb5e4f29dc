"""Connections to NATS that outlive the server and report what happens to them."""

from pathlib import Path

from nats.aio.client import Client
from pydantic import SecretStr


async def connect(
    url: SecretStr | str,
    *,
    name: str,
    seed_file: Path | None = None,
    ca_file: Path | None = None,
    user: str | None = None,
    password: SecretStr | str | None = None,
    inbox_prefix: str | None = None,
    patience: float = 30.0,
) -> Client:
    """Connect as ``name``; afterwards reconnect for ever.

    Waits up to ``patience`` seconds for the first connection and then raises ``ConnectionError``. Every trouble of the
    connection is logged, none is raised out of a callback.
    """
    raise NotImplementedError


async def close(nc: Client) -> None:
    """Drain and close, whatever state the connection is in; never raises."""
    raise NotImplementedError
