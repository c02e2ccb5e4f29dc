"""The rule book as a fact: which rules, in which version and wording, judge from a moment on."""

from typing import ClassVar

from pydantic import Field

from contracts.event import Event, Key, Model, Ordinal, Sha


class RuleSeal(Model):
    """One rule of a book."""

    rule: Key
    version: Ordinal
    fingerprint: Sha = Field(description="SHA-256 of what its file says; cases, comments and layout do not count.")


class PackSeal(Model):
    """One policy pack of a book."""

    pack: Key
    fingerprint: Sha = Field(description="SHA-256 of what its file says.")


class RuleReleased(Event):
    """The monitor began to judge by another book than before."""

    family: ClassVar[str] = "rule"
    verb: ClassVar[str] = "released"
    title: ClassVar[str] = "规则发布"
    of_system: ClassVar[bool] = True

    book: Sha = Field(description="SHA-256 of ``rules`` and ``packs`` as canonical JSON.")
    rules: tuple[RuleSeal, ...] = Field(description="By id, ascending.")
    packs: tuple[PackSeal, ...] = Field(description="By id, ascending.")
