"""The Ed25519 key pairs of an installation, for tokens and for the journal, and tokens signed with theirs."""

from datetime import timedelta
from pathlib import Path

from deploy.embedded.errors import Unusable
from deploy.embedded.home import write_secret
from kit import auth, clock
from services.console.ticket import mint_ticket

NATION = "00"
"""The jurisdiction that all others lie in."""


def private_key_file(root: Path) -> Path:
    """Give the place of the private key in a data folder."""
    return root / "secrets" / "token.key"


def public_key_file(root: Path) -> Path:
    """Give the place of the public key in a data folder."""
    return root / "secrets" / "token.pub"


def journal_key_file(root: Path) -> Path:
    """Give the place of the key that signs the journal in a data folder."""
    return root / "secrets" / "journal.key"


def journal_public_file(root: Path) -> Path:
    """Give the place of the public key that proves the journal's signatures in a data folder."""
    return root / "secrets" / "journal.pub"


def ensure_keys(root: Path) -> None:
    """Make the key pairs of a data folder on its first use."""
    ensure_pair(private_key_file(root), public_key_file(root))
    ensure_pair(journal_key_file(root), journal_public_file(root))


def ensure_pair(private_file: Path, public_file: Path) -> None:
    """Make a key pair unless both files are there."""
    if private_file.exists() and public_file.exists():
        return
    private, public = auth.new_key_pair()
    write_secret(public_file, public.decode("ascii"))
    write_secret(private_file, private.decode("ascii"))


def issue(root: Path, principal: auth.Principal, *, lifetime: timedelta) -> str:
    """Sign a token with the private key of a data folder; ``Unusable`` if there is none."""
    return auth.mint(_private_key(root), principal, now=clock.now(), ttl=lifetime)


def _private_key(root: Path) -> bytes:
    try:
        return private_key_file(root).read_bytes()
    except FileNotFoundError as error:
        raise Unusable(f"{root} 里没有签名密钥。请先运行一次 jianfu up,或用 --home 指定数据目录。") from error


def local(root: Path, role: auth.Role, *, lifetime: timedelta) -> str:
    """Sign a token of a role for whoever runs the system on this machine: every jurisdiction, every source."""
    sources = frozenset({"/"}) if role is auth.Role.ADAPTER else frozenset[str]()  # an adapter without any may nothing
    return issue(root, auth.Principal(f"{role.value}@local", role, NATION, sources=sources), lifetime=lifetime)


def for_every_role(root: Path, *, lifetime: timedelta) -> dict[str, str]:
    """Sign one such token for each role, by the role's name."""
    return {role.value: local(root, role, lifetime=lifetime) for role in auth.Role}


def login_link(root: Path, console: str, token: str) -> str:
    """Give the address that opens a session of ``token`` in the running console, once, within half an hour."""
    return f"{console}/login?ticket={mint_ticket(_private_key(root), token, now=clock.now())}"
