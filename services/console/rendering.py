"""Templates into pages: the environment and what every page shows."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kit.auth import Role
from services.console import numbers, wording
from services.console.units import Names

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation."""

    path: str
    title: str
    key: str
    """Its access key."""
    roles: frozenset[Role]


_WATCHERS: Final = frozenset({Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN})
_OPERATORS: Final = frozenset({Role.OPERATOR, Role.ADMIN})
_ALL: Final = frozenset({Role.OFFICE, *_WATCHERS})

PLACES: Final = (
    Place("/", "总览", "1", _WATCHERS),
    Place("/ledgers", "台账", "2", _ALL),
    Place("/alerts", "预警", "3", _WATCHERS),
    Place("/clues", "线索签收", "4", frozenset({Role.DISCIPLINE})),
    Place("/clues", "线索移交", "4", _OPERATORS),
    Place("/precheck", "发前核查", "5", frozenset({Role.OFFICE, *_OPERATORS})),
    Place("/sources", "对账", "6", _OPERATORS),
    Place("/rules", "规则", "7", _ALL),
)


def home_of(role: Role) -> str:
    """Return the page that a role begins with."""
    return next((place.path for place in PLACES if role in place.roles), "/rules")


class Renderer:
    """Turns a template and its values into an answer."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        """Take the clock that pages are printed at."""
        self._now = now

    def text(self, template: str, context: Mapping[str, object]) -> str:
        """Return the text of a template."""
        return _environment().get_template(template).render(context)

    def page(
        self, template: str, context: Mapping[str, object], *, names: Names | None = None, status: int = 200
    ) -> Response:
        """Return a page; ``names`` are what units and places are called."""
        values = {"printed_at": self._now(), "places": PLACES, **naming(names or Names({})), **context}
        return HTMLResponse(self.text(template, values), status_code=status, headers={"Cache-Control": "no-store"})


@cache
def _environment() -> Environment:
    """Return the templates; static files are addressed with a digest, so no browser shows old ones."""
    version = _digest(STATIC)
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        w=wording, numbers=numbers, home_of=home_of, static=lambda name: f"/static/{name}?v={version}"
    )
    environment.filters.update(
        day=wording.day,
        short_day=wording.short_day,
        moment=wording.moment,
        clock_time=wording.clock_time,
        number=wording.number,
    )
    return environment


def naming(names: Names) -> dict[str, object]:
    """Return what templates call names with."""
    return {
        "units": names.units,
        "unit_name": names.unit,
        "place_name": names.place,
        "with_names": names.in_text,
    }


def _digest(folder: Path) -> str:
    """Return a short digest over every file of a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
