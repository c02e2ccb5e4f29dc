"""The key of the scripted year: which alerts it must raise, and which acts only look as if they broke a rule. Pure."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from contracts.alerts import Outcome, Severity
from contracts.event import fact_id
from deploy.demo import KEY

_NAMED: Final = re.compile(r"(?P<source>/[^|#]+)#(?P<id>.+)$")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Expected(_Strict):
    """One alert that must be raised."""

    rule: str
    subject: str
    severity: Severity
    document: str
    clause: str
    why: str

    @property
    def resolved(self) -> str:
        """The subject as the monitor names it."""
        return resolve(self.subject)


class Near(_Strict):
    """One verdict on something that looks like a violation; ``none``: the rule does not speak of it."""

    rule: str
    subject: str
    outcome: Outcome | Literal["none"]
    why: str

    @property
    def resolved(self) -> str:
        """The subject as the monitor names it."""
        return resolve(self.subject)


class Quiet(_Strict):
    """Rules of the place of which the year holds no fact that could break them."""

    rules: tuple[str, ...]
    why: str


class Key(_Strict):
    """The whole key."""

    quiet: tuple[Quiet, ...] = ()

    alerts: tuple[Expected, ...]
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert that stands, as far as the key speaks of it; ``acts`` are the fact ids that bear it."""

    rule: str
    subject: str
    severity: str
    document: str
    clause: str
    acts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the standing alerts differ from the key."""

    missing: tuple[Expected, ...]
    unexpected: tuple[Raised, ...]
    repeated: tuple[Raised, ...]

    @property
    def equal(self) -> bool:
        """Whether every expected alert stands exactly once and no other."""
        return not (self.missing or self.unexpected or self.repeated)


def resolve(subject: str) -> str:
    """Return a subject of the key with the fact id in the place of ``<source>#<id>``."""
    return _NAMED.sub(lambda found: fact_id(found["source"], found["id"]), subject)


def read_key() -> Key:
    """Return the key that lies beside this file."""
    content: dict[str, Any] = tomllib.loads(KEY.read_text("utf-8"))
    return Key.model_validate(content)


def compare(raised: tuple[Raised, ...], key: Key) -> Comparison:
    """Return what is missing, what is too much and what stands twice; rule, subject, severity and clause must agree."""
    wanted = {_identity(one.rule, one.resolved, one.severity, one.document, one.clause): one for one in key.alerts}
    seen: set[tuple[str, ...]] = set()
    unexpected, repeated = [], []
    for one in raised:
        mine = _identity(one.rule, one.subject, one.severity, one.document, one.clause)
        if mine in seen:
            repeated.append(one)
        elif mine not in wanted:
            unexpected.append(one)
        seen.add(mine)
    missing = tuple(one for mine, one in wanted.items() if mine not in seen)
    return Comparison(missing, tuple(unexpected), tuple(repeated))


def _identity(*parts: str) -> tuple[str, ...]:
    return parts
