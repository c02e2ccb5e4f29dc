"""The three streams, made where they belong: facts and alerts in one account, clues in another."""

from kit.nats import close, connect
from kit.streams import ALERTS, CLUES, FACTS, ensure_stream


async def ensure(nats_url: str, clues_url: str) -> list[tuple[str, str]]:
    """Make the streams or bring them up to date; give the name of each and what was done."""
    done = []
    for url, streams in ((nats_url, (FACTS, ALERTS)), (clues_url, (CLUES,))):
        connection = await connect(url, name="deploy")
        try:
            done += [(str(one.name), await ensure_stream(connection.jetstream(), one)) for one in streams]
        finally:
            await close(connection)
    return done
