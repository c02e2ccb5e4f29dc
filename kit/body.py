"""JSON bodies of requests, read strictly: what no database or answer of ours could hold never reaches a route."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute

from contracts.faults import null_in


class StrictJson(APIRoute):
    """A route whose JSON body is valid UTF-8 without NaN, lone surrogates, U+0000 or bottomless nesting."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the usual handler behind a request that reads strictly."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(_Request(request.scope, request.receive))

        return strictly


class _Request(Request):
    async def json(self) -> Any:
        """Return the body; what is no JSON is told as FastAPI expects it, in our words where there are better ones."""
        try:
            value = msgspec.json.decode(await self.body())
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            raise json.JSONDecodeError("not JSON as we take it", "", 0) from None
        if (place := null_in(value)) is not None:
            raise json.JSONDecodeError(f"中不得有空字符(U+0000)：{place}", "", 0)
        return value
