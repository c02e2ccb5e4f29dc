"""What the pages of one running console share."""

from dataclasses import dataclass

from fastapi import Request

from kit.auth import Keys
from services.console.backend import Backend
from services.console.rendering import Renderer
from services.console.ticket import Tickets
from services.console.units import Units
from services.console.worker import Worker


@dataclass(frozen=True, slots=True)
class State:
    """The parts that ``app.py`` put together."""

    keys: Keys
    tickets: Tickets
    backend: Backend
    renderer: Renderer
    units: Units
    worker: Worker


def state_of(request: Request) -> State:
    """Return the parts of the console that serves a request."""
    state = request.app.state.console
    if not isinstance(state, State):
        msg = "the console was not put together by create_app"
        raise TypeError(msg)
    return state
