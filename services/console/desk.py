"""One user's request: the services asked with that user's token, and pages drawn with that user's navigation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request, Response
from pydantic import BaseModel, JsonValue

from services.console.answers.shape import Current
from services.console.backend import Service
from services.console.session import User
from services.console.state import State, state_of
from services.console.units import Names

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a page handler works with."""

    request: Request
    user: User
    state: State

    async def get(self, service: Service, path: str, shape: type[ModelT], **params: str | int | None) -> ModelT:
        """Ask a service; same errors as ``Backend.get``."""
        return await self.state.backend.get(service, path, shape, token=self.user.token, params=params)

    async def post(
        self, service: Service, path: str, shape: type[ModelT], body: Mapping[str, JsonValue] | None = None
    ) -> ModelT:
        """Send something to a service; same errors as ``Backend.post``."""
        return await self.state.backend.post(service, path, shape, token=self.user.token, body=body)

    async def names(self) -> Names:
        """Return the names that the user may know."""
        return await self.state.units.names(self.user, self.user.token)

    async def page(
        self, template: str, *, current: Current | None = None, status: int = 200, **context: object
    ) -> Response:
        """Draw a page for the user; ``current`` is up to which fact it is."""
        names = await self.names()
        common = {
            "user": self.user,
            "path": self.request.url.path,
            "query": self.request.query_params,
            "current": current,
            "down": self.state.backend.down,
        }
        return self.state.renderer.page(template, {**common, **context}, names=names, status=status)


def desk_of(request: Request, user: User) -> Desk:
    """Return the desk of a request."""
    return Desk(request=request, user=user, state=state_of(request))
