"""Schemathesis on what every service says of itself: requests in and out of its schema, each answer compared with it."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from tests.fuzz.judging import Findings
from tests.system.running import Running

CHECKS: Final = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance", "ignored_auth",
)  # fmt: skip
"""What would be our own fault. A batch with bad items is answered item by item, and an empty filter is none, so what else
is taken is judged by the other inputs."""
ROLES: Final = ("admin", "operator", "discipline", "office", "adapter")
APIS: Final = ("intake", "ledger", "monitor", "notify")
_COUNT: Final = re.compile(r"Test cases:\n +([\d,]+) generated")
_ENDLESS: Final = "^(/v1/stream|/live/alerts)$"
"""Event streams do not end: their tests are in tests/notify."""


async def explore(system: Running, findings: Findings, folder: Path, *, examples: int, roles: int, seed: int) -> None:
    """Run schemathesis on every service with the tokens of so many roles; each case counts as an input."""
    for service in (*APIS, "console"):
        for role in ROLES[:roles]:
            await _explore(system, findings, folder, service, role, examples, seed)


async def _explore(  # noqa: PLR0917
    system: Running, findings: Findings, folder: Path, service: str, role: str, examples: int, seed: int
) -> None:
    token = system.bearer(role)["authorization"]
    who = (
        f"Authorization: {token}" if service != "console" else f"Cookie: jianfu_session={token.removeprefix('Bearer ')}"
    )
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{system.url(service)}/openapi.json", "-H", who, "-c", ",".join(CHECKS), "-n", str(examples)),
        *(
            "--exclude-path-regex",
            _ENDLESS,
            "--phases",
            "examples,coverage,fuzzing",
            "--seed",
            str(seed),
            "--no-shrink",
        ),
        *("--continue-on-failure", "--no-color", "--generation-database", "none", "--warnings", "off"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await child.communicate())[0].decode("utf-8", "replace")
    counted = _COUNT.search(told)
    cases = int(counted[1].replace(",", "")) if counted else 0
    kind = f"openapi {service}"
    findings.inputs[kind] += cases
    findings.answers["schemathesis case"] += cases
    if child.returncode or not cases:
        findings.fault(kind, f"schemathesis as {role}", told[-3000:])
