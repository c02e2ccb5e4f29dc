"""Who may do what: one table for all services, the document made of it, and the routes that differ from it.

``python -m deploy.access`` writes ``docs/access.md``; with ``--check`` it compares that file and the routes of all services
with the table and exits with 1 where one of them differs.
"""

import argparse
import importlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import FastAPI

from kit.auth import Role, new_key_pair, permissions

FILE: Final = Path(__file__).parents[1] / "docs" / "access.md"
SERVICES: Final = ("intake", "ledger", "monitor", "notify", "console")


class Scope(StrEnum):
    """What of a route's data somebody with the right role may see or change."""

    PUBLIC = "public"
    SYSTEM = "installation"
    PLACE = "jurisdiction"
    UNIT = "jurisdiction, units"
    SOURCE = "jurisdiction, sources"
    SENDING = "jurisdiction, sources, units"
    DESK = "desk"


_MEANING: Final[Mapping[Scope, str]] = {
    Scope.PUBLIC: "anybody, without a token; nothing about anybody is in the answer",
    Scope.SYSTEM: "the same for everybody who has the role; nothing of a place is in the answer",
    Scope.PLACE: "what lies within the token's jurisdiction",
    Scope.UNIT: "the same; an office whose token names units sees and acts for these only",
    Scope.SOURCE: "the same, of the sources that the token names; an adapter without any has none, an office with units has theirs",
    Scope.SENDING: "the same; a token that names units speaks for these only",
    Scope.DESK: "clues of the desk that the token acts for, or that its jurisdiction handed over",
}


class Rule(NamedTuple):
    """What is declared of one route."""

    roles: frozenset[Role]
    scope: Scope


def _rule(scope: Scope, *roles: Role) -> Rule:
    return Rule(frozenset(roles), scope)


_SENDERS: Final = (Role.ADAPTER, Role.OPERATOR, Role.ADMIN)
_READERS: Final = (Role.OFFICE, Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN)
_WATCHERS: Final = (Role.OPERATOR, Role.DISCIPLINE, Role.ADMIN)
_OPERATORS: Final = (Role.OPERATOR, Role.ADMIN)
_DRAFTERS: Final = (Role.OFFICE, *_OPERATORS)
_PUBLIC: Final = _rule(Scope.PUBLIC)
_BY_ALL: Final = {
    "GET /livez": _PUBLIC,
    "GET /readyz": _PUBLIC,
    "GET /metrics": _PUBLIC,
    "GET /openapi.json": _PUBLIC,
}

