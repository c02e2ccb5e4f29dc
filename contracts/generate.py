"""Write what is generated from the events: JSON Schemas, the AsyncAPI document, the table, and the two locks.

``python -m contracts.generate`` writes; with ``--check`` it only compares and exits 1 with the list of what differs.
Published shapes are locked: a schema that changed in place, or an example that was edited, is refused by both, for the
log is read for decades. The way to change an event is a new version with an upcaster and an example of it.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from contracts.asyncapi import document
from contracts.catalog import EVENTS
from contracts.event import Envelope, Event, Json
from contracts.flows import flow_of

FOLDER: Final = Path(__file__).parent
SCHEMA_LOCK: Final = "schemas/published.json"
EXAMPLE_LOCK: Final = "examples/published.json"
_WORDS_ONLY: Final = frozenset({"title", "description", "$id", "examples"})
"""Keywords of JSON Schema that say nothing about which data are valid."""
_BY_NAME: Final = frozenset({"properties", "$defs"})
"""Keywords whose keys are names of ours, not keywords."""


def schema_of(event: type[Event]) -> Json:
    """Return the JSON Schema (2020-12) of an event's newest version: the whole CloudEvent, closed."""
    envelope = Envelope.model_json_schema(ref_template="#/$defs/{model}")
    data = event.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {**envelope.pop("$defs", {}), **data.pop("$defs", {}), event.__name__: data}
    envelope["properties"]["type"] = {"const": event.type_name()}
    envelope["properties"]["data"] = {"$ref": f"#/$defs/{event.__name__}"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:cn.jianfu:{event.event_name()}:v{event.version}",
        **envelope,
        "title": f"{event.event_name()} v{event.version} {event.title}",
        "description": event.__doc__,
        "$defs": dict(sorted(definitions.items())),
    }


def meaning(schema: Any) -> Any:
    """Return a schema without the words that explain it: what decides which data are valid."""
    if isinstance(schema, dict):
        return {
            key: {name: meaning(one) for name, one in value.items()} if key in _BY_NAME else meaning(value)
            for key, value in schema.items()
            if key not in _WORDS_ONLY
        }
    return [meaning(one) for one in schema] if isinstance(schema, list) else schema


def fingerprint(schema: Json) -> str:
    """Return SHA-256 of a schema's meaning."""
    return hashlib.sha256(json.dumps(meaning(schema), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def schemas(events: Sequence[type[Event]] = EVENTS) -> dict[str, Json]:
    """Return the schemas of the newest versions by file name."""
    return {f"{event.event_name()}.v{event.version}.json": schema_of(event) for event in events}


def examples(folder: Path = FOLDER) -> dict[str, Json]:
    """Return every example by ``<family.verb>/v<N>-<case>.json``."""
    root = folder / "examples"
    return {
        path.relative_to(root).as_posix(): json.loads(path.read_text("utf-8")) for path in sorted(root.glob("*/*.json"))
    }


def table(events: Iterable[type[Event]] = EVENTS) -> str:
    """Return ``contracts/README.md``: who publishes and who reads each event, and what it says."""
    rows, fields = [], []
    for event in events:
        flow = flow_of(event)
        name = f"[`{event.event_name()}`](schemas/{event.event_name()}.v{event.version}.json)"
        cells = (
            name,
            event.title,
            f"v{event.version}",
            f"`{flow.channel}`",
            "、".join(flow.publishers),
            "、".join(flow.readers),
        )
        rows.append("| " + " | ".join(cells) + " |")
        fields.append(f"| `{event.event_name()}` | {_names(event, required=True)} | {_names(event, required=False)} |")
    return _README.replace("{rows}", "\n".join(rows)).replace("{fields}", "\n".join(fields))


def outputs(folder: Path = FOLDER) -> dict[str, str]:
    """Return every generated file by its path below ``contracts``; locks keep their entries and gain the new ones."""
    found = examples(folder)
    written = {f"schemas/{name}": _text(schema) for name, schema in schemas().items()}
    written["asyncapi.json"] = _text(document(EVENTS, found))
    written["README.md"] = table()
    prints = {name: fingerprint(schema) for name, schema in schemas().items()}
    written[SCHEMA_LOCK] = _text(dict(sorted({**prints, **_lock(folder, SCHEMA_LOCK)}.items())))
    written[EXAMPLE_LOCK] = _text(dict(sorted({**_example_hashes(folder), **_lock(folder, EXAMPLE_LOCK)}.items())))
    return written


def broken(folder: Path = FOLDER) -> Iterator[str]:
    """Yield what was published and is no longer as it was: schemas changed in place, examples edited or taken away."""
    now = {name: fingerprint(schema) for name, schema in schemas().items()}
    for name, locked in _lock(folder, SCHEMA_LOCK).items():
        path = folder / "schemas" / name
        if name not in now and not path.exists():
            yield f"schemas/{name}: a published schema is gone"
        elif (now[name] if name in now else fingerprint(json.loads(path.read_text("utf-8")))) != locked:
            yield f"schemas/{name}: a published schema changed in place; add a version with an upcaster instead"
    hashes = _example_hashes(folder)
    for name, locked in _lock(folder, EXAMPLE_LOCK).items():
        if name not in hashes:
            yield f"examples/{name}: a published example is gone"
        elif hashes[name] != locked:
            yield f"examples/{name}: a published example was edited; add another instead"


def stale(folder: Path = FOLDER) -> Iterator[str]:
    """Yield the generated files that are not as they would be written now, and those that nothing generates."""
    wanted = outputs(folder)
    for name, text in wanted.items():
        path = folder / name
        if not path.exists():
            yield f"{name}: missing"
        elif path.read_text("utf-8") != text:
            yield f"{name}: out of date"
    published = _lock(folder, SCHEMA_LOCK)
    for path in sorted((folder / "schemas").glob("*.v*.json")):
        if f"schemas/{path.name}" not in wanted and path.name not in published:
            yield f"schemas/{path.name}: no event has this schema"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when everything is current (or was written), 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m contracts.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare")
    wants = parser.parse_args(arguments)
    faults = [*broken(), *(stale() if wants.check else ())]
    for fault in faults:
        print(fault)
    if faults:
        return 1
    if not wants.check:
        for name, text in outputs().items():
            (FOLDER / name).parent.mkdir(exist_ok=True)
            (FOLDER / name).write_text(text, "utf-8")
    return 0


def _names(event: type[Event], *, required: bool) -> str:
    return "、".join(f"`{name}`" for name, field in event.model_fields.items() if field.is_required() == required)


def _lock(folder: Path, name: str) -> Mapping[str, str]:
    path = folder / name
    found: Mapping[str, str] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def _example_hashes(folder: Path) -> dict[str, str]:
    root = folder / "examples"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.glob("*/*.json"))
    }


def _text(value: Json | Mapping[str, str]) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


_README: Final = """\
<!-- Generated by `python -m contracts.generate`; edit the events instead. -->
# Who publishes and who reads each event

Every message is a CloudEvents 1.0 envelope in JSON (`contracts/event.py`); `type` is `cn.jianfu.<event>.v<N>`. The
published shapes are in `schemas/` and `examples/`, the channels in `asyncapi.json`. Published schemas and examples are
locked: an event changes by a new version with an upcaster and an example. 采集端 is any adapter, import or command that
speaks to intake.

| event | 名称 | version | NATS subject | published by | read by |
|---|---|---|---|---|---|
{rows}

## What each event says

What is left out, or null, is unknown. The meaning of each field is in its schema.

| event | must say | may say |
|---|---|---|
{fields}
"""


if __name__ == "__main__":
    sys.exit(main())
