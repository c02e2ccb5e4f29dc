"""The ledger beside what others would use for the same acts: ``python -m bench.others``.

A FastStream handler with one INSERT for each message (``naive_faststream``), and the Python library ``eventsourcing``
(``event_store``), which only stores, one act or 500 in a transaction.
"""

import asyncio

from bench import event_store, naive_faststream
from bench.feeds import deliveries, plain
from bench.figures import Figure, ratio
from bench.harness import Rounds, command, fresh_database, fresh_facts, servers, settled, speed
from bench.ledger import from_the_stream

ACTS, FEWER = 20_000, 3_000
"""Acts for us, and for those that would take minutes."""
LEDGER, NAIVE = "ledger, plain acts", "FastStream handler, one INSERT a message"
ONE, MANY = "eventsourcing library, one act a save", "eventsourcing library, 500 acts a save"


async def measure(rounds: Rounds) -> list[Figure]:
    """Run everybody in every round."""
    found = deliveries(plain(rounds.acts(ACTS, of=2000)))
    fewer = found[: rounds.acts(FEWER, of=500)]
    speeds: dict[str, list[float]] = {}
    with servers() as both:
        for _ in rounds:
            speeds.setdefault(LEDGER, []).append(await from_the_stream(both, found))
            address = await fresh_database(both.postgres.url, "ledger")
            await fresh_facts(both, fewer)
            with settled():
                reached = await speed(naive_faststream.take(both, address, fewer), len(fewer))
            speeds.setdefault(NAIVE, []).append(reached)
            for name, at_once in ((ONE, 1), (MANY, 500)):
                some = fewer if at_once == 1 else found
                address = await fresh_database(both.postgres.url, "ledger")
                with settled():
                    store = asyncio.to_thread(event_store.take, address, some, at_once=at_once)
                    speeds.setdefault(name, []).append(await speed(store, len(some)))
    figures = {name: Figure(name, reached) for name, reached in speeds.items()}
    ours = figures[LEDGER]
    return [
        *figures.values(),
        ratio(ours, figures[NAIVE], 8),
        *(ratio(ours, figures[name]) for name in (ONE, MANY)),
    ]


if __name__ == "__main__":
    command(measure, __doc__ or "")
