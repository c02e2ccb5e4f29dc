"""One act's proof as one file: its facts, the chain from each to a signed checkpoint, and the public keys. Pure.

``deploy/verify_proof.py`` reads it with nothing of ours. The form is canonical, so that no byte can change unseen.
"""

import base64
import json
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict

from services.ledger.proof import PublicKeys, Signed

FORMAT = "jianfu-proof-1"


class Step(NamedTuple):
    """An entry of the chain without its body."""

    position: int
    algorithm: str
    digest: bytes
    """Hash of the body."""


class Stretch(NamedTuple):
    """The chain from the first fact that a checkpoint covers to the checkpoint; ``before``: the hash in front of it."""

    before: bytes
    steps: Sequence[Step]
    checkpoint: Signed


class _Checkpoint(BaseModel):
    model_config = ConfigDict(extra="forbid")
    position: int
    hash: str
    algorithm: str
    count: int
    key_id: str
    signature: str


class _Stretch(BaseModel):
    model_config = ConfigDict(extra="ignore")
    checkpoint: _Checkpoint


class _File(BaseModel):
    model_config = ConfigDict(extra="ignore")
    stretches: list[_Stretch]


def text_of(act_id: str, facts: Sequence[tuple[int, bytes]], stretches: Sequence[Stretch], keys: PublicKeys) -> str:
    """Return the file of an act with its facts by position."""
    used = {one.checkpoint.key_id for one in stretches}
    whole = {
        "format": FORMAT,
        "act_id": act_id,
        "facts": [{"position": position, "body": base64.b64encode(body).decode("ascii")} for position, body in facts],
        "stretches": [_stretch(one) for one in stretches],
        "keys": {
            name: key.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
            for name, key in sorted(keys.items())
            if name in used
        },
    }
    return json.dumps(whole, indent=0) + "\n"


def checkpoints_in(text: bytes) -> list[Signed]:
    """Return the checkpoints of a proof file; ``ValueError`` when it is none."""
    found = [one.checkpoint for one in _File.model_validate_json(text).stretches]
    return [
        Signed(
            one.position, bytes.fromhex(one.hash), one.algorithm, one.count, one.key_id, bytes.fromhex(one.signature)
        )
        for one in found
    ]


def _stretch(one: Stretch) -> dict[str, object]:
    signed = one.checkpoint
    return {
        "before": one.before.hex(),
        "steps": [" ".join((str(step.position), step.algorithm, step.digest.hex())) for step in one.steps],
        "checkpoint": {
            "position": signed.position,
            "hash": signed.hash.hex(),
            "algorithm": signed.algorithm,
            "count": signed.entries,
            "key_id": signed.key_id,
            "signature": signed.signature.hex(),
        },
    }
