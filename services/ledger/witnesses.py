"""Checkpoints that were kept elsewhere, in proof files: they bind also whoever holds the key."""

from collections.abc import Sequence
from pathlib import Path

from kit.errors import Rejected
from services.ledger.proof import PublicKeys, Signed, is_genuine
from services.ledger.proof_file import checkpoints_in


def read(files: Sequence[Path], keys: PublicKeys) -> list[Signed]:
    """Return the checkpoints of proof files; ``Rejected`` for a file that is none or that the keys did not sign."""
    found: list[Signed] = []
    for path in files:
        try:
            signed = checkpoints_in(path.read_bytes())
        except (OSError, ValueError) as error:
            raise Rejected(f"{path} 不是证明文件", field="against") from error
        if not all(is_genuine(one, keys) for one in signed):
            raise Rejected(f"{path} 的签名不成立", field="against")
        found += signed
    return found
