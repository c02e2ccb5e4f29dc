"""The light way of reading facts says what the contract's reader says, of what is sound and of what is not."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts import catalog
from contracts.catalog import ContractBroken, FromTheFuture
from kit import facts
from tests import factories as f

EXAMPLES = sorted(Path(contracts.__file__).parent.glob("examples/*/*.json"))
ODD: tuple[Any, ...] = (
    None,
    "",
    "x",
    "x\0",
    "x\n",
    "中",
    "a" * 600,
    0,
    1735689600,
    2**70,
    1.5,
    True,
    [],
    {},
    "0001-01-01T00:00:00+08:00",
    "0002-01-01T23:00:00-08:00",
    "9998-12-31T00:00:00Z",
    "2025-01-01T00:00:00",
    "2025-01-01 00:00Z",
    "2025-01-01T23:59:60Z",
    "2025-12-31T23:59:59.9999996Z",
    "0003-01-01T00:00:00+14:00",
    "9997-12-31T23:59:59-12:00",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "990101",
    "990101\n",
    "cn.jianfu.doc.issued.v99",
    "cn.jianfu.doc.issued.v0",
    "application/json",
)
FIELDS = (
    *("specversion", "id", "source", "type", "time", "recordedtime", "jurisdiction", "unitid", "data"),
    *("datacontenttype", "dataschema", "subject", "traceparent", "extra"),
)


def said(read: Any, body: bytes) -> object:
    """Return the fact, or what is wrong with the bytes."""
    try:
        return read(body)
    except ContractBroken as error:
        return error.field, error.detail
    except FromTheFuture as error:
        return str(error)


def same(body: bytes) -> None:
    assert said(facts.decode, body) == said(catalog.decode, body), body


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_example_reads_the_same(path: Path) -> None:
    same(path.read_bytes())


@pytest.mark.parametrize("field", FIELDS)
def test_an_odd_envelope_reads_the_same(field: str) -> None:
    for value in ODD:
        same(json.dumps({**f.issued(), field: value}).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_odd_data_reads_the_same(path: Path, data: st.DataObject) -> None:
    fact = json.loads(path.read_bytes())
    name = data.draw(st.sampled_from(sorted(fact["data"])))
    fact["data"][name] = data.draw(st.sampled_from(ODD))
    same(json.dumps(fact).encode())


@given(st.sampled_from(EXAMPLES), st.data())
def test_damaged_bytes_read_the_same(path: Path, data: st.DataObject) -> None:
    body = path.read_bytes()
    at = data.draw(st.integers(0, len(body) - 1))
    same(body[:at] + data.draw(st.binary(max_size=3)) + body[at + data.draw(st.integers(0, 3)) :])
