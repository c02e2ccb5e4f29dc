"""The parts of a running intake that routes and requests use."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from kit.db import Pool
from kit.scoped import Readers
from services.intake.facts import Facts
from services.intake.imports.importing import Importer
from services.intake.taking import Taker


@dataclass(frozen=True, slots=True)
class Parts:
    """What exists while the app runs."""

    pool: Pool
    readers: Readers
    facts: Facts
    taker: Taker
    importer: Importer


def parts_of(request: Request) -> Parts:
    """Return the parts of the app that serves a request: one call on the hot path, where a dependency costs more."""
    parts: Parts = request.app.state.parts
    return parts


async def _dependency(request: Request) -> Parts:
    return parts_of(request)


PartsOf: TypeAlias = Annotated[Parts, Depends(_dependency)]
"""The parts of the app that serves a request, as a dependency."""
