"""Names of units, remembered for a short while so that pages show names and not keys."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from kit.auth import Principal, Role
from kit.errors import Rejected
from services.console.answers import Page, Unit
from services.console.backend import Backend, Service, Unavailable

FRESH: Final = timedelta(minutes=1)
_MOST_PAGES: Final = 20
_PAGE: Final = 500
_Sight = tuple[Role, str, frozenset[str]]
"""What decides which units somebody may know of."""


class Units:
    """The ledger's directory of units; without it a page shows the key of a unit."""

    def __init__(self, backend: Backend, *, now: Callable[[], datetime]) -> None:
        """Ask the ledger through ``backend``."""
        self._backend = backend
        self._now = now
        self._known: dict[_Sight, tuple[datetime, Mapping[str, Unit]]] = {}

    async def directory(self, who: Principal, token: str) -> Mapping[str, Unit]:
        """Return the units that ``who`` may know of by key; empty when the ledger cannot say."""
        sight = (who.role, who.jurisdiction, who.units)
        at, units = self._known.get(sight, (None, {}))
        if at is None or self._now() - at > FRESH:
            with contextlib.suppress(Rejected, Unavailable):
                units = {unit.unit_id: unit for unit in await self._ask(token)}
            self._known[sight] = (self._now(), units)
        return units

    async def _ask(self, token: str) -> list[Unit]:
        found: list[Unit] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            params = {"limit": _PAGE, "after": after}
            page = await self._backend.get(Service.LEDGER, "/v1/units", Page[Unit], token=token, params=params)
            found.extend(page.items)
            after = page.next
            if after is None:
                break
        return found
