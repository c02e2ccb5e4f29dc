"""Background tasks of a service's lifespan: started together, never lost, ended in order."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def background(work: Coroutine[object, object, None], *, name: str) -> AsyncIterator[None]:
    """Run ``work`` while the block runs; cancel and await it at the end; log it when it fails."""
    raise NotImplementedError
    yield
