"""How long a replay takes: ``python -m bench.replay``.

200,000 facts from the stream into an empty ledger (journal, all ledgers, counts), and from the journal into the tables of all
ledgers built anew beside the live ones, proved equal and switched (``jianfu ledger rebuild``).
"""

import time

from bench.feeds import deliveries, mixed
from bench.figures import Figure
from bench.harness import Rounds, command, fresh_database, fresh_facts, servers, settled
from bench.ledger import follow_until
from kit.db import connect_pool
from services.ledger.projections import load_ledgers
from services.ledger.rebuild import rebuild
from services.ledger.recording import Recorder

FACTS = 200_000


async def measure(rounds: Rounds) -> list[Figure]:
    """Replay both ways in every round."""
    count = rounds.acts(FACTS)
    times: dict[str, list[float]] = {"stream": [], "journal": []}
    with servers() as both:
        await fresh_facts(both, deliveries(mixed(count)))
        for _ in rounds:
            address = await fresh_database(both.postgres.url, "ledger")
            async with await connect_pool(address, size=2, schema="ledger") as pool:
                with settled():
                    began = time.perf_counter()
                    await follow_until(both, Recorder.of(pool, load_ledgers()), count)
                    times["stream"].append(time.perf_counter() - began)
            with settled():
                began = time.perf_counter()
                report = await rebuild(address)
                times["journal"].append(time.perf_counter() - began)
            if not report.equal:
                raise RuntimeError("the rebuilt ledgers differ from the live ones")
    limit = 25 * count / FACTS
    return [
        Figure(f"replay of {count:,} facts from the stream", times["stream"], "s", limit, at_most=True),
        Figure(f"rebuild of all ledgers from {count:,} facts", times["journal"], "s", limit, at_most=True),
    ]


if __name__ == "__main__":
    command(measure, __doc__ or "")
