"""The Ed25519 private key of a process, read from a file that its settings name."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kit.secret_files import read_secret


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Read a PEM file; raise ``ValueError`` when it holds anything but one private Ed25519 key, or lets others read it."""
    key = load_pem_private_key(read_secret(path), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path.name}: a key that is not Ed25519")  # noqa: TRY004  the file is wrong, not a type
    return key
