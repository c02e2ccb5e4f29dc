"""Every shape that was ever published still reads, and nothing else does."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_structured_event

import contracts
from contracts.catalog import BY_NAME, Catalog, ContractBroken, FromTheFuture, decode
from contracts.event import Event, Json, Upcaster, fact_id, unchanged
from contracts.generate import EXAMPLE_LOCK
from tests import factories

ROOT = Path(contracts.__file__).parent
EXAMPLES = sorted((ROOT / "examples").glob("*/*.json"))
NAME = re.compile(r"^v(?P<version>[1-9][0-9]*)-[a-z0-9][a-z0-9-]*\.json$")


def title(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", EXAMPLES, ids=title)
def test_every_example_reads_as_the_newest_version_of_its_event(path):
    fact = decode(path.read_bytes())
    envelope = json.loads(path.read_text("utf-8"))
    found = NAME.match(path.name)
    assert found, "named v<N>-<case>.json"
    assert envelope["type"] == f"cn.jianfu.{path.parent.name}.v{found['version']}"
    assert type(fact.event) is BY_NAME[path.parent.name]
    assert fact.fact_id == fact_id(envelope["source"], envelope["id"])


@pytest.mark.parametrize("name", BY_NAME)
def test_an_event_has_an_example_of_every_version(name):
    found = {
        int(match["version"]) for path in (ROOT / "examples" / name).glob("*.json") if (match := NAME.match(path.name))
    }
    assert found == set(range(1, BY_NAME[name].version + 1))


def test_there_is_no_folder_without_an_event():
    assert {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()} == set(BY_NAME)


def test_published_examples_are_as_they_were_published():
    published = json.loads((ROOT / EXAMPLE_LOCK).read_text("utf-8"))
    assert {title(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in EXAMPLES} == published


@pytest.mark.parametrize("path", EXAMPLES, ids=title)
def test_places_and_persons_of_examples_are_fictitious(path):
    envelope = json.loads(path.read_text("utf-8"))
    assert envelope["jurisdiction"] == "00" or envelope["jurisdiction"].startswith("99")
    assert not {"phone", "id_card", "person_name", "contact"} & set(envelope["data"])


@pytest.mark.parametrize("name", BY_NAME)
def test_unknown_fields_are_refused(name):
    body = json.loads(next(iter(sorted((ROOT / "examples" / name).glob("*.json")))).read_text("utf-8"))
    with pytest.raises(ContractBroken) as inside:
        decode(_bytes({**body, "data": {**body["data"], "surprise": 1}}))
    assert inside.value.field == "data.surprise"
    with pytest.raises(ContractBroken) as outside:
        decode(_bytes({**body, "surprise": 1}))
    assert outside.value.field == "surprise"


def test_an_error_names_the_field_and_never_the_value():
    body = _example("doc.issued", "full")
    body["data"]["char_count"] = "秘不示人"
    with pytest.raises(ContractBroken) as broken:
        decode(_bytes(body))
    assert broken.value.field == "data.char_count"
    assert "秘不示人" not in str(broken.value)


def test_a_newer_version_is_told_from_a_broken_event():
    body = _example("doc.issued", "bare")
    with pytest.raises(FromTheFuture):
        decode(_bytes({**body, "type": "cn.jianfu.doc.issued.v99"}))
    for wrong in ("cn.jianfu.doc.issued.v0", "cn.jianfu.doc.unheard.v1", "com.example.doc.issued.v1"):
        with pytest.raises(ContractBroken):
            decode(_bytes({**body, "type": wrong}))


class _Issued3(Event):
    """A further version of the issued document as somebody might publish it: renamed day, required copies."""

    family: ClassVar[str] = "doc"
    verb: ClassVar[str] = "issued"
    version: ClassVar[int] = 3
    title: ClassVar[str] = "发文"
    upcasters: ClassVar[Mapping[int, Upcaster]] = {
        1: unchanged,
        2: lambda old: {"heading": old["heading"], "day": old["dated"], "copies": 0},
    }

    heading: str
    day: date
    copies: int


def test_an_event_is_one_class_and_its_example():
    """What CONTRIBUTING says of a new version: the class with its upcaster reads the examples of the version before."""
    catalog: Catalog = {**BY_NAME, "doc.issued": _Issued3}
    old = decode((ROOT / "examples" / "doc.issued" / "v1-bare.json").read_bytes(), catalog).event
    assert isinstance(old, _Issued3)
    assert (old.heading, old.day, old.copies) == ("关于召开全县春耕备耕工作会议的通知", date(2025, 2, 20), 0)
    body = _example("doc.issued", "bare")
    new = {**body, "type": _Issued3.type_name(), "data": {"heading": "甲", "day": "2026-01-05", "copies": 3}}
    assert decode(_bytes(new), catalog).event == _Issued3(heading="甲", day=date(2026, 1, 5), copies=3)
    with pytest.raises(FromTheFuture):
        decode(_bytes(new))


@pytest.mark.parametrize("path", EXAMPLES, ids=title)
def test_the_cloudevents_sdk_reads_and_writes_our_envelopes(path):
    event = from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, path.read_bytes()))
    again = to_structured_event(event)
    assert decode(bytes(again.body)) == decode(path.read_bytes())


def _example(name: str, case: str) -> Json:
    body: Json = json.loads((ROOT / "examples" / name / f"v1-{case}.json").read_text("utf-8"))
    return body


def _bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", [name for name, event in BY_NAME.items() if event.is_act])
def test_every_act_has_a_factory_for_tests(name):
    assert type(decode(factories.wire(factories.made(name))).event) is BY_NAME[name]
