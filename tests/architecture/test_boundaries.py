"""Plants forbidden imports in a copy of the code and expects the linters to object."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

PLANTED = [
    ("layers", "services/ledger/planted.py", "import services.intake"),
    ("layers", "services/console/planted.py", "import services.monitor"),
    ("layers", "kit/planted.py", "import services.notify"),
    ("layers", "contracts/planted.py", "import kit.errors"),
    ("layers", "services/intake/planted.py", "import deploy.cli"),
    ("contracts", "contracts/planted.py", "import fastapi"),
    ("contracts", "contracts/planted.py", "import asyncpg"),
    ("pure", "services/monitor/domain.py", "import asyncpg"),
    ("pure", "services/monitor/domain.py", "import kit.db"),
    ("pure", "services/intake/domain.py", "import logging"),
    ("pure", "services/monitor/calendar.py", "import kit.ids"),
    ("pure", "services/monitor/evaluators/planted.py", "import httpx"),
    ("pure", "services/ledger/projections/planted.py", "import nats"),
    ("console", "services/console/planted.py", "import kit.db"),
    ("console", "services/console/planted.py", "import nats"),
    ("sql", "services/notify/planted.py", "import asyncpg"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "pyproject.toml", target)
    for package in ("contracts", "kit", "services", "deploy"):
        shutil.copytree(
            ROOT / package,
            target / package,
            ignore=lambda _, names: [n for n in names if n in {"__pycache__", "static"}],
        )
    return target


def lint_imports(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "lint-imports", "--no-cache", *options], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_code_as_it_is_keeps_every_contract(copy: Path) -> None:
    done = lint_imports(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_forbidden_import_is_found(copy: Path, contract: str, file: str, line: str) -> None:
    path = copy / file
    before = path.read_bytes() if path.exists() else None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((before or b'"""Planted."""\n') + f"\n{line}\n".encode())
    try:
        done = lint_imports(copy, "--contract", contract)
    finally:
        path.unlink() if before is None else path.write_bytes(before)
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


PURE = ("domain.py", "translate.py", "calendar.py")
PURE_FOLDERS = ("domain", "evaluators", "projections")


def is_pure(path: Path) -> bool:
    return path.name in PURE or bool(set(PURE_FOLDERS) & set(path.parts))


def reads_the_clock(source: str) -> bool:
    """Tell whether a module takes the time from the kit; its time zone it may have."""
    return any(
        (isinstance(node, ast.ImportFrom) and node.module == "kit.clock" and any(a.name == "now" for a in node.names))
        or (isinstance(node, ast.Attribute) and node.attr == "now" and ast.unparse(node.value).endswith("clock"))
        for node in ast.walk(ast.parse(source))
    )


def test_pure_code_does_not_read_the_clock() -> None:
    files = [path for path in (ROOT / "services").rglob("*.py") if is_pure(path.relative_to(ROOT))]
    assert files
    assert [path for path in files if reads_the_clock(path.read_text("utf-8"))] == []


@pytest.mark.parametrize("source", ["from kit.clock import BEIJING, now", "from kit import clock\nx = clock.now()"])
def test_reading_the_clock_is_found(source: str) -> None:
    assert reads_the_clock(source)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("from datetime import datetime\n\nNOW = datetime.now(None)\n", "TID251"),
        ("from datetime import date\n\nTODAY = date.today()\n", "TID251"),
        ("import uuid\n\nID = uuid.uuid4()\n", "TID251"),
        ("import os\n\nHOME = os.environ['HOME']\n", "TID251"),
        ("print('hello')\n", "T201"),
        ("# TODO: later\nX = 1\nY = 2  # noqa\n", "PGH004"),
    ],
)
def test_a_forbidden_call_is_found(statement: str, rule: str) -> None:
    done = subprocess.run(
        [
            BIN / "ruff",
            "check",
            "--no-cache",
            "--output-format",
            "concise",
            "--stdin-filename",
            "services/ledger/x.py",
            "-",
        ],
        input=statement,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert rule in done.stdout
