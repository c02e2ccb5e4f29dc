"""The monitor's tables in memory: a connection that answers the statements of ``store`` for ten thousand small histories.

``tests/monitor/test_apply.py`` shows the same on PostgreSQL, with fewer histories.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from kit import outbox
from services.monitor import store

Pair = tuple[str, str]


class Tables:
    """One monitor's database, as far as ``apply`` asks for it; a statement that it does not know is a ``KeyError``."""

    def __init__(self) -> None:
        """Begin empty."""
        self._facts: dict[str, store.FactRow] = {}
        self._amending: dict[str, list[str]] = {}
        self._keys: dict[str, dict[str, set[str]]] = {"offer": {}, "need": {}}
        self._timers: dict[Pair, date] = {}
        self._checkpoint: dict[str, Any] | None = None
        self.alerts: dict[str, dict[str, Any]] = {}

    async def fetch(self, sql: str, *args: Any) -> Sequence[Any]:
        """Answer a question for rows."""
        answers: dict[str, Callable[..., Iterable[Any]]] = {
            store._EARLIER: self._earlier,
            store._BODIES: self._bodies,
            store._REFERENCE: self._references,
            store._OF_UNITS: self._of_units,
            store._NEEDING: self._needing,
            store._OFFERING: self._offering,
            store._DUE: self._due,
            store._STANDING: self._standing,
            store._REVISIONS: self._known,
            store._SHOWN: self._known,
            store._FINGERPRINTS: self._fingerprints,
        }
        return list(answers[sql](*map(_argument, args)))

    async def fetchrow(self, sql: str, *args: Any) -> dict[str, Any] | None:
        """Answer the one question for a row."""
        return {store._CHECKPOINT: lambda _stream: self._checkpoint}[sql](*args)

    async def execute(self, sql: str, *args: Any) -> None:
        """Do what a statement says."""
        deeds: dict[str, Callable[..., object]] = {
            store._ADVANCE: self._advance,
            store._DROP_OFFERS: lambda keys, acts: self._drop("offer", keys, acts),
            store._DROP_NEEDS: lambda keys, acts: self._drop("need", keys, acts),
            store._DROP_TIMERS: self._drop_timers,
            store._SET_TIMERS: self._set_timers,
            outbox._IN_TURN: lambda: None,
        }
        deeds[sql](*map(_argument, args))

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do what a statement says, row by row."""
        do = {store._PUT_ALERTS: self._put_alert, store._RETRACT: self._retract}[sql]
        for row in rows:
            do(*row)

    async def copy_records_to_table(self, table: str, *, records: Iterable[Any], columns: Sequence[str]) -> None:
        """Add rows; what nobody reads back is not kept."""
        if table == "fact":
            for record in records:
                row = store.FactRow(**dict(zip(columns, record, strict=True)))
                self._facts[row.fact_id] = row
                if row.target:
                    self._amending.setdefault(row.target, []).append(row.fact_id)
        if table in self._keys:
            for key, act in records:
                self._keys[table].setdefault(key, set()).add(act)

    def _found(self, names: Iterable[str]) -> list[store.FactRow]:
        wanted = [name for one in names for name in (one, *self._amending.get(one, ()))]
        return sorted((self._facts[name] for name in wanted if name in self._facts), key=lambda row: row.position)

    def _earlier(self, names: Sequence[str]) -> Iterable[Any]:
        return ((row.fact_id, row.target, row.body) for row in self._found(names))

    def _bodies(self, names: Sequence[str]) -> Iterable[Any]:
        return ({"body": row.body} for row in self._found(names))

    def _references(self) -> Iterable[Any]:
        return ({"body": row.body} for row in self._found(row.fact_id for row in self._facts.values() if row.reference))

    def _of_units(self, units: Sequence[str]) -> Iterable[Any]:
        rows = self._facts.values()
        return ({"fact_id": row.fact_id} for row in rows if row.unit in units and not (row.target or row.reference))

    def _needing(self, keys: Sequence[str]) -> Iterable[Any]:
        need = self._keys["need"]
        return ({"act": act, "family": key.partition("|")[0]} for key in keys for act in need.get(key, ()))

    def _offering(self, keys: Sequence[str]) -> Iterable[Any]:
        offer = self._keys["offer"]
        return ({"key": key, "acts": sorted(offer[key])} for key in keys if offer.get(key))

    def _due(self, today: date) -> Iterable[Any]:
        return ({"rule": rule, "scope": scope} for (rule, scope), due in self._timers.items() if due <= today)

    def _standing(self, rules: Sequence[str], scopes: Sequence[str]) -> Iterable[Any]:
        wanted = set(zip(rules, scopes, strict=True))
        names = ("alert_id", "rule", "version", "scope", "subject", "revision", "digest")
        for row in self.alerts.values():
            if row["state"] == "standing" and (row["rule"], row["scope"]) in wanted:
                yield {name: row[name] for name in names}

    def _known(self, names: Sequence[str]) -> Iterable[Any]:
        return (self.alerts[name] for name in names if name in self.alerts)

    def _fingerprints(self, names: Sequence[str]) -> Iterable[Any]:
        return ((name, hashlib.sha256(self._facts[name].body).hexdigest()) for name in names if name in self._facts)

    def _advance(self, _stream: str, position: int, stored_at: Any) -> None:
        self._checkpoint = {"position": position, "stored_at": stored_at}

    def _drop(self, table: str, keys: Sequence[str], acts: Sequence[str]) -> None:
        for key, act in zip(keys, acts, strict=True):
            self._keys[table].get(key, set()).discard(act)

    def _drop_timers(self, rules: Sequence[str], scopes: Sequence[str]) -> None:
        for pair in zip(rules, scopes, strict=True):
            self._timers.pop(pair, None)

    def _set_timers(self, rules: Sequence[str], scopes: Sequence[str], days: Sequence[date]) -> None:
        self._timers.update(zip(zip(rules, scopes, strict=True), days, strict=True))

    def _put_alert(self, *row: Any) -> None:
        names = (
            *("alert_id", "rule", "version", "scope", "subject", "state", "revision", "severity", "place", "unit"),
            *("happened_on", "acts", "digest", "shown", "updated_at"),
        )
        self.alerts[row[0]] = dict(zip(names, row, strict=True))

    def _retract(self, name: str, revision: int, shown: Any, _at: Any) -> None:
        self.alerts[name] |= {"state": "retracted", "revision": revision, "shown": shown}


def _argument(value: Any) -> Any:
    """Return an argument as it is meant: several texts go to the server as one."""
    return json.loads(value) if isinstance(value, str) and value.startswith("[") else value
