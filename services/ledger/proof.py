"""Signed checkpoints: made from the head of the chain, stated as facts, and proved with the public key. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from contracts.event import Envelope, fact_id
from contracts.log import LogCheckpointed, signed_bytes
from kit.auth import key_id
from kit.publish import Outgoing

SOURCE: Final = "jianfu/ledger"
PLACE: Final = "00"
UNIT: Final = "jianfu.ledger"
TYPE: Final = LogCheckpointed.type_name()

PublicKeys = Mapping[str, Ed25519PublicKey]
"""By key id; several while keys are being changed."""


class Signed(NamedTuple):
    """A checkpoint of the chain as the table of checkpoints holds it."""

    position: int
    hash: bytes
    algorithm: str
    entries: int
    """Entries since the checkpoint before: the fact's ``count``."""
    key_id: str
    signature: bytes

    def bytes_signed(self) -> bytes:
        """Return what the signature covers."""
        return signed_bytes(self.position, self.hash.hex(), self.algorithm, self.entries, self.key_id)


def sign(key: Ed25519PrivateKey, *, position: int, hash_: bytes, algorithm: str, entries: int) -> Signed:
    """Return a checkpoint signed with the installation's key."""
    unsigned = Signed(position, hash_, algorithm, entries, key_id(key.public_key()), b"")
    return unsigned._replace(signature=key.sign(unsigned.bytes_signed()))


def is_genuine(signed: Signed, keys: PublicKeys) -> bool:
    """Tell whether one of the keys made the signature."""
    key = keys.get(signed.key_id)
    if key is None:
        return False
    try:
        key.verify(signed.signature, signed.bytes_signed())
    except InvalidSignature:
        return False
    return True


def stated(event: LogCheckpointed) -> Signed:
    """Return the checkpoint that a fact states."""
    return Signed(
        event.position,
        bytes.fromhex(event.hash),
        event.algorithm,
        event.count,
        event.key_id,
        bytes.fromhex(event.signature),
    )


def message(signed: Signed, now: datetime) -> Outgoing:
    """Return the fact that states a checkpoint: the same checkpoint is the same fact."""
    event = LogCheckpointed.model_validate(
        {
            "position": signed.position,
            "hash": signed.hash.hex(),
            "algorithm": signed.algorithm,
            "count": signed.entries,
            "key_id": signed.key_id,
            "signature": signed.signature.hex(),
        }
    )
    name = f"{signed.position}.{signed.entries}"
    envelope = Envelope(
        specversion="1.0",
        id=name,
        source=SOURCE,
        type=TYPE,
        time=now,
        recordedtime=now,
        jurisdiction=PLACE,
        unitid=UNIT,
        data=event.model_dump(mode="json"),
    )
    body = envelope.model_dump_json(exclude_none=True).encode()
    return Outgoing(f"facts.{PLACE}.{event.event_name()}", body, fact_id(SOURCE, name))
