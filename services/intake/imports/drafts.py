"""A fact as a ledger row tells it, and its way into an event. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final
from urllib.parse import quote

import msgspec

from contracts.event import Json
from kit.clock import BEIJING
from services.intake.authority import IMPORTS
from services.intake.imports.rows import Row
from services.intake.imports.templates import Template

_NOT_IN_KEYS: Final = re.compile(r"[^\w.:/\-]+")
_LONGEST_KEY: Final = 128


@dataclass(frozen=True, slots=True)
class Draft:
    """What a row states: by what it can be told from others, when it happened, and the data of its event."""

    identity: tuple[str, ...]
    time: datetime
    data: Json


class Incomplete(Exception):
    """The row lacks what its fact needs."""

    def __init__(self, field: str, detail: str) -> None:
        """Keep the field and a Chinese sentence."""
        super().__init__(detail)
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose ledger a file is: who acted, and the hash of the file."""

    jurisdiction: str
    unit: str
    file: str


def source_of(template: Template, jurisdiction: str, unit: str) -> str:
    """Return the CloudEvents source of a unit's ledger: the same for each file of it, so that a row keeps its id."""
    return f"{IMPORTS}{jurisdiction}/{quote(unit, safe='')}/{template.kind}"


def event(template: Template, origin: Origin, row: Row, draft: Draft) -> bytes:
    """Return the CloudEvent of a row; the id is a fingerprint of what tells it from others, not of all it says.

    So a row that changed in another cell is the same fact with other content: a conflict, which somebody looks at.
    """
    print_ = hashlib.sha256("\x1f".join(draft.identity).encode()).hexdigest()[:32]
    place = f"#{quote(row.sheet, safe='')[:120]}!{row.number}"
    return msgspec.json.encode({
        "specversion": "1.0",
        "id": f"row-{print_}",
        "source": source_of(template, origin.jurisdiction, origin.unit),
        "type": template.event,
        "time": draft.time.isoformat(),
        "jurisdiction": origin.jurisdiction,
        "unitid": origin.unit,
        "subject": f"sha256:{origin.file}{place}",
        "data": draft.data,
    })  # fmt: skip


def midnight(day: date) -> datetime:
    """Return when a day begins in China."""
    return datetime.combine(day, time(), BEIJING)


def units(names: object) -> list[Json]:
    """Return the units of a cell as addressees: a ledger knows names, which stand as keys until a list maps them."""
    return [{"unit": key(name), "name": name} for name in _texts(names)]


def keys(names: object) -> list[str]:
    """Return the keys of the units of a cell."""
    return [key(name) for name in _texts(names)]


def key(name: str) -> str:
    """Return a name in the form of a key."""
    return _NOT_IN_KEYS.sub("_", name).strip("_")[:_LONGEST_KEY] or "_"


def stated(values: Mapping[str, object]) -> Json:
    """Return the values that a row states, as JSON."""
    return {name: _json(value) for name, value in values.items() if value is not None and value != []}


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _texts(names: object) -> Sequence[str]:
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
