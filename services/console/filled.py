"""A filled-in form of 发前核查 as the data of an event, or what is wrong with it. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from pydantic import JsonValue, ValidationError

from contracts.catalog import BY_NAME
from contracts.faults import faults
from contracts.lexicons import METHOD, Found, read_phrases, read_sections
from contracts.text import COUNT_METHOD, SKETCH_METHOD, count_characters, sketch
from kit.clock import BEIJING
from services.console.drafts import Draft, Field, Kind

Entries = Mapping[str, Sequence[str]]
"""What a browser sent, by field."""
Errors = dict[str, str]
PREFIX: Final = "f_"
"""Before the names of fields in a form: scripts would take a control named ``form`` or ``name`` for the form's own."""
UNIT_FIELDS: Final = frozenset({"addressees", "targets", "joint_owners", "from_unit", "to_unit", "issuer_unit"})
"""Fields that name units, by key or by registered name."""

_OFFICE_OPENS: Final = time(9, tzinfo=BEIJING)
_ACT_ID: Final = re.compile(r"^[a-z2-7]{26}$")
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Measured:
    """What was computed from a text that is then forgotten."""

    characters: int
    sketch_values: int
    demands: tuple[Found, ...]
    """What the text asks for, with its sentences: shown to who pasted it, never kept or sent on."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as read: event data, or messages by field ("" for the form as a whole)."""

    data: Mapping[str, JsonValue]
    errors: Mapping[str, str]
    at: datetime | None
    measured: Measured | None
    acts: Mapping[str, str]
    """Field -> act id that must be turned into a reference before the data is complete."""


def fill(draft: Draft, entries: Entries, unit_keys: Mapping[str, str]) -> Filled:
    """Read a form; ``unit_keys`` turns registered unit names into keys."""
    reading = _Reading(draft, entries, unit_keys)
    values = {field.name: value for field in draft.fields if (value := reading.value(field)) not in (None, "", [])}
    for field in draft.fields:
        if field.required and field.name not in values:
            reading.errors.setdefault(field.name, "必须填写")
    acts = {
        field.name: str(values.pop(field.name))
        for field in draft.fields
        if field.kind is Kind.ACT and field.name in values
    }
    data, measured = _shape(draft, values)
    if not reading.errors and not acts:
        reading.errors |= check(draft, data)
    return Filled(data=data, errors=reading.errors, at=_happens_at(draft, values), measured=measured, acts=acts)


def check(draft: Draft, data: Mapping[str, JsonValue]) -> Errors:
    """Return what the event's contract says against the data, by field."""
    try:
        BY_NAME[draft.event].model_validate(data)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        return {
            _form_field(draft, one["loc"]): fault.detail
            for one, fault in zip(found, faults(found), strict=False)  # the first of very many
        }
    return {}


