"""The live list: notify's event stream, turned into rows for the pages that show alerts.

A page asks notify for the position of its stream before it asks the monitor for alerts, and its live list begins behind
that position: nothing falls between the page and the stream. When notify goes away the browser's connection stays: the
page says so, and the stream goes on after the last event as soon as notify is back.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kit.clock import now
from kit.errors import Rejected
from services.console.answers.monitor import Alert
from services.console.answers.notify import Clue
from services.console.answers.shape import Page
from services.console.backend import Service, Unavailable, attempt
from services.console.desk import Desk, desk_of
from services.console.rendering import naming
from services.console.session import WATCHERS, User, signed_in

router = APIRouter()
log = structlog.get_logger()

_RETRY_SECONDS: Final = (0.5, 2.0, 5.0, 10.0)


class Follow(BaseModel):
    """What a live list shows."""

    model_config = ConfigDict(frozen=True)

    shown: str = Field("list", pattern="^(list|table)$")
    after: str = Field("", pattern="^[0-9]{0,18}$")
    severity: str = Field("", pattern="^(serious|warning|info)?$")
    rule: str = Field("", max_length=40)
    jurisdiction: str = Field("", max_length=12)


@router.get("/live/alerts", response_class=EventSourceResponse)
async def live_alerts(
    request: Request,
    user: Annotated[User, Depends(signed_in(*WATCHERS))],
    follow: Annotated[Follow, Query()],
    last_event_id: Annotated[str | None, Header(pattern="^[0-9]{1,18}$")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Send a row for every alert that is raised, amended or retracted, until the session ends."""
    follower = Follower(desk_of(request, user), follow, last_event_id or follow.after)
    async for event in follower.events():
        yield event


class Follower:
    """One browser's live list."""

    def __init__(self, desk: Desk, follow: Follow, last_id: str) -> None:
        """Follow for ``desk``'s user from after ``last_id``; an empty one is now."""
        self._desk = desk
        self._template = f"live_{follow.shown}.html"
        self._filters = {"severity": follow.severity, "rule": follow.rule, "jurisdiction": follow.jurisdiction}
        self._last_id = last_id

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """Yield rows and the state of the connection; ends with the session or when notify refuses."""
        tries = 0
        while now() < self._desk.user.expires:
            try:
                async for event in self._connected():
                    tries = 0
                    yield event
            except (Unavailable, httpx.HTTPError) as error:
                log.info("live.interrupted", kind=type(error).__name__)
                yield self._state("interrupted")
            except Rejected:
                yield self._state("refused")
                return
            await asyncio.sleep(_RETRY_SECONDS[min(tries, len(_RETRY_SECONDS) - 1)])
            tries += 1
        yield self._state("ended")

    async def _connected(self) -> AsyncIterator[ServerSentEvent]:
        """Yield what one connection to notify brings, until it or the session ends."""
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last_id} if self._last_id else {})
        opened = self._desk.state.backend.stream(
            Service.NOTIFY, "/v1/stream", token=self._desk.user.token, params=self._filters, headers=headers
        )
        async with opened as response:
            yield self._state("live")
            async for frame in read_frames(response.aiter_lines()):
                self._last_id = frame.id or self._last_id
                if frame.name == "end":
                    return
                row = await self._row(frame.data) if frame.data else None
                yield ServerSentEvent(raw_data=row, id=frame.id or None, comment=None if row else "position")
                if now() >= self._desk.user.expires:
                    return

    async def _row(self, body: str) -> str | None:
        try:
            alert = Alert.model_validate_json(body)
        except ValidationError:
            log.warning("live.unreadable", bytes=len(body))
            return None
        context = {"alert": alert, "fresh": True, **naming(await self._desk.names())}
        return self._desk.state.renderer.text(self._template, context)

    def _state(self, state: str) -> ServerSentEvent:
        return ServerSentEvent(raw_data=self._desk.state.renderer.text("live_state.html", {"state": state}))


async def position(desk: Desk) -> str:
    """Return where the stream of alerts stands now; empty when notify does not say."""
    page = await attempt(desk.get(Service.NOTIFY, "/v1/clues", Page[Clue], limit=1))
    return str(page.value.current.position) if page.value and page.value.current else ""


@dataclass(frozen=True, slots=True)
class Frame:
    """One server-sent event as it came."""

    name: str
    id: str
    data: str


async def read_frames(lines: AsyncIterator[str]) -> AsyncIterator[Frame]:
    """Read server-sent events; those that only tell an id have no data, pure comments are left out."""
    name, event_id, data = "", "", list[str]()
    async for line in lines:
        if not line:
            if data or event_id:
                yield Frame(name, event_id, "\n".join(data))
            name, event_id, data = "", "", []
        elif not line.startswith(":"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field == "data":
                data.append(value)
            elif field == "id":
                event_id = value
            elif field == "event":
                name = value
