"""The spool: what it said to keep is forwarded once and in order, whatever is killed, changed on the disk, or away."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy.embedded.errors import Unusable
from deploy.spool import files, forwarding, spool, telling
from deploy.spool.files import Full
from deploy.spool.forwarding import forward
from deploy.spool.spool import Spool, opened
from kit.auth import new_key_pair
from tests.deploy.numbered_intake import Intake, serving

SOURCE = "/oa/qinghe"


@pytest.fixture
def intake() -> Iterator[Intake]:
    with serving() as server:
        yield server


def line(id_: str, source: str = SOURCE, **more: object) -> bytes:
    return json.dumps({"source": source, "id": id_, **more}, ensure_ascii=False).encode()


async def send(box: Spool, intake: Intake, said: list[str] | None = None, *, patience: float = 5) -> bool:
    return await forward(box, intake.target, patience=lambda: patience, say=(said if said is not None else []).append)


def rejects(box: Spool) -> list[dict[str, Any]]:
    return [json.loads(one) for one in box.rejects.read_text("utf-8").splitlines()] if box.rejects.exists() else []


def adds_up(box: Spool, intake: Intake) -> None:
    """Everything kept is accounted for, and intake's account of the numbers says the same."""
    for source, tally in box.state.sources.items():
        assert tally.kept == sum(tally.counts.values()) + tally.kept - tally.done
        seen = intake.numbers.get((box.id, source), {})
        assert len(seen) == sum(count for name, count in tally.counts.items() if name != "damaged")
        assert set(seen) <= set(range(1, tally.kept + 1))


async def test_what_is_kept_is_forwarded_in_order_under_its_numbers(tmp_path: Path, intake: Intake) -> None:
    lines = [line(f"{n}", SOURCE if n % 3 else "/oa/other") for n in range(forwarding.EVENTS + 200)]
    with opened(tmp_path) as box:
        assert box.keep(lines).kept == len(lines)
        assert await send(box, intake)
        adds_up(box, intake)
        for source in (SOURCE, "/oa/other"):
            ours = [id_ for source_, id_ in intake.order if source_ == source]
            assert ours == sorted(ours, key=int)
            assert list(intake.numbers[box.id, source]) == list(range(1, len(ours) + 1))
    with opened(tmp_path) as box:
        assert telling.waiting(box) == 0
        assert box.waiting_bytes == 0
        assert box.keep([line("later")]).kept == 1
        assert await send(box, intake)
        assert max(intake.numbers[box.id, SOURCE]) == box.state.sources[SOURCE].kept


async def test_the_same_event_waits_once_and_other_content_is_for_intake_to_judge(
    tmp_path: Path, intake: Intake
) -> None:
    with opened(tmp_path) as box:
        kept = box.keep([line("a"), line("a"), line("a", note="other"), b"", line("b")])
        assert (kept.kept, kept.again) == (3, 1)
    with opened(tmp_path) as box:
        assert box.keep([line("a")]).again == 1
        assert await send(box, intake)
        assert box.state.sources[SOURCE].counts == {"accepted": 2, "conflict": 1}


async def test_what_is_no_event_or_refused_is_written_down_with_its_reason(tmp_path: Path, intake: Intake) -> None:
    with opened(tmp_path) as box:
        kept = box.keep(
            [b"{broken", line("bad-1"), line("bad-2", code="secret", text="★绝密"), b"[]", line("x" * 300_000)]
        )
        assert (kept.kept, kept.unkeepable) == (2, 3)
        assert await send(box, intake)
        told = rejects(box)
        assert [one["detail"] for one in told[:3]] == [
            "不是一行 JSON",
            "缺少事件来源（source），或其中有空格、汉字",
            "单个事件最多 256 KB",
        ]
        assert [(one["number"], one["id"], one["code"]) for one in told[3:]] == [
            (1, "bad-1", "invalid"),
            (2, "bad-2", "secret"),
        ]
        assert "绝密" not in json.dumps(told[4], ensure_ascii=False)
        assert "未收录 2 件" in telling.status(box)
        assert "不是事件、没有保存的行：3 行" in telling.status(box)
        adds_up(box, intake)


