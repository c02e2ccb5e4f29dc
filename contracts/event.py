"""The CloudEvents 1.0 envelope and the base of every fact."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from contracts.jurisdiction import Jurisdiction

TYPE_PREFIX: Final = "cn.jianfu."
Json = dict[str, Any]
Upcaster = Callable[[Json], Json]
"""One step from the data of version N to the data of version N + 1; pure."""


def unchanged(data: Json) -> Json:
    """Step to a version that only adds optional fields or choices: what was said stands as it was said."""
    return data


Stream = Literal["FACTS", "ALERTS", "CLUES"]

Day = Annotated[date, Field(ge=date(2, 1, 1), le=date(9998, 12, 31))]
"""A day that another year can be reckoned from: the very ends of the calendar stop whoever does."""
LastDay = Annotated[date, Field(ge=date(2, 1, 1))]
"""The last day of something; some write 9999-12-31 where there is none, so nobody may reckon on from it."""
Moment = Annotated[AwareDatetime, Field(ge=datetime(2, 1, 2, tzinfo=UTC), lt=datetime(9998, 12, 31, tzinfo=UTC))]
"""A moment with its zone; within the bounds of ``Day`` in every zone."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
"""A short word of the business: a topic, a title part, an item name."""
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Sha = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A hash of 256 bits in lower-case hex."""
Key = Annotated[
    str,
    StringConstraints(pattern=r"^[\w.:/\-]+$", max_length=128),  # counted apart: as {1,128} one costs ten times as much
    WithJsonSchema({"pattern": r"^[\w.:/\-]{1,128}$", "type": "string"}),
]
"""An identifier chosen by a source: a unit, a plan item, a loan, a person's pseudonym."""

# Bounds of what readers can hold and reckon with, sums included. The published schemas are locked and never named them, so
# they go on without.
MOST: Final = 2**31 - 1
Count = Annotated[int, Field(ge=0, le=MOST), WithJsonSchema({"minimum": 0, "type": "integer"})]
"""How many there are of something."""
Ordinal = Annotated[int, Field(ge=1, le=MOST), WithJsonSchema({"minimum": 1, "type": "integer"})]
"""A number that counts from 1."""
Word = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), WithJsonSchema({"type": "integer"})]
"""64 bits that are no quantity: a hash."""
Position = Annotated[int, Field(ge=1, le=2**63 - 1), WithJsonSchema({"minimum": 1, "type": "integer"})]
"""A place in a log."""


class Model(BaseModel):
    """A frozen value of the published language; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Event(Model):
    """What happened, in the past tense; a subclass is one event type in its newest version."""

    family: ClassVar[str]
    verb: ClassVar[str]
    version: ClassVar[int] = 1
    title: ClassVar[str]
    """The Chinese name that users read."""
    stream: ClassVar[Stream] = "FACTS"
    is_act: ClassVar[bool] = False
    """Whether an office did this to somebody, so that it can be corrected, withdrawn, listed and judged."""
    of_system: ClassVar[bool] = False
    """Whether our own services state it about their work: nobody outside may, and no rule judges it."""
    upcasters: ClassVar[Mapping[int, Upcaster]] = {}

    @classmethod
    def event_name(cls) -> str:
        """Return ``family.verb``."""
        return f"{cls.family}.{cls.verb}"

    @classmethod
    def type_name(cls) -> str:
        """Return the CloudEvents ``type`` of the newest version."""
        return f"{TYPE_PREFIX}{cls.family}.{cls.verb}.v{cls.version}"


class ActRef(Model):
    """Names another fact by its CloudEvents identity."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    source: Annotated[str, StringConstraints(max_length=256)] | None = Field(
        default=None, description="Absent means: of the same source as the fact that refers."
    )

    def fact(self, own_source: str) -> str:
        """Return the fact id that this names, as seen from a fact of ``own_source``."""
        return fact_id(self.source or own_source, self.id)


class Envelope(Model):
    """CloudEvents 1.0 with the two clocks: ``time`` (it happened) and ``recordedtime`` (we learned it)."""

    specversion: Literal["1.0"]
    id: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    source: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[!-~]+$")] = Field(
        description="URI-reference of the system that emits; with id the idempotency key."
    )
    type: Annotated[str, StringConstraints(pattern=r"^cn\.jianfu\.[a-z]+\.[a-z_]+\.v[0-9]{1,3}$")]
    time: Moment
    recordedtime: Moment
    jurisdiction: Jurisdiction
    unitid: Key = Field(description="The acting unit.")
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: Annotated[str, StringConstraints(max_length=512)] | None = None
    subject: Annotated[str, StringConstraints(max_length=256)] | None = None
    traceparent: (
        Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")] | None
    ) = None
    data: Json


EventT_co = TypeVar("EventT_co", bound=Event, covariant=True)


@dataclass(frozen=True, slots=True)
class Recorded(Generic[EventT_co]):
    """A fact as readers see it: the identity and clocks of its envelope with its event in the newest version."""

    fact_id: str
    source: str
    id: str
    time: datetime
    recorded: datetime
    jurisdiction: str
    unit: str
    event: EventT_co


_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS: Final = tuple(first + second for first in _LETTERS for second in _LETTERS)
"""Two characters of base32 for each ten bits; one id is made for every fact that is read, so it has to be quick."""


def fact_id(source: str, id_: str) -> str:
    """Return the 26 lower-case base32 characters that identify a fact everywhere (130 bits of SHA-256)."""
    bits = int.from_bytes(hashlib.sha256(f"{source}\0{id_}".encode()).digest()[:17], "big") >> 6
    a, b, c, pairs = bits >> 80, bits >> 40 & 0xFF_FFFF_FFFF, bits & 0xFF_FFFF_FFFF, _PAIRS
    return (
        f"{pairs[a >> 40]}{pairs[a >> 30 & 1023]}{pairs[a >> 20 & 1023]}{pairs[a >> 10 & 1023]}{pairs[a & 1023]}"
        f"{pairs[b >> 30]}{pairs[b >> 20 & 1023]}{pairs[b >> 10 & 1023]}{pairs[b & 1023]}"
        f"{pairs[c >> 30]}{pairs[c >> 20 & 1023]}{pairs[c >> 10 & 1023]}{pairs[c & 1023]}"
    )
