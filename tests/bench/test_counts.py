"""A cost that grew, shrank, came or went without being written down is named; a target missed is said to be."""

import pytest

from bench.counts import judge
from bench.figures import Figure, ratio, table
from bench.relay import Answers


def test_every_difference_is_named() -> None:
    kept = {"same": 2.0, "grown": 2.0, "shrunk": 2.0, "gone": 1.0}
    assert judge({"same": 2.0, "grown": 3.0, "shrunk": 1.0, "new": 1.0}, kept) == [
        "gone: no longer counted",
        "grown: 3, more than 2",
        "new: not written down",
        "shrunk: 1, less than 2",
    ]
    assert judge(kept, kept) == []


def test_a_target_is_met_or_missed_by_the_median() -> None:
    assert Figure("speed", [1, 9, 10], target=8).verdict == "met"
    assert Figure("speed", [1, 7, 10], target=8).verdict == "MISSED"
    assert Figure("time", [1, 9, 10], target=8, at_most=True).verdict == "MISSED"
    assert Figure("time", [1, 7, 10]).verdict == ""
    assert ratio(Figure("a", [10, 30]), Figure("b", [20, 10])).values == [0.5, 3]
    assert "MISSED" in table([Figure("speed", [1], target=8)])


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_turns_are_counted_however_the_bytes_come(size: int) -> None:
    said = b"N" + b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I" + b"D\0\0\0\x06ZG" + b"G\0\0\0\x07\0\0\0" + b"Z\0\0\0\x05I"
    answers = Answers()
    assert sum(answers.turns(said[at : at + size]) for at in range(0, len(said), size)) == 3
