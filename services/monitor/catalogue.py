"""Every clause that the rule book is about, and what has become of it. Pure but for reading its own file."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.monitor.book import Book
from services.monitor.rulebook import Rule, RuleId, Text

FILE: Final = files("services.monitor") / "catalogue.toml"


class Entry(BaseModel):
    """One clause."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: Text
    within: Annotated[tuple[RuleId, ...], Field(alias="in")] = ()
    """The rules that decide it, where it has none of its own."""
    why: Text | None = None
    """Why no rule can decide it on an act."""

    @model_validator(mode="after")
    def _one_reason(self) -> "Entry":
        """Refuse a clause that other rules decide and none can."""
        if self.within and self.why:
            msg = "a clause that is in another rule needs no reason why no rule can decide it"
            raise ValueError(msg)
        return self


class Catalogue(BaseModel):
    """The clauses by id."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    seeds: Mapping[RuleId, Entry]
    norms: Mapping[RuleId, Entry]

    @property
    def all(self) -> Mapping[str, Entry]:
        """Both kinds."""
        return {**self.seeds, **self.norms}


class State(NamedTuple):
    """What has become of a clause: a word that is counted, and what it names."""

    word: str
    names: str = ""


def read_catalogue() -> Catalogue:
    """Return the catalogue that ships."""
    return Catalogue.model_validate(tomllib.loads(FILE.read_text("utf-8")))


def state_of(id_: str, entry: Entry, book: Book) -> State:
    """Return what has become of a clause."""
    rule = book.rules.get(id_)
    if rule is not None:
        return _of_rule(rule, book)
    if entry.why:
        return State("not machine-checkable", entry.why)
    if entry.within and all(name in book.rules for name in entry.within):
        return State("in another rule", ", ".join(entry.within))
    return State("not yet")


def _of_rule(rule: Rule, book: Book) -> State:
    if rule.status != "live":
        return State(rule.status)
    if rule.mode == "hint":
        return State("hint")
    adoptions = [one.rules[rule.id].parameters for one in book.packs.values() if rule.id in one.rules]
    unset = [
        f"{name} ({parameter.note})"
        for name, parameter in rule.parameters.items()
        if parameter.value is None and not any(name in parameters for parameters in adoptions)
    ]
    return State("parameter missing", ", ".join(unset)) if unset else State("live")
