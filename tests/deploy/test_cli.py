"""The command line: quick help in Chinese, and plain words for what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import cli
from kit.columns import width

HEAVY = ("asyncio", "asyncpg", "cryptography", "fastapi", "faststream", "httpx", "nats", "openpyxl", "pydantic")
SAID = re.compile(r"\s{2,}(\S+( \S+)*)$")
"""What is said of an option, after its name or alone on a line."""
COMMANDS = [
    *(
        "up",
        "demo",
        "intake",
        "ledger",
        "monitor",
        "notify",
        "console",
        "prepare",
        "publish",
        "import",
        "policy",
        "quarantine",
    ),
    *("alert", "login", "token", "doctor", "ledger rebuild", "policy test", "policy lock", "quarantine list"),
    *("quarantine replay", "alert replay", "audit verify", "audit export", "restore journal"),
    "restore stream",
    *("parked list", "parked replay", "policy explain", "policy backtest", "policy sign", "policy release"),
    "copies",
    *("list shipped", "list load"),
]


def test_the_help_loads_nothing_heavy() -> None:
    program = f"import sys, deploy.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_chinese(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*command.split(), "--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    assert text.startswith("用法：")
    assert not {"usage", "options", "arguments", "show this"} & set(text.split())
    options = text.split("选项：\n")[1].split("\n\n")[0]
    begins = {width(row[: told.start(1)]) for row in options.splitlines() if (told := SAID.search(row))}
    assert len(begins) == 1, options
    assert all(width(row) <= 80 for row in options.splitlines())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "缺少参数"),
        ("publish", "缺少参数：文件"),
        ("fly", "不在可选范围内"),
        ("up --wings", "不认识的参数：--wings"),
        ("policy explain x --wings", "用法：jianfu policy explain"),
        ("copies --from 昨天", "参数 --from：应为日期，例如 2026-01-31，而不是 '昨天'"),
        ("up --port x", "应为整数"),
        ("token operator --subject x --jurisdiction 青禾", "参数 --jurisdiction：应为 2、4、6、9 或 12 位区划代码"),
        ("demo --stay --no-stay", "参数 --no-stay：不能同时使用的还有 --stay"),
    ],
)
def test_a_wrong_command_line_is_explained_in_chinese(
    line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(line.split())
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


def test_one_service_alone_names_the_environment_it_lacks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NATS_URL", "nats://127.0.0.1:1")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert cli.main(["ledger"]) == 2
    assert "缺少环境变量：DATABASE_URL" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["publish x.ndjson", "quarantine list", "parked list", "alert replay x", "ledger rebuild", "audit verify"]
)
def test_a_command_without_a_running_system_says_so(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JIANFU_TOKEN", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert cli.main([*line.split(), "--home", str(tmp_path)]) == 2
    assert "没有运行过" in capsys.readouterr().err


def test_a_reader_who_has_seen_enough_ends_a_command_quietly() -> None:
    program = "import sys; from deploy import cli; sys.exit(cli.main(['list', 'shipped']))"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as told:
        assert told.stdout
        assert told.stderr
        told.stdout.close()
        assert told.stderr.read() == ""
    assert told.returncode == 141


def test_the_doctor_finds_a_machine_without_a_system_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--home", str(tmp_path / "none")]) == 0
    assert "0 项异常" in capsys.readouterr().out


def test_the_doctor_names_what_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ports.json").write_text('{"postgres": 1, "nats": 1, "intake": 1}')
    assert cli.main(["doctor", "--home", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "异常  postgres：端口 1" in out
    assert "异常  intake：端口 1 不应答" in out