class _Reading:
    """Turns entries into values and keeps what could not be turned."""

    def __init__(self, draft: Draft, entries: Entries, unit_keys: Mapping[str, str]) -> None:
        self.errors: Errors = {}
        self._draft = draft
        self._entries = entries
        self._unit_keys = unit_keys
        self._readers: Mapping[Kind, Callable[[Field, str], JsonValue]] = {
            Kind.NUMBER: self._number,
            Kind.LEVEL: self._number,
            Kind.DAY: self._day,
            Kind.MOMENT: self._moment,
            Kind.YES_NO: lambda _, text: text == "yes",
            Kind.ACT: self._act,
        }

    def value(self, field: Field) -> JsonValue:
        """Return the value of one field; None when it was left empty."""
        given = [text.strip() for text in self._entries.get(PREFIX + field.name, ()) if text.strip()]
        if not given:
            return None
        if field.kind is Kind.LINES:
            lines = [line.strip() for line in given[0].splitlines() if line.strip()]
            return [self._unit(field, line) for line in lines]
        if field.kind is Kind.ROLES:
            return [*given]
        reader = self._readers.get(field.kind)
        return reader(field, given[0]) if reader else self._unit(field, given[0])

    def _unit(self, field: Field, text: str) -> str:
        return self._unit_keys.get(text, text) if field.name in UNIT_FIELDS else text

    def _number(self, field: Field, text: str) -> JsonValue:
        if not text.isascii() or not text.isdigit():
            self.errors[field.name] = "应为整数"
            return None
        if len(text) > _MOST_DIGITS:
            self.errors[field.name] = "整数过大"
            return None
        return int(text)

    def _day(self, field: Field, text: str) -> JsonValue:
        try:
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=BEIJING).date().isoformat()
        except ValueError:
            self.errors[field.name] = "应为日期，例如 2026-03-05"
            return None

    def _moment(self, field: Field, text: str) -> JsonValue:
        try:
            return datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=BEIJING).isoformat()
        except ValueError:
            self.errors[field.name] = "应为日期和时间"
            return None

    def _act(self, field: Field, text: str) -> JsonValue:
        if not _ACT_ID.match(text):
            self.errors[field.name] = "应为 26 位编号"
            return None
        return text


def _shape(draft: Draft, values: Mapping[str, JsonValue]) -> tuple[dict[str, JsonValue], Measured | None]:
    """Fold the fields that a form asks for one by one into the structures of the event."""
    data = dict(values)
    level, kind = data.pop("target_level", None), data.pop("target_kind", None)
    if draft.targets and isinstance(units := data.get(draft.targets), list):
        of_all = {name: value for name, value in (("level", level), ("kind", kind)) if value is not None}
        data[draft.targets] = [{"unit": unit, **of_all} for unit in units]
    if isinstance(roles := data.get("required"), list):
        data["required"] = [{"role": role, "level": level} for role in roles]
    parent = {"doc_no": data.pop("parent_no", None), "title": data.pop("parent_title", None)}
    if any(parent.values()):
        data["implements"] = [parent]
    _fold_consents(draft, data)
    return data, _fold_body(draft, data)


def _fold_consents(draft: Draft, data: dict[str, JsonValue]) -> None:
    refs = {"教育部门同意": data.pop("consent_education", None), "党委审批备案": data.pop("consent_party", None)}
    if draft.event == "sec.started":
        data["consents"] = [{"kind": kind, "ref": ref} for kind, ref in refs.items() if ref]


def _fold_body(draft: Draft, data: dict[str, JsonValue]) -> Measured | None:
    """Replace the body by what the event states of it: its length, its sketch, its parts and what it asks for."""
    body = data.pop("body", None)
    if not isinstance(body, str):
        return None
    heading = data.get("heading")
    demands = read_phrases(body, heading if isinstance(heading, str) else None)
    data["phrases"] = [{"lexicon": one.lexicon, "count": len(one.sentences), "method": METHOD} for one in demands]
    values = sketch(body)
    characters = count_characters(body)
    if "char_count" in BY_NAME[draft.event].model_fields:
        data |= {"char_count": characters, "count_method": COUNT_METHOD}
        data["sketch"] = {"method": SKETCH_METHOD, "values": list(values)}
        data["sections"] = [{"kind": kind, "char_count": count_characters(text)} for kind, text in read_sections(body)]
    return Measured(characters=characters, sketch_values=len(values), demands=demands)


def _happens_at(draft: Draft, values: Mapping[str, JsonValue]) -> datetime | None:
    given = values.get(draft.when)
    if not isinstance(given, str):
        return None
    at = datetime.fromisoformat(given)
    return at if at.tzinfo else datetime.combine(at.date(), _OFFICE_OPENS)


def _form_field(draft: Draft, where: tuple[str | int, ...]) -> str:
    """Return the form's field that an error of the contract belongs to."""
    name = str(where[0]) if where else ""
    return name if name in draft.labels else {"implements": "parent_no", "consents": "consent_education"}.get(name, "")
