"""What the HTTP routes of a running notify use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from kit.db import Pool
from kit.scoped import Readers
from services.notify.handover import Casework
from services.notify.hub import Hub
from services.notify.reading import Alerts
from services.notify.streaming import Clients
from services.notify.world import World


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one app; there is one of these for each lifespan."""

    pool: Pool
    readers: Readers
    casework: Casework
    hub: Hub
    clients: Clients
    clue_stated: Callable[[], None] = field(repr=False)
    """Called after a commit that has a clue's fact to publish and a desk to tell."""
    alerts: Alerts
    world: World


def _of_app(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


OfApp = Annotated[Parts, Depends(_of_app)]