ACCESS: Final[Mapping[str, Mapping[str, Rule]]] = {
    "intake": {
        "POST /v1/events": _rule(Scope.SENDING, *_SENDERS),
        "POST /v1/imports": _rule(Scope.SENDING, Role.OFFICE, *_SENDERS),
        "GET /v1/quarantine": _rule(Scope.SOURCE, Role.OFFICE, *_SENDERS),
        "POST /v1/quarantine/{entry_id}/replay": _rule(Scope.SOURCE, *_SENDERS),
        "GET /v1/sources": _rule(Scope.SOURCE, Role.ADAPTER, *_READERS),
        **_BY_ALL,
    },
    "ledger": {
        "GET /v1/ledgers": _rule(Scope.SYSTEM, *_READERS),
        "GET /v1/ledgers/{ledger}": _rule(Scope.UNIT, *_READERS),
        "GET /v1/acts/{act_id}": _rule(Scope.UNIT, *_READERS),
        "GET /v1/counts": _rule(Scope.UNIT, *_READERS),
        "GET /v1/plans": _rule(Scope.UNIT, *_READERS),
        "GET /v1/units": _rule(Scope.UNIT, *_READERS),
        "GET /v1/parked": _rule(Scope.PLACE, *_OPERATORS),
        "POST /v1/parked/replay": _rule(Scope.SYSTEM, *_OPERATORS),
        **_BY_ALL,
    },
    "monitor": {
        "GET /v1/alerts": _rule(Scope.UNIT, *_READERS),
        "GET /v1/alerts/counts": _rule(Scope.UNIT, *_READERS),
        "GET /v1/alerts/{alert_id}": _rule(Scope.UNIT, *_READERS),
        "GET /v1/alerts/{alert_id}/dossier": _rule(Scope.UNIT, *_READERS),
        "GET /v1/alerts/{alert_id}/replay": _rule(Scope.UNIT, *_READERS),
        "GET /v1/acts/{act_id}/verdicts": _rule(Scope.UNIT, *_READERS),
        "POST /v1/precheck": _rule(Scope.UNIT, *_READERS),
        "GET /v1/forecasts": _rule(Scope.UNIT, *_READERS),
        "GET /v1/coverage": _rule(Scope.UNIT, *_READERS),
        "GET /v1/backtests": _rule(Scope.PLACE, *_WATCHERS),
        "GET /v1/backtests/{number}": _rule(Scope.PLACE, *_WATCHERS),
        "GET /v1/shadow": _rule(Scope.PLACE, *_WATCHERS),
        "GET /v1/rules": _PUBLIC,
        "GET /v1/rules/{rule}": _PUBLIC,
        "GET /v1/parked": _rule(Scope.PLACE, *_OPERATORS),
        "POST /v1/parked/replay": _rule(Scope.SYSTEM, *_OPERATORS),
        **_BY_ALL,
    },
    "notify": {
        "GET /v1/stream": _rule(Scope.PLACE, *_WATCHERS),
        "GET /v1/deliveries": _rule(Scope.PLACE, *_WATCHERS),
        "POST /v1/clues": _rule(Scope.PLACE, Role.OPERATOR),
        "GET /v1/clues": _rule(Scope.DESK, *_WATCHERS),
        "GET /v1/clues/{clue_id}": _rule(Scope.DESK, *_WATCHERS),
        "POST /v1/clues/{clue_id}/receive": _rule(Scope.DESK, Role.DISCIPLINE),
        "POST /v1/clues/{clue_id}/refuse": _rule(Scope.DESK, Role.DISCIPLINE),
        "GET /v1/parked": _rule(Scope.PLACE, *_OPERATORS),
        "POST /v1/parked/replay": _rule(Scope.SYSTEM, *_OPERATORS),
        **_BY_ALL,
    },
    "console": {
        "GET /": _rule(Scope.PLACE, *_WATCHERS),
        "GET /ledgers": _rule(Scope.SYSTEM, *_READERS),
        "GET /ledgers/{ledger}": _rule(Scope.UNIT, *_READERS),
        "GET /ledgers/{ledger}/export.xlsx": _rule(Scope.UNIT, *_READERS),
        "GET /acts/{act_id}": _rule(Scope.UNIT, *_READERS),
        "GET /alerts": _rule(Scope.PLACE, *_WATCHERS),
        "GET /alerts/{alert_id}": _rule(Scope.PLACE, *_WATCHERS),
        "POST /alerts/{alert_id}/hand-over": _rule(Scope.PLACE, Role.OPERATOR),
        "GET /live/alerts": _rule(Scope.PLACE, *_WATCHERS),
        "GET /clues": _rule(Scope.DESK, *_WATCHERS),
        "GET /clues/{clue_id}": _rule(Scope.DESK, *_WATCHERS),
        "POST /clues/{clue_id}/receive": _rule(Scope.DESK, Role.DISCIPLINE),
        "POST /clues/{clue_id}/refuse": _rule(Scope.DESK, Role.DISCIPLINE),
        "GET /precheck": _rule(Scope.SYSTEM, *_DRAFTERS),
        "GET /precheck/{key}": _rule(Scope.SYSTEM, *_DRAFTERS),
        "GET /precheck/compare": _rule(Scope.SYSTEM, *_DRAFTERS),
        "POST /precheck/compare": _rule(Scope.SYSTEM, *_DRAFTERS),
        "POST /precheck/{key}": _rule(Scope.UNIT, *_DRAFTERS),
        "GET /rules": _rule(Scope.SYSTEM, *_READERS),
        "GET /rules/coverage": _rule(Scope.PLACE, *_WATCHERS),
        "GET /rules/backtests": _rule(Scope.PLACE, *_WATCHERS),
        "GET /rules/backtests/{number}": _rule(Scope.PLACE, *_WATCHERS),
        "GET /rules/shadow": _rule(Scope.PLACE, *_WATCHERS),
        "GET /rules/{rule_id}": _rule(Scope.SYSTEM, *_READERS),
        "GET /sources": _rule(Scope.SOURCE, *_OPERATORS),
        "GET /quarantine": _rule(Scope.SOURCE, *_OPERATORS),
        "POST /quarantine/{entry}/replay": _rule(Scope.SOURCE, *_OPERATORS),
        "GET /keys": _rule(Scope.SYSTEM, *_READERS),
        "GET /login": _PUBLIC,
        "POST /logout": _rule(Scope.SYSTEM, *_READERS),
        **_BY_ALL,
    },
}
"""Service -> route -> what may be done there. The routes declare their roles themselves; both must say the same."""

