"""The signed release of a rule book: it is live only with the signatures of an author and of another who approves.

A release is a JSON file beside the deployment's configuration. It names every rule and pack of the book by its fingerprint, and each
of the two signs the hash of all of them, so neither can be exchanged, and nothing of the book changed, without both.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import ValidationError

from contracts.event import Model
from contracts.rules import PackSeal, ReleaseSignature, RuleReleased, RuleSeal
from kit.tokens import Keys, key_id

FORMAT: Final = "jianfu-release-1"
Part = Literal["author", "approver"]
TITLES: Final[Mapping[Part, str]] = {"author": "作者", "approver": "审批人"}
_OTHER: Final[Mapping[Part, Part]] = {"author": "approver", "approver": "author"}
_NAMED: Final = 3
"""Changed files that a refusal names."""


class ReleaseRefused(Exception):
    """A book may not go live: a sentence in Chinese that says what is wrong and what to do."""


class Release(Model):
    """The file."""

    format: Literal["jianfu-release-1"]
    book: RuleReleased
    """With the signatures that were given so far."""


def read(text: str) -> RuleReleased:
    """Return the book and signatures of a release file; raise ``ReleaseRefused``."""
    try:
        return Release.model_validate_json(text).book
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "文件"
        raise ReleaseRefused(f"发布文件不是有效的规则发布：{where} 有误。请用 jianfu policy sign 重新签署。") from None


def sign(present: RuleReleased, before: RuleReleased | None, part: Part, key: Ed25519PrivateKey) -> str:
    """Return the text of the release of the present book, signed by one more; raise ``ReleaseRefused``.

    ``before``: the release as it was. The author begins anew where it is of another book; the approver signs nothing but what the
    author signed, and not with the author's key.
    """
    kept: tuple[ReleaseSignature, ...] = ()
    if before is not None and before.book == present.book:
        kept = tuple(one for one in before.signatures if one.role == _OTHER[part])
    if part == "approver" and not kept:
        detail = "" if before is None else f"（{difference(before, present) or '没有作者签名'}）"
        raise ReleaseRefused(f"作者没有签署现在这一版规则{detail}，请先由作者签署。")
    name = key_id(key.public_key())
    if any(one.key == name for one in kept):
        raise ReleaseRefused("作者与审批人用了同一把密钥。必须由两个人用各自的密钥签署。")
    signature = key.sign(_message(present.book, part)).hex()
    mine = ReleaseSignature(role=part, key=name, signature=signature)
    both = tuple(sorted((*kept, mine), key=lambda one: one.role))
    release = Release(format=FORMAT, book=present.model_copy(update={"signatures": both}))
    return release.model_dump_json(indent=2) + "\n"


def check(present: RuleReleased, release: RuleReleased, known: Mapping[Part, Keys]) -> RuleReleased:
    """Return the present book with its signatures when both are good; raise ``ReleaseRefused``."""
    if release.book != present.book or (release.rules, release.packs) != (present.rules, present.packs):
        found = difference(release, present) or "内容与其指纹不符"
        raise ReleaseRefused(f"规则在签署之后被改动：{found}。请恢复原文件，或由作者和审批人重新签署。")
    by_part = {one.role: one for one in release.signatures}
    for part, title in TITLES.items():
        one = by_part.get(part)
        if one is None:
            raise ReleaseRefused(f"规则发布缺少{title}的签名，须用 jianfu policy sign --as {part} 签署。")
        public = known[part].public.get(one.key)
        if public is None:
            raise ReleaseRefused(f"{title}签名所用的密钥 {one.key} 不在已知的{title}公钥之中。")
        if not _holds(public, one, present.book):
            raise ReleaseRefused(f"{title}的签名与规则不符，可能被改动。请{title}重新签署。")
    if by_part["author"].key == by_part["approver"].key:
        raise ReleaseRefused("作者与审批人用了同一把密钥。必须由两个人用各自的密钥签署。")
    return present.model_copy(update={"signatures": release.signatures})


def check_file(present: RuleReleased, path: Path, keys: Mapping[Part, Path]) -> RuleReleased:
    """Check a release file with the public keys of two files, as ``check`` does."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ReleaseRefused(f"读不到规则发布文件 {path}。本部署要求规则经作者和审批人签署后才能生效。") from None
    known: dict[Part, Keys] = {}
    for part, file in keys.items():
        try:
            known[part] = Keys.load(file)
        except (OSError, ValueError):
            raise ReleaseRefused(f"读不出{TITLES[part]}公钥文件 {file}。") from None
    return check(present, read(text), known)


def difference(signed: RuleReleased, present: RuleReleased) -> str:
    """Return in what two books differ, the first few of the rules and packs by name; nothing where they do not."""
    was, now = _named((*signed.rules, *signed.packs)), _named((*present.rules, *present.packs))
    said = [
        f"{name} {'被删除' if name not in now else '是新增的' if name not in was else '的内容变了'}"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
    more = f"等 {len(said)} 处" if len(said) > _NAMED else ""
    return "、".join(said[:_NAMED]) + more


def _named(seals: Iterable[RuleSeal | PackSeal]) -> dict[str, RuleSeal | PackSeal]:
    return {f"规则 {one.rule}" if isinstance(one, RuleSeal) else f"规则包 {one.pack}": one for one in seals}


def _message(book: str, part: Part) -> bytes:
    return f"{FORMAT}\n{part}\n{book}".encode()


def _holds(key: Ed25519PublicKey, one: ReleaseSignature, book: str) -> bool:
    try:
        key.verify(bytes.fromhex(one.signature), _message(book, one.role))
    except InvalidSignature:
        return False
    return True
