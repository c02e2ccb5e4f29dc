"""What tests of the pages stand on: keys, tokens, tickets, and a console over other services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI

from kit.auth import Principal, Role, mint, new_key_pair
from kit.clock import now
from services.console.app import create_app
from services.console.config import Settings
from services.console.ticket import mint_ticket

ORIGIN = "http://console.test"


class KeyPair(NamedTuple):
    """A private key in PEM and the file of its public key."""

    private: bytes
    public: Path


def make_keys(folder: Path) -> KeyPair:
    private, public = new_key_pair()
    path = folder / "token.pub"
    path.write_bytes(public)
    return KeyPair(private, path)


def principal_of(role: Role) -> Principal:
    units = frozenset({"qh.zfb"}) if role is Role.OFFICE else frozenset[str]()
    return Principal(f"{role.value}@qinghe", role, "990101", units)


def token_of(keys: KeyPair, role: Role, *, ttl: timedelta = timedelta(hours=8)) -> str:
    return mint(keys.private, principal_of(role), now=now(), ttl=ttl)


def ticket_of(keys: KeyPair, role: Role) -> str:
    return mint_ticket(keys.private, token_of(keys, role), now=now())


@asynccontextmanager
async def console_over(backend_url: str, keys: KeyPair) -> AsyncIterator[FastAPI]:
    """Run a console whose four services are one application at ``backend_url``."""
    settings = Settings(
        public_key_file=keys.public,
        intake_url=backend_url,
        ledger_url=backend_url,
        monitor_url=backend_url,
        notify_url=backend_url,
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app
