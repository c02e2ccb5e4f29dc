"""Names of units, remembered for a short while so that pages show names and not keys."""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from contracts.jurisdiction import NATION
from kit.auth import Principal, Role
from kit.errors import Rejected
from services.console.answers.ledger import Unit
from services.console.answers.shape import Page
from services.console.backend import Backend, Service, Unavailable

FRESH: Final = timedelta(minutes=1)
_MOST_PAGES: Final = 20
_PAGE: Final = 500
_SEAT: Final = "人民政府"
_WORD: Final = re.compile(r" ?([A-Za-z0-9][A-Za-z0-9_.:/\-]*[A-Za-z0-9]) ?")
"""What may be a key, with the blanks that set it apart from Chinese."""
_Sight = tuple[Role, str, frozenset[str]]
"""What decides which units somebody may know of."""


@dataclass(frozen=True, slots=True)
class Names:
    """What to call units and places."""

    units: Mapping[str, Unit]
    """By key."""

    def unit(self, key: str) -> str:
        """Return a unit's name, or its key when it is not registered."""
        known = self.units.get(key)
        return known.name if known else key

    def place(self, code: str) -> str:
        """Return what a place is called after its government, or its code."""
        if code == NATION:
            return "全国"
        seats = (unit.name for unit in self.units.values() if unit.jurisdiction == code)
        return next((name.removesuffix(_SEAT) for name in seats if name.endswith(_SEAT)), code)

    def in_text(self, text: str) -> str:
        """Return a text with the keys of registered units replaced by their names."""
        return _WORD.sub(lambda word: self.units[word[1]].name if word[1] in self.units else word[0], text)


class Units:
    """The ledger's directory of units; without it a page shows the key of a unit."""

    def __init__(self, backend: Backend, *, now: Callable[[], datetime]) -> None:
        """Ask the ledger through ``backend``."""
        self._backend = backend
        self._now = now
        self._known: dict[_Sight, tuple[datetime, Mapping[str, Unit]]] = {}

    async def names(self, who: Principal, token: str) -> Names:
        """Return the names of the units that ``who`` may know of; none when the ledger cannot say."""
        sight = (who.role, who.jurisdiction, who.units)
        at, units = self._known.get(sight, (None, {}))
        if at is None or self._now() - at > FRESH:
            with contextlib.suppress(Rejected, Unavailable):
                known = sorted(await self._ask(token), key=lambda unit: (unit.jurisdiction, unit.name))
                units = {unit.unit_id: unit for unit in known}
            self._known[sight] = (self._now(), units)
        return Names(units)

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
