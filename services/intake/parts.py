"""The parts of a running intake that routes and requests use."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from kit.db import Pool
from services.intake.facts import Facts
from services.intake.imports.importing import Importer
from services.intake.taking import Taker


@dataclass(frozen=True, slots=True)
class Parts:
    """What exists while the app runs."""

    pool: Pool
    facts: Facts
    taker: Taker
    importer: Importer


async def _of(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf: TypeAlias = Annotated[Parts, Depends(_of)]
"""The parts of the app that serves a request."""
