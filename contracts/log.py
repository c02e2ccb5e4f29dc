"""The log speaks of itself: signed checkpoints that prove what it held."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from contracts.event import Event, Position, Sha


class LogCheckpointed(Event):
    """The journal's chain of hashes had this value at a position; signed by the installation that keeps it."""

    family: ClassVar[str] = "log"
    verb: ClassVar[str] = "checkpointed"
    title: ClassVar[str] = "日志检查点"
    of_system: ClassVar[bool] = True

    position: Position = Field(description="The last entry that the hash covers.")
    hash: Sha = Field(description="The chain's hash at the position, in lower-case hex.")
    algorithm: Literal["sha256", "sm3"] = Field(description="The hash of that entry.")
    count: Position = Field(description="Entries since the checkpoint before, so that a missing one shows.")
    key_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{16}$")] = Field(
        description="16 characters of the base64url SHA-256 of the raw public key."
    )
    signature: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")] = Field(
        description="Ed25519 over the bytes of signed_bytes, in lower-case hex."
    )

    def signed_bytes(self) -> bytes:
        """Return what the signature covers: a first line that says what this is, then each value on its line."""
        return signed_bytes(self.position, self.hash, self.algorithm, self.count, self.key_id)


def signed_bytes(position: int, hash_: str, algorithm: str, count: int, key_id: str) -> bytes:
    """Return the one canonical form of a checkpoint."""
    return f"jianfu log checkpoint v1\n{position}\n{hash_}\n{algorithm}\n{count}\n{key_id}\n".encode()
