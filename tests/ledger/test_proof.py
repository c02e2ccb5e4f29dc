"""A proof file of one act stands alone: a short verifier accepts it and nothing that differs from it by a byte."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import verify_proof
from kit.errors import Conflict, NotFound
from services.ledger import exporting
from services.ledger.chain import digest, link
from services.ledger.notary import sign_head
from services.ledger.proof import sign
from services.ledger.proof_file import Step, Stretch, text_of
from tests import factories as f
from tests.ledger.log import SECOND, TWICE, Log
from tests.ledger.test_notary import KEY, PUBLIC, outgoing
from tests.ledger.world import World

RAW = {KEY.public_key().public_bytes_raw()}


def proves(text: bytes) -> bool:
    """Tell whether the verifier accepts a file; whatever it raises, the file proves nothing."""
    try:
        return bool(verify_proof.check(text, RAW))
    except Exception:  # noqa: BLE001
        return False


async def test_a_proof_holds_the_act_and_what_amended_it_and_stands_alone(log: Log):
    act = f.fact_of(f.issued(id="target"))
    text = await exporting.proof_of(log.world.pool, act, PUBLIC)
    assert [event["id"] for event in verify_proof.check(text.encode(), RAW)] == [SECOND[0]["id"], SECOND[1]["id"]]
    assert json.loads(text)["act_id"] == act


async def test_a_proof_spans_two_checkpoints_and_a_change_of_algorithm(world: World):
    await world.feed(f.issued(id="x"))
    object.__setattr__(world.recorder, "algorithm", "sm3")
    await world.feed(f.issued())
    await sign_head(world.pool, KEY)
    await world.feed(*await outgoing(world), f.withdrawn(f.issued(id="x")), f.issued())
    await sign_head(world.pool, KEY)
    text = await exporting.proof_of(world.pool, f.fact_of(f.issued(id="x")), PUBLIC)
    assert len(verify_proof.check(text.encode(), RAW)) == 2
    assert len(json.loads(text)["stretches"]) == 2


async def test_what_is_not_signed_yet_or_unknown_has_no_proof(log: Log):
    late = f.issued()
    await log.world.feed(late)
    with pytest.raises(Conflict, match="检查点"):
        await exporting.proof_of(log.world.pool, f.fact_of(late), PUBLIC)
    with pytest.raises(NotFound):
        await exporting.proof_of(log.world.pool, "nobody", PUBLIC)
    with pytest.raises(Conflict):
        await exporting.proof_of(log.world.pool, f.fact_of(TWICE), {})


@pytest.fixture(scope="module")
def proof() -> bytes:
    """Give a proof of two facts, made without a server."""
    original = f.issued(id="p")
    bodies = [f.wire(one) for one in (original, f.convened(), f.withdrawn(original), f.issued())]
    head, steps = hashlib.sha256(b"before").digest(), []
    before = head
    for position, body in enumerate(bodies, 7):
        head = link("sha256", head, position, body)
        steps.append(Step(position, "sha256", digest("sha256", body)))
    signed = sign(KEY, position=10, hash_=head, algorithm="sha256", entries=10)
    facts = [(7, bodies[0]), (9, bodies[2])]
    return text_of(f.fact_of(original), facts, [Stretch(before, steps, signed)], PUBLIC).encode()


@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_a_proof_with_any_byte_changed_is_rejected(proof: bytes, data: st.DataObject):
    at = data.draw(st.integers(0, len(proof) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != proof[at]))
    changed = proof[:at] + bytes([byte]) + proof[at + 1 :]
    assert not proves(changed)


@pytest.mark.parametrize("change", ["cut", "longer", "twice", "case", "space"])
def test_a_proof_in_another_form_is_rejected(proof: bytes, change: str):
    value = json.loads(proof)
    if change == "twice":
        value["facts"].append(value["facts"][0])
    changed = {
        "cut": proof[:-1],
        "longer": proof + b"\n",
        "twice": (json.dumps(value, indent=0) + "\n").encode(),
        "case": proof.replace(b"a", b"A"),
        "space": proof.replace(b'"facts":', b'"facts" :'),
    }[change]
    assert not proves(changed)


def test_a_proof_signed_by_a_stranger_is_rejected(proof: bytes):
    with pytest.raises(ValueError, match="公钥"):
        verify_proof.check(proof, {bytes(32)})
    assert len(verify_proof.check(proof, RAW)) == 2


def test_the_verifier_is_short_and_needs_nothing_of_ours():
    text = Path(verify_proof.__file__).read_text("utf-8")
    assert len(text.splitlines()) <= 100
    roots = {line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert roots == {"base64", "hashlib", "json", "sys", "pathlib", "typing", "cryptography"}