_HEAD: Final = """\
<!-- Generated by `python -m deploy.access`; edit the table there instead. -->
# Who may do what

Every HTTP route of every service, the roles that may call it, and what of its data they reach. `tests/access` calls each of them
as every role, without a token, with an expired one and with one of a foreign key, for data of its own and of a foreign
jurisdiction, unit and source.
"""


def document() -> str:
    """Return the text of ``docs/access.md``."""
    scopes = "\n".join(f"- **{scope.value}**: {meaning}" for scope, meaning in _MEANING.items())
    return "\n".join((_HEAD, scopes, *(_section(service) for service in SERVICES)))


def _section(service: str) -> str:
    marks = ((route, rule, ("✓" if role in rule.roles else "" for role in Role)) for route, rule in _sorted(service))
    rows = "\n".join(f"| `{route}` | {' | '.join(given)} | {rule.scope.value} |" for route, rule, given in marks)
    head = " | ".join(role.value for role in Role)
    return f"\n## {service}\n\n| route | {head} | reaches |\n|---|{'---|' * (len(Role) + 1)}\n{rows}\n"


def _sorted(service: str) -> list[tuple[str, Rule]]:
    return sorted(ACCESS[service].items(), key=lambda item: item[0].split()[::-1])


def differences(service: str, app: FastAPI) -> list[str]:
    """Return one line for each route whose declaration is missing, or is another than the table's."""
    declared = {f"{method} {path}": roles for (method, path), roles in permissions(app).items() if path != "/static"}
    listed = ACCESS[service]
    return [
        f"{service} {route}: the route says {_told(declared, route)}, the table {_told(_roles(listed), route)}"
        for route in sorted(declared.keys() | listed.keys())
        if route not in declared or declared[route] is None or declared[route] != _roles(listed).get(route)
    ]


def _roles(listed: Mapping[str, Rule]) -> dict[str, frozenset[Role] | None]:
    return {route: rule.roles for route, rule in listed.items()}


def _told(by_route: Mapping[str, frozenset[Role] | None], route: str) -> str:
    roles = by_route.get(route)
    return "nothing" if roles is None else ", ".join(sorted(roles)) or "public"


def app_of(service: str) -> FastAPI:
    """Build a service's app for a look at its routes; it connects to nothing."""
    nowhere = dict.fromkeys(("NATS_URL", "CLUES_NATS_URL", "DATABASE_URL"), "none:")
    others = {f"{other.upper()}_URL": "http://none" for other in SERVICES}
    with tempfile.NamedTemporaryFile(suffix=".pem") as key:
        key.write(new_key_pair()[1])
        key.flush()
        settings = importlib.import_module(f"services.{service}.config").Settings(
            JIANFU_PUBLIC_KEY_FILE=Path(key.name), **nowhere, **others
        )
        app = importlib.import_module(f"services.{service}.app").create_app(settings)
    if not isinstance(app, FastAPI):
        raise TypeError(service)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when all is current (or was written), 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m deploy.access", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    if not parser.parse_args(arguments).check:
        FILE.write_text(document(), "utf-8")
    wrong = [line for service in SERVICES for line in differences(service, app_of(service))]
    if not FILE.exists() or FILE.read_text("utf-8") != document():
        wrong.append(f"{FILE.name}: out of date")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
