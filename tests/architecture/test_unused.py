"""Plants unused code and expects it to be named, and what templates or readers of data use not to be."""

from pathlib import Path

from tests.architecture.unused import PACKAGES, unused


def test_only_what_nothing_uses_is_named(tmp_path: Path) -> None:
    for package in PACKAGES:
        (tmp_path / package).mkdir()
    (tmp_path / "services" / "templates").mkdir()
    (tmp_path / "services" / "templates" / "page.html").write_text("{{ shown() }}")
    (tmp_path / "services" / "planted.py").write_text(
        "class Row:\n    field: int = 0\n\n"
        "def shown(): return Row\n\n"
        "@router.get('/')\ndef route(): ...\n\n"
        "def forgotten(): ...\n"
    )
    assert [line.partition(": ")[2] for line in unused(tmp_path)] == ["unused function 'forgotten'"]
