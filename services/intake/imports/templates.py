"""Ledger kinds as data: which columns a kind has, how offices title them, and how their cells are read."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, model_validator

FOLDER: Final = Path(__file__).with_name("templates")
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】")
_NOISE: Final = re.compile(r"[\s*:、,.。_\-/]+")

Reading = Literal["text", "list", "date", "moment", "end", "integer", "money", "units", "choice", "level"]


class Column(BaseModel):
    """One column that a ledger may have."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    field: str
    title: str
    read: Reading
    names: tuple[str, ...]
    required: bool = False
    choices: Mapping[str, tuple[str, ...]] = {}


class Template(BaseModel):
    """One kind of ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str
    title: str
    event: str
    anchors: tuple[str, ...]
    ignored: tuple[str, ...]
    columns: tuple[Column, ...]

    @model_validator(mode="after")
    def _unambiguous(self) -> "Template":
        """Refuse a title that names two columns, and anchors that are no columns."""
        names = [plain(name) for column in self.columns for name in column.names]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"one title for two columns: {sorted(twice)}")
        if unknown := set(self.anchors) - {column.field for column in self.columns}:
            raise ValueError(f"anchors without a column: {sorted(unknown)}")
        return self

    def column(self, header: str) -> Column | None:
        """Return the column that a header names, or None."""
        return self._by_name().get(plain(header)) or self._by_name().get(plain(_BRACKETS.sub("", _half(header))))

    def is_ignored(self, header: str) -> bool:
        """Tell whether a header is known and of no use to us."""
        known = {plain(name) for name in self.ignored}
        return plain(header) in known or plain(_BRACKETS.sub("", _half(header))) in known

    def titled(self, field: str) -> str:
        """Return the title of a column by its field."""
        return next((column.title for column in self.columns if column.field == field), field)

    def _by_name(self) -> Mapping[str, Column]:
        return {plain(name): column for column in self.columns for name in column.names}


@cache
def load(folder: Path = FOLDER) -> Mapping[str, Template]:
    """Return the templates of a folder by their kind; raise ``ValueError`` for one that is not well formed."""
    found = [Template.model_validate(tomllib.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.toml"))]
    return {template.kind: template for template in found}


def plain(header: str) -> str:
    """Return a header without what does not tell it from others: width, case, white space, punctuation."""
    return _NOISE.sub("", _half(header)).lower()


def _half(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
