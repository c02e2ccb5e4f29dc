"""Which routes an alert takes: ordered, the first that matches unless it says to go on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from contracts.alerts import Severity
from contracts.jurisdiction import is_within

Change = Literal["raised", "amended", "retracted"]
Send = Literal["immediately", "daily"]


@dataclass(frozen=True, slots=True)
class Traits:
    """What routing looks at in one change of an alert."""

    severity: Severity
    rule: str
    place: str
    change: Change

    @property
    def family(self) -> str:
        """The part of the rule id before its first hyphen, in lower case: ``doc`` of ``DOC-01``."""
        return self.rule.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Match:
    """What a route asks for; an empty tuple asks for nothing."""

    severity: tuple[Severity, ...] = ()
    rule: tuple[str, ...] = ()
    """Rule ids; a final ``*`` stands for any ending."""
    family: tuple[str, ...] = ()
    jurisdiction: tuple[str, ...] = ()
    """The alert's place lies in one of these."""
    change: tuple[Change, ...] = ()

    def takes(self, alert: Traits) -> bool:
        """Tell whether every condition holds."""
        return (
            (not self.severity or alert.severity in self.severity)
            and (not self.rule or any(_names(pattern, alert.rule) for pattern in self.rule))
            and (not self.family or alert.family in self.family)
            and (not self.jurisdiction or any(is_within(alert.place, place) for place in self.jurisdiction))
            and self.allows(alert.change)
        )

    def allows(self, change: Change) -> bool:
        """Tell whether the route speaks of such a change at all."""
        return not self.change or change in self.change


@dataclass(frozen=True, slots=True)
class Route:
    """One line of ``routes.toml``."""

    name: str
    match: Match
    receivers: tuple[str, ...]
    send: Send = "immediately"
    window: timedelta = timedelta(0)
    """Alerts of one rule and unit within it become one message."""
    go_on: bool = False
    """Whether later routes are asked as well."""

    def group_of(self, rule: str, about: str) -> str:
        """Return the key of the alerts that this route may put into one message."""
        return f"{self.name}|{rule}|{about}"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who is told, as far as deciding is concerned."""

    name: str
    channel: str
    place: str
    """Hears only of alerts within this jurisdiction."""
    daily_budget: int | None
    """Messages a day that may interrupt; more go into the daily digest. None: nobody is interrupted."""


def routes_of(alert: Traits, routes: Sequence[Route]) -> list[Route]:
    """Return the routes that an alert takes, in order."""
    taken: list[Route] = []
    for route in routes:
        if route.match.takes(alert):
            taken.append(route)
            if not route.go_on:
                break
    return taken


def told_by(alert: Traits, routes: Sequence[Route], receivers: Iterable[Receiver]) -> dict[str, Route]:
    """Return each receiver's name with the first route that names it; receivers of other places are left out."""
    near = {receiver.name for receiver in receivers if is_within(alert.place, receiver.place)}
    told: dict[str, Route] = {}
    for route in routes_of(alert, routes):
        for name in route.receivers:
            if name in near:
                told.setdefault(name, route)
    return told


def _names(pattern: str, rule: str) -> bool:
    return rule.startswith(pattern[:-1]) if pattern.endswith("*") else rule == pattern
