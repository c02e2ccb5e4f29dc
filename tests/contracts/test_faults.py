"""Whatever is wrong with a field of any event, a user reads in Chinese which field it is and what was expected."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

import contracts
from contracts.catalog import BY_NAME, ContractBroken, decode, find_type
from contracts.event import Envelope, Key
from contracts.faults import PATTERNS, Fault, faults
from contracts.generate import schemas

EXAMPLES = sorted((Path(contracts.__file__).parent / "examples").glob("*/*.json"))
WRONG: tuple[Any, ...] = (
    None, True, 7, -1, 2**63, -(2**63) - 1, 2**200, 1.5, float("nan"), "", " ", "x" * 3000, "a b", "2026-13-01",
    "2026-01-01T09:00:00", [], [{}], ["x"] * 5000, [-1], [2**63], {}, {"surprise": 1},
)  # fmt: skip
KEY = r"^[\w.:/\-]{1,128}$"
SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(inner, (*at, key))


def changed(body: Any, at: tuple[Any, ...], value: Any, *, gone: bool = False) -> Any:
    body = copy.deepcopy(body)
    *way, last = at
    inner = body
    for step in way:
        inner = inner[step]
    if gone:
        del inner[last]
    else:
        inner[last] = value
    return body


def found(body: Any) -> list[Fault]:
    try:
        envelope = Envelope.model_validate(body)
        event, _ = find_type(envelope.type)
        event.model_validate(envelope.data)
    except ValidationError as error:
        return faults(error.errors(include_input=False, include_url=False))
    except ContractBroken as error:
        return [Fault(error.field, "type", error.detail)]
    return []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_fault_of_every_field_is_told_in_chinese(path: Path) -> None:
    body = json.loads(path.read_text("utf-8"))
    seen = 0
    for at in paths(body):
        bodies = [changed(body, at, value) for value in WRONG]
        if isinstance(at[-1], str):
            bodies.append(changed(body, at, None, gone=True))
        for fault in (fault for other in bodies for fault in found(other)):
            seen += 1
            assert fault.field, (at, fault)
            assert any("\u4e00" <= letter <= "\u9fff" for letter in fault.detail), (at, fault)
            assert not SENTENCE.search(fault.detail), (at, fault)
            assert fault.detail != "取值不符合要求", (at, fault)
    assert seen > 50


RELATIONS = [
    ("mtg.convened", {"starts_at": "2026-01-02T09:00:00+08:00", "ended_at": "2026-01-01T09:00:00+08:00"}, "ended_at"),
    ("sec.started", {"started_on": "2026-01-02", "planned_end": "2026-01-01"}, "planned_end"),
    ("rpt.demanded", {"sent_at": "2026-01-02T09:00:00+08:00", "due_at": "2026-01-01T09:00:00+08:00"}, "due_at"),
    ("mtg.observed", {"starts_at": "2026-01-02T09:00:00+08:00", "ended_at": "2026-01-01T09:00:00+08:00"}, "ended_at"),
    ("task.assigned", {"assigned_at": "2026-01-02T09:00:00+08:00", "due_at": "2026-01-01T09:00:00+08:00"}, "due_at"),
    ("ticket.opened", {"opened_at": "2026-01-02T09:00:00+08:00", "due_at": "2026-01-01T09:00:00+08:00"}, "due_at"),
    ("res.visited", {"starts_on": "2026-01-02", "ends_on": "2026-01-01"}, "ends_on"),
    ("training.held", {"starts_on": "2026-01-02", "ends_on": "2026-01-01"}, "ends_on"),
    ("fest.held", {"starts_on": "2026-01-02", "ends_on": "2026-01-01"}, "ends_on"),
    ("rpt.filed", {"covers_from": "2026-01-02", "covers_to": "2026-01-01"}, "covers_to"),
    ("proj.stage_done", {"begun_on": "2026-01-02", "done_on": "2026-01-01"}, "done_on"),
    ("calendar.published", {"year": 2026, "days_off": ["2025-01-01"], "work_days": []}, "days_off"),
    ("calendar.published", {"year": 2026, "days_off": ["2026-01-01"], "work_days": ["2026-01-01"]}, "work_days"),
]


@pytest.mark.parametrize(("name", "data", "field"), RELATIONS)
def test_fields_that_contradict_each_other_are_named(name: str, data: dict[str, Any], field: str) -> None:
    body = json.loads(next(path for path in EXAMPLES if path.parent.name == name).read_text("utf-8"))
    body["data"] |= data
    with pytest.raises(ContractBroken) as broken:
        decode(json.dumps(body).encode())
    assert broken.value.field == f"data.{field}"
    assert re.search(r"[\u4e00-\u9fff]", broken.value.detail)
    assert not SENTENCE.search(broken.value.detail)


def test_every_validator_of_a_contract_is_among_those_cases() -> None:
    own = {
        (event.event_name(), field)
        for event in BY_NAME.values()
        for validator in event.__pydantic_decorators__.field_validators.values()
        for field in validator.info.fields
    }
    assert own - {(name, field) for name, _, field in RELATIONS} == {("doc.issued", "doc_no")}  # it only rewrites
    assert not any(event.__pydantic_decorators__.model_validators for event in BY_NAME.values())  # they name no field


def test_every_pattern_of_a_contract_has_its_words() -> None:
    def patterns(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("pattern"), str):
                yield value["pattern"]
            value = list(value.values())
        for inner in value if isinstance(value, list) else ():
            yield from patterns(inner)

    assert set(patterns(schemas())) <= set(PATTERNS)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", PATTERNS[KEY]),
        ("a b", PATTERNS[KEY]),
        ("a\n", PATTERNS[KEY]),
        ("a" * 129, "最多 128 个字符"),
        ("乡-1." * 32, None),
    ],
)
def test_a_key_is_what_its_schema_says(key: str, words: str | None) -> None:
    """Its length is not counted by the pattern that checks it, and the schema says it in one."""
    kind = TypeAdapter(Key)
    assert kind.json_schema()["pattern"] == KEY
    assert (re.fullmatch(KEY, key) is not None) == (words is None)
    if words is None:
        assert kind.validate_python(key) == key
        return
    with pytest.raises(ValidationError) as broken:
        kind.validate_python(key)
    assert faults(broken.value.errors())[0].detail == words


@pytest.mark.parametrize("name", BY_NAME)
def test_no_integer_is_larger_than_a_database_holds(name: str) -> None:
    """No whole number of any example may be beyond what readers hold, and the field is named."""
    for path in (path for path in EXAMPLES if path.parent.name == name):
        body = json.loads(path.read_text("utf-8"))
        for at in paths(body):
            value = body
            for step in at:
                value = value[step]
            if type(value) is int and "replacement" not in at and at[-1] != "cost":  # an amount is no integer
                [fault] = found(changed(body, at, 2**63))
                assert fault.field == ".".join(map(str, at[1:]))


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("year", ["0001", "9999"])
def test_no_day_is_at_the_end_of_the_calendar(name: str, year: str) -> None:
    """Readers add months to days and zones to moments: whatever a sender says, that must be possible."""
    for path in (path for path in EXAMPLES if path.parent.name == name):
        body = json.loads(path.read_text("utf-8"))
        for at in paths(body["data"]):
            value: Any = body["data"]
            for step in at:
                value = value[step]
            if at[-1] == "valid_to":  # 9999-12-31 is how some write that it never ends; nobody reckons on from it
                continue
            if isinstance(value, str) and re.match(r"20\d\d-\d\d-\d\d", value) and "replacement" not in at:
                listed = found(changed(body, ("data", *at), year + value[4:].replace("02-29", "02-28")))
                assert ".".join(map(str, at)) in {fault.field for fault in listed}


def test_the_name_of_an_unknown_field_can_be_answered() -> None:
    body = json.loads(EXAMPLES[0].read_text("utf-8"))
    body["data"] |= {"\x00" + "x" * 999: 1, **{f"f{number}": 1 for number in range(999)}}
    listed = found(body)
    assert len(listed) == 50
    assert all(len(fault.field) <= 200 for fault in listed)
    assert not any("\x00" in fault.field for fault in listed)
