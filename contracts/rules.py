"""The rule book as a fact: which rules, in which version and wording, judge from a moment on."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.event import Event, Key, Model, Ordinal, Sha, Upcaster, unchanged


class RuleSeal(Model):
    """One rule of a book."""

    rule: Key
    version: Ordinal
    fingerprint: Sha = Field(description="SHA-256 of what its file says; cases, comments and layout do not count.")


class PackSeal(Model):
    """One policy pack of a book."""

    pack: Key
    fingerprint: Sha = Field(description="SHA-256 of what its file says.")


class ReleaseSignature(Model):
    """One of the two who answer for a book."""

    role: Literal["author", "approver"]
    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{16}$")] = Field(
        description="The name of the public key: 16 characters of its SHA-256."
    )
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")] = Field(
        description="Ed25519, in hex, over ``jianfu-release-1``, the role and the book's hash, each on a line."
    )


class RuleReleased(Event):
    """The monitor began to judge by another book than before."""

    family: ClassVar[str] = "rule"
    verb: ClassVar[str] = "released"
    title: ClassVar[str] = "规则发布"
    of_system: ClassVar[bool] = True
    version: ClassVar[int] = 2
    upcasters: ClassVar[Mapping[int, Upcaster]] = {1: unchanged}

    book: Sha = Field(description="SHA-256 of ``rules`` and ``packs`` as canonical JSON.")
    rules: tuple[RuleSeal, ...] = Field(description="By id, ascending.")
    packs: tuple[PackSeal, ...] = Field(description="By id, ascending.")
    signatures: tuple[ReleaseSignature, ...] = Field(
        default=(), description="Of the author and of the approver; none where the deployment does not ask for them."
    )
