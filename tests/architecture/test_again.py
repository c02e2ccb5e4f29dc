"""What is run once more, and what is not: a run that was cut short has left tests out and proves nothing."""

import json
from pathlib import Path

import pytest

from tests import again

FLAKY = """
from pathlib import Path

def test_flaky():
    assert Path("seen").exists()

def test_broken():
    assert Path("never").exists()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a test that passes the second time and one that never does."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "test_it.py").write_text(FLAKY, "utf-8")
    (tmp_path / "seen").touch()
    (tmp_path / ".pytest_cache/v/cache").mkdir(parents=True)
    (tmp_path / ".pytest_cache/v/jianfu").mkdir()
    return tmp_path


def note(folder: Path, ended: int | None, *failed: str) -> None:
    (folder / ".pytest_cache/v/jianfu/ended").write_text(json.dumps(ended), "utf-8")
    (folder / ".pytest_cache/v/cache/lastfailed").write_text(json.dumps(dict.fromkeys(failed, True)), "utf-8")


def test_what_passes_the_second_time_is_named(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    note(folder, 1, "test_it.py::test_flaky")
    assert again.main() == 0
    assert "UNSTABLE, to be mended: test_it.py::test_flaky failed once and then passed" in capfd.readouterr().out


def test_what_fails_twice_fails(folder: Path) -> None:
    note(folder, 1, "test_it.py::test_flaky", "test_it.py::test_broken")
    assert again.main() == 1


@pytest.mark.parametrize("ended", [None, 0, 2, 3])
def test_a_run_that_was_cut_short_is_not_mended_by_its_failures(folder: Path, ended: int | None) -> None:
    note(folder, ended, "test_it.py::test_flaky")
    assert again.main() == 1


def test_many_failures_are_no_accident(folder: Path) -> None:
    note(folder, 1, *(f"test_it.py::test_flaky[{number}]" for number in range(4)))
    assert again.main() == 1