async def test_an_intake_that_is_away_or_busy_is_waited_for_as_it_asks(
    tmp_path: Path, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def wait(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("deploy.delivering.asyncio.sleep", wait)
    intake.answers = [(503, {}), (429, {"Retry-After": "7"}), (500, {})]
    with opened(tmp_path) as box:
        box.keep([line("a")])
        assert await send(box, intake)
        assert pauses == [0.25, 7, 1]
        box.keep([line("b")])
        said: list[str] = []
        intake.answers = [(401, {}), (503, {})]
        assert not await send(box, intake, said)
        assert not await send(box, intake, said, patience=0)
        assert [("401" in text, "503" in text) for text in said] == [(True, False), (False, True)]
        assert telling.waiting(box) == 1
        assert await send(box, intake)
        adds_up(box, intake)


def test_a_spool_has_one_user_at_a_time(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(Unusable, match="另一个进程正在使用"), opened(tmp_path):
        pass
    with opened(tmp_path):
        pass


async def test_a_full_spool_refuses_plainly_and_has_room_again_after_forwarding(tmp_path: Path, intake: Intake) -> None:
    with opened(tmp_path, limit=spool._GROUP * 200) as box:
        told: list[int] = []
        with pytest.raises(Full, match="暂存区已满"):
            box.keep([line(f"{n}", text="x" * 60) for n in range(3 * spool._GROUP)], told=told.append)
        assert telling.waiting(box) == told[-1] if told else telling.waiting(box) == 0
        box.keep([line(f"{n}") for n in range(500)])
        assert await send(box, intake)
        assert box.keep([line(f"again-{n}") for n in range(500)]).kept == 500


def test_a_disk_that_is_full_keeps_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as box:
        box.keep([line("a")])

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            patched.setattr(files.Files, "_cut", lambda self, segment, size: os.truncate(self.path(segment), size))
            with pytest.raises(Full):
                box.keep([line("b")])
        assert box.keep([line("c")]).kept == 1
    with opened(tmp_path) as box:
        assert [found.entry.number for found in box.waits(9, 9999) if found.entry] == [1, 2]


# ---------------------------------------------------------------- tampering

Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, tuple[Change, set[str]]] = {
    "a changed byte": (lambda rows: [rows[0], rows[1].replace(b"two", b"TWO"), rows[2]], {"1", "three"}),
    "a removed line": (lambda rows: [rows[0], rows[2]], {"1", "three"}),
    "a line twice": (lambda rows: [*rows, rows[0]], {"1", "two", "three"}),
    "rubbish": (lambda rows: [rows[0], b"rubbish\n", rows[2]], {"1", "three"}),
    "another number": (lambda rows: [rows[0], rows[1].replace(b"2 ", b"9 ", 1), rows[2]], {"1", "three"}),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_on_the_disk_is_noticed_before_sending(tmp_path: Path, intake: Intake, name: str) -> None:
    change, sent = CHANGES[name]
    with opened(tmp_path) as box:
        box.keep([line("1"), line("two"), line("three")])
    segment = tmp_path / "acts-00000001.log"
    segment.write_bytes(b"".join(change(segment.read_bytes().splitlines(keepends=True))))
    with opened(tmp_path) as box:
        assert await send(box, intake)
        assert {id_ for _, id_ in intake.order} == sent
        assert rejects(box)
        if len(sent) == 2:
            assert box.state.sources[SOURCE].counts == {"accepted": 2, "damaged": 1}
            assert set(intake.numbers[box.id, SOURCE]) == {1, 3}  # intake sees that number 2 exists and never came


async def test_lines_of_another_spool_or_key_are_not_sent(tmp_path: Path, intake: Intake) -> None:
    private, _ = new_key_pair()
    (tmp_path / "adapter.pem").write_bytes(private)
    (tmp_path / "adapter.pem").chmod(0o600)
    with opened(tmp_path / "a", key_file=tmp_path / "adapter.pem") as box:
        box.keep([line("1")])
    with opened(tmp_path / "b", key_file=tmp_path / "adapter.pem") as box:
        (tmp_path / "b" / "acts-00000001.log").write_bytes((tmp_path / "a" / "acts-00000001.log").read_bytes())
    with opened(tmp_path / "b", key_file=tmp_path / "adapter.pem") as box:
        await send(box, intake)
    with opened(tmp_path / "a") as box:  # signed with a key of its own now
        await send(box, intake)
    assert intake.order == []


def test_a_changed_account_of_progress_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path) as box:
        box.keep([b"{broken", line("a")])
    state = tmp_path / "state"
    state.write_bytes(state.read_bytes().replace(b'"offset":0', b'"offset":9'))
    with pytest.raises(Unusable, match="被改动"), opened(tmp_path):
        pass


def test_a_half_written_tail_is_cut_off_and_told(tmp_path: Path) -> None:
    with opened(tmp_path) as box:
        box.keep([line("a"), line("b")])
    (segment,) = tmp_path.glob("acts-*.log")
    whole = segment.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        segment.write_bytes(whole[:cut])
        with opened(tmp_path) as box:
            assert box.half == whole[whole.index(b"\n") + 1 : cut]
            assert [found.entry.number for found in box.waits(9, 9999) if found.entry] == [1]


# ---------------------------------------------------------------- kills


class Killed(BaseException):
    """The process ends here."""


def killing(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """End the process at the so-manieth step that reaches the disk: before it, or in the middle of a write."""
    left = [steps]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kw: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return real(*args, **kw)

        return step

    for owner, name in ((os, "fsync"), (os, "truncate"), (Path, "replace"), (Path, "unlink"), (Path, "touch")):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))


@given(st.lists(st.integers(1, 40), max_size=6), st.integers(1, 60), st.booleans())
@settings(max_examples=10, deadline=None)
@example(kills=[13], count=6, small=False)  # forwarded files that a kill left behind must not be added to
def test_nothing_kept_is_lost_or_counted_twice_wherever_it_is_killed(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int], count: int, small: bool
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    lines = [line(f"{'bad-' * (n % 7 == 3)}{n}") if n % 11 else b"{broken" for n in range(1, count + 1)]
    events = {id_ for one in lines if one.startswith(b'{"') for id_ in [json.loads(one)["id"]]}
    told = 0

    def remember(seen: int) -> None:
        nonlocal told
        told = max(told, seen)

    async def once(intake: Intake) -> None:
        with opened(folder) as box:
            for end in (count // 2, count):
                rest = lines[told:end]
                box.keep(rest, told=lambda seen, base=told: remember(base + seen))  # type: ignore[misc]
                assert await send(box, intake)

    with serving() as intake:
        for steps in [*kills, 0]:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(forwarding, "EVENTS", 4)
                patched.setattr(spool, "_GROUP", 5)
                if small:
                    patched.setattr(files, "SEGMENT", 300)
                killing(patched, steps)
                try:
                    asyncio.run(once(intake))
                except Killed:
                    continue
        with opened(folder) as box:
            adds_up(box, intake)
            assert telling.waiting(box) == 0
            assert {id_ for _, id_ in intake.order} == {id_ for id_ in events if "bad" not in id_}
            refused = [one for one in rejects(box) if "number" in one]
            assert len({one["number"] for one in refused}) == len(refused)
            assert {one["id"] for one in refused} == {id_ for id_ in events if "bad" in id_}
            assert len(rejects(box)) - len(refused) == box.state.unkeepable
