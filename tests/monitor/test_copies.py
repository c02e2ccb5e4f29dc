"""The index finds what comparing each sketch with each finds."""

from random import Random

import pytest

from contracts.text import SKETCH_METHOD, containment
from contracts.workdays import builtin
from deploy.copies_found import told
from services.monitor.book import load, shipped
from services.monitor.copies import Match, SketchIndex
from services.monitor.copying import copies, documents
from services.monitor.state import State
from tests import factories as f
from tests.monitor.test_apply import deliveries, feed


def texts(random: Random, number: int) -> list[list[int]]:
    """Return sketches of which some are mostly in earlier ones, and all share a few values."""
    common = [random.getrandbits(60) for _ in range(6)]
    made: list[list[int]] = []
    for _ in range(number):
        values = {*random.sample(common, 3), *(random.getrandbits(60) for _ in range(random.randint(20, 90)))}
        if made and random.random() < 0.4:
            source = random.choice(made)
            values = {
                *random.sample(source, len(source) * random.randint(3, 10) // 10),
                *random.sample(sorted(values), 15),
            }
        made.append(sorted(values))
    return made


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("at_least", [0.2, 0.7])
def test_the_index_finds_what_comparing_all_finds(seed, at_least):
    random = Random(seed)
    sketches = texts(random, 300)
    index = SketchIndex(sketches)
    assert len(index) == 300
    wanted = [
        {at for at, other in enumerate(sketches) if (containment(values, other) or 0) >= at_least}
        for values in sketches
    ]
    found = index.find(sketches, at_least)
    assert [{match.document for match in some} for some in found] == wanted
    for at, some in enumerate(found):
        assert Match(at, 1.0) in some
        assert [match.share for match in some] == sorted((match.share for match in some), reverse=True)


def test_what_everybody_says_names_nobody():
    random = Random(1)
    said = list(range(0, 2**60, 2**58))
    own = [[random.getrandbits(60) for _ in range(4)] for _ in range(1200)]
    index = SketchIndex([*said, *values] for values in own)
    assert index.find([[*said, *own[7]]], 0.5) == [[Match(7, 1.0)]]
    assert index.find([said], 0.1) == [[]]
    assert len(SketchIndex([*said, *values] for values in own[:1000]).find([said], 0.1)[0]) == 1000


def test_an_empty_index_and_an_empty_sketch_find_nothing():
    assert SketchIndex([]).find([[1, 2]], 0.1) == [[]]
    index = SketchIndex([[2**40, 2**41]])
    assert index.find([[], [2**40]], 0.1) == [[], [Match(0, 1.0)]]
    assert index.find([], 0.1) == []


async def test_who_copied_whom_is_found_in_the_log(pool_for):
    pool = await pool_for("monitor")
    random = Random(3)
    text = [random.getrandbits(60) for _ in range(100)]

    def document(unit: str, day: int, values: list[int], method: str = SKETCH_METHOD) -> f.Event:
        sketch = {"method": method, "values": sorted(values)}
        return f.issued(
            id=f"{unit}-{day}", unit=unit, place="990101", dated=f"2025-03-{day:02}", doc_no=None,
            heading=f"{unit}第{day}号", time=f"2025-03-{day:02}T09:00:00+08:00", sketch=sketch,
        )  # fmt: skip

    own = [random.getrandbits(60) for _ in range(100)]
    facts = [
        document("u-second", 9, [*text[:80], *own[:20]]),
        document("u-first", 2, text),
        document("u-first", 20, text),  # its own text again is DOC-15's matter
        document("u-other", 12, own),
        document("u-short", 15, text[:39]),
        document("u-old", 16, text, "fmh-han5-s16-1"),
    ]
    await feed(pool, State(load(*shipped()), builtin()), deliveries([f.wire(one) for one in facts]), [])

    async def nothing(_done: int, _total: int) -> None:
        pass

    found = await documents(pool, load(*shipped()), builtin(), "9901", 40, nothing)
    assert [one.unit for one in found] == ["u-first", "u-second", "u-other", "u-first"]
    said = [(one.later.name, one.earlier.name, one.share) for one in copies(found, 0.7)]
    assert said == [("《u-second第9号》", "《u-first第2号》", 0.8)]
    lines = list(told(copies(found, 0.7)))
    assert lines[0] == "与外单位在先文件大体相同的文件 1 件。"
    assert "80%  2025-03-09 u-second 《u-second第9号》  ←  2025-03-02 u-first 《u-first第2号》" in lines[1]
    assert list(told([])) == ["与外单位在先文件大体相同的文件 0 件。没有发现照抄。"]
    assert await documents(pool, load(*shipped()), builtin(), "64", 40, nothing) == []
