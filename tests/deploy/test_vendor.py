"""The console's browser libraries: exactly the files that were looked at, or none."""

import hashlib
from pathlib import Path

import pytest

from deploy import vendor


@pytest.fixture
def listed(tmp_path: Path) -> str:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.min.js").write_bytes(b"let a")
    return f"{hashlib.sha256(b'let a').hexdigest()}  a.js  lib/a.min.js\n"


def test_known_files_are_copied_and_others_removed(tmp_path: Path, listed: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.js").touch()
    assert vendor.copy(tmp_path, tmp_path / "out", listed) == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {"a.js": b"let a"}


def test_a_changed_or_missing_file_is_named_and_nothing_copied(tmp_path: Path, listed: str) -> None:
    (tmp_path / "lib" / "a.min.js").write_bytes(b"let evil")
    wrong = vendor.copy(tmp_path, tmp_path / "out", f"{listed}{'0' * 64}  b.js  lib/b.js\n")
    assert wrong == ["lib/a.min.js:校验和不符", "lib/b.js:缺少这个文件"]
    assert not (tmp_path / "out").exists()


def test_the_list_names_every_library_with_its_licence() -> None:
    names = [line.split()[1] for line in vendor.LISTED.read_text().splitlines()]
    libraries = {name.partition(".")[0] for name in names if name.endswith(".js")} - {"hx-sse"}  # part of htmx
    assert libraries
    assert {f"{library}.LICENSE" for library in libraries} <= set(names)
