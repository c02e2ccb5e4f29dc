"""``jianfu policy sign`` and ``release``: the two signatures without which a book does not judge."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.embedded.errors import Unusable
from deploy.embedded.home import write_secret
from deploy.tokens import ensure_pair
from kit.signing import load_private_key
from services.monitor import policy, release
from services.monitor.book import load, shipped
from services.monitor.facts import book_of
from services.monitor.release import TITLES, Part, ReleaseRefused
from services.monitor.rulebook import RuleBroken

if TYPE_CHECKING:
    from contracts.rules import RuleReleased

FILE = Path("release.json")
PARTS: tuple[Part, ...] = ("author", "approver")


def release_file(arguments: argparse.Namespace) -> Path:
    """Give the release file named on the command line, else that of the environment, else the one in this folder."""
    named: Path | None = arguments.release
    return named or Path(os.environ.get("JIANFU_RELEASE_FILE", FILE))


def run_sign(arguments: argparse.Namespace) -> int:
    """Sign the book that ships; ``Unusable`` where it may not be."""
    path, part = release_file(arguments), arguments.part
    try:
        key = load_private_key(arguments.key)
    except (OSError, ValueError) as error:
        raise Unusable(f"读不出密钥 {arguments.key}：应为 PEM 格式的 Ed25519 私钥，且只有本人可读(0600)。") from error
    try:
        text = release.sign(_present(), _before(path), part, key)
        path.write_text(text, "utf-8")
    except ReleaseRefused as error:
        raise Unusable(str(error)) from error
    except OSError as error:
        raise Unusable(f"写不了发布文件 {path}（{error.strerror}）。") from error
    book = release.read(text)
    print(f"{TITLES[part]}已签署：{len(book.rules)} 条规则、{len(book.packs)} 个规则包，指纹 {book.book[:16]}…")
    lacking = [TITLES[one] for one in PARTS if one not in {signed.role for signed in book.signatures}]
    print(f"已写到 {path}。{'还须' + lacking[0] + '签署。' if lacking else '两人均已签署。'}")
    return 0


def run_release(arguments: argparse.Namespace) -> int:
    """Check the release as the monitor does at its start; 1 when it may not judge by this book."""
    keys = {part: _keys(arguments, part) for part in PARTS}
    try:
        book = release.check_file(_present(), release_file(arguments), keys)
    except ReleaseRefused as error:
        print(f"不能生效：{error}")
        return 1
    print(f"可以生效：{len(book.rules)} 条规则、{len(book.packs)} 个规则包，指纹 {book.book[:16]}…")
    for one in book.signatures:
        print(f"  {TITLES[one.role]} 密钥 {one.key}")
    return 0


def local_environment(root: Path) -> dict[str, str]:
    """Have the book that ships signed by a data folder's own two keys; give the settings with which the monitor checks it.

    One machine has no four eyes: this shows that the files are those of its last start, and how a deployment with two people works.
    Where the environment names a release, that one counts, and this does nothing.
    """
    if os.environ.get("JIANFU_RELEASE_FILE"):
        return {}
    path, present = root / "release.json", book_of(*shipped())
    private = {part: root / "secrets" / f"rules-{part}.key" for part in PARTS}
    public = {part: root / "secrets" / f"rules-{part}.pub" for part in PARTS}
    for part in PARTS:
        ensure_pair(private[part], public[part])
    try:
        release.check_file(present, path, public)
    except ReleaseRefused:
        before: RuleReleased | None = None
        for part in PARTS:
            text = release.sign(present, before, part, load_private_key(private[part]))
            before = release.read(text)
            write_secret(path, text)
    return {
        "JIANFU_RELEASE_FILE": str(path),
        "JIANFU_RELEASE_AUTHOR_KEYS": str(public["author"]),
        "JIANFU_RELEASE_APPROVER_KEYS": str(public["approver"]),
    }


def _keys(arguments: argparse.Namespace, part: Part) -> Path:
    named: Path | None = getattr(arguments, f"{part}_keys")
    given = named or os.environ.get(f"JIANFU_RELEASE_{part.upper()}_KEYS")
    if given is None:
        raise Unusable(f"没有{TITLES[part]}的公钥：请用 --{part}-keys 或 JIANFU_RELEASE_{part.upper()}_KEYS 指定。")
    return Path(given)


def _present() -> "RuleReleased":
    """Return the book that ships; ``Unusable`` where its files are broken or not as the lock has them."""
    rules, packs = shipped()
    try:
        load(rules, packs)
    except RuleBroken as error:
        raise Unusable(f"规则文件有误：{error}") from error
    if stale := policy.check(rules, policy.read_lock()):
        raise Unusable(f"锁文件与规则不一致：{stale[0]}。请先运行 jianfu policy test 和 jianfu policy lock。")
    return book_of(rules, packs)


def _before(path: Path) -> "RuleReleased | None":
    try:
        return release.read(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"读不了发布文件 {path}（{type(error).__name__}）。") from error
