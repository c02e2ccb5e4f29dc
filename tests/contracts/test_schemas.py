"""Generated files are current, published schemas stay as they are, and schemas and code agree on what is an event."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import jsonschema_rs
import pytest

import contracts
from contracts import generate
from contracts.catalog import BY_NAME, EVENTS
from contracts.certificates import CertificateDemanded
from contracts.event import Event
from contracts.flows import flow_of
from services.monitor.book import evaluator_kinds
from services.monitor.world import REFERENCE
from services.notify.world import SUBJECTS

ROOT = Path(contracts.__file__).parent
ASYNCAPI = json.loads((ROOT / "asyncapi.json").read_text("utf-8"))


@pytest.fixture
def copy(tmp_path):
    """Give a copy of the generated files that a test may spoil."""
    for name in ("schemas", "examples"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("asyncapi.json", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_generated_files_are_current():
    assert list(generate.broken()) == []
    assert list(generate.stale()) == []


def test_the_command_says_what_differs(copy, monkeypatch, capsys):
    monkeypatch.setattr(generate, "FOLDER", copy)
    (copy / "README.md").write_text("yesterday")
    (copy / "schemas" / "cert.demanded.v1.json").unlink()
    (copy / "schemas" / "gone.event.v1.json").write_text("{}")
    monkeypatch.setattr(generate.stale, "__defaults__", (copy,))
    monkeypatch.setattr(generate.broken, "__defaults__", (copy,))
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "schemas/cert.demanded.v1.json: missing",
        "README.md: out of date",
        "schemas/gone.event.v1.json: no event has this schema",
    ]


def test_a_published_schema_that_changes_in_place_is_refused(copy, monkeypatch):
    class Wider(CertificateDemanded):
        fee: int | None = None

    monkeypatch.setattr(generate, "schemas", lambda: {"cert.demanded.v1.json": generate.schema_of(Wider)})
    fault = "schemas/cert.demanded.v1.json: a published schema changed in place; add a version with an upcaster instead"
    assert fault in list(generate.broken(copy))


def test_words_of_a_schema_may_be_mended():
    schema = generate.schema_of(CertificateDemanded)
    reworded = json.loads(json.dumps(schema).replace("Who is asked to issue it", "Who would have to issue it"))
    assert schema != reworded
    assert generate.fingerprint(schema) == generate.fingerprint(reworded)


def test_a_field_called_title_is_no_word():
    class One(Event):
        family: ClassVar[str] = "one"
        verb: ClassVar[str] = "done"
        title: ClassVar[str] = "一"
        heading: str

    assert generate.meaning({"properties": {"title": {"type": "string", "title": "Title"}}}) == {
        "properties": {"title": {"type": "string"}}
    }
    assert "heading" in generate.meaning(generate.schema_of(One))["$defs"]["One"]["properties"]


def test_a_published_example_that_is_edited_or_taken_away_is_refused(copy):
    edited = copy / "examples" / "clock.day_ended" / "v1-day.json"
    edited.write_text(edited.read_text("utf-8").replace("2025-09-30", "2025-09-29"), "utf-8")
    (copy / "examples" / "act.withdrawn" / "v1-entered-twice.json").unlink()
    assert list(generate.broken(copy)) == [
        "examples/act.withdrawn/v1-entered-twice.json: a published example is gone",
        "examples/clock.day_ended/v1-day.json: a published example was edited; add another instead",
    ]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_schema_accepts_its_examples_and_no_unknown_field(name):
    validator = jsonschema_rs.validator_for(
        json.loads((ROOT / "schemas" / f"{name}.v{BY_NAME[name].version}.json").read_text("utf-8"))
    )
    for path in sorted((ROOT / "examples" / name).glob(f"v{BY_NAME[name].version}-*.json")):
        body = json.loads(path.read_text("utf-8"))
        validator.validate(body)
        assert not validator.is_valid({**body, "surprise": 1})
        assert not validator.is_valid({**body, "data": {**body["data"], "surprise": 1}})


def test_every_event_is_a_message_of_a_channel_with_examples():
    messages = ASYNCAPI["components"]["messages"]
    for event in EVENTS:
        message = messages[event.event_name()]
        assert message["name"] == event.type_name()
        assert message["examples"]
        assert any(
            channel["address"] == flow_of(event).channel and event.event_name() in channel["messages"]
            for channel in ASYNCAPI["channels"].values()
        )


def test_every_reference_of_the_asyncapi_document_leads_somewhere():
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "$ref")
            for key, value in node.items():
                if key != "examples":
                    yield from references(value)
        elif isinstance(node, list):
            for one in node:
                yield from references(one)

    found: list[str] = list(references(ASYNCAPI))
    assert len(found) > 2 * len(EVENTS)
    for reference in found:
        file, _, pointer = reference.partition("#")
        if file:
            assert (ROOT / file).is_file(), reference
            continue
        node: Any = ASYNCAPI
        for part in pointer.strip("/").split("/"):
            node = node[part]


def test_the_table_says_that_monitor_reads_what_its_evaluators_read():
    judged = {name for kind in evaluator_kinds().values() for name in kind.on}
    for name in judged | {event.event_name() for event in REFERENCE} | {"act.corrected", "act.withdrawn"}:
        assert "monitor" in flow_of(BY_NAME[name]).readers


def test_the_table_says_that_notify_reads_what_it_subscribes_to():
    read = {subject.removeprefix("facts.*.") for subject in SUBJECTS}
    assert {
        event.event_name() for event in EVENTS if event.stream == "FACTS" and "notify" in flow_of(event).readers
    } == read
