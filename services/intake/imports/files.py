"""Reads a file in a child process and says in Chinese why it cannot be read."""

import asyncio
import hashlib
import sys
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from kit.errors import Rejected, TooLarge
from services.intake.imports import workbook
from services.intake.imports.workbook import Fault, Workbook

MOST_BYTES: Final = 20 * 1024 * 1024
_PATIENCE: Final = 60.0

_FAULTS: Final[Mapping[Fault, str]] = {
    "password": "文件有密码保护，请取消密码后再导入",
    "bomb": "文件的压缩比异常，已拒绝读取",
    "too_many": f"文件过大：最多 {workbook.MOST_ROWS} 行、{workbook.MOST_COLUMNS} 列、"
    f"{workbook.MOST_CELLS // 10_000} 万个单元格，请按年度或月份拆分",
    "too_much": f"文件中的文字过多：最多 {workbook.MOST_TEXT // 10_000} 万字，请按年度或月份拆分",
    "web": "这是网页或 XML 格式的文件，请在表格软件中另存为 .xlsx 后再导入",
    "encoding": "文本的编码无法识别，应为 UTF-8 或 GBK(GB 18030)",
    "empty": "文件中没有内容",
    "unreadable": "无法读取：应为 .xlsx、.xls、.et(新版)或 .csv 表格，且未损坏",
}
_DIED: Final = "读取文件时超出了内存或时间限制，文件可能已损坏"

_log = structlog.stdlib.get_logger("intake.imports")


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file in hex."""
    return hashlib.sha256(content).hexdigest()


async def read(content: bytes) -> Workbook:
    """Return the cells of a file; raise ``TooLarge`` or ``Rejected`` with what its owner can do about it."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"文件最大 {MOST_BYTES // 1024**2} MB", field="file")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(workbook.__file__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            answer, _ = await child.communicate(content)
    except TimeoutError:
        answer = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not answer:
        _log.warning("import.child_died", status=child.returncode, bytes=len(content))
        raise Rejected(_DIED, code="unreadable", field="file")
    book = msgspec.msgpack.decode(answer, type=Workbook)
    if book.fault is not None:
        raise Rejected(_FAULTS[book.fault], code=f"file_{book.fault}", field="file")
    return book
