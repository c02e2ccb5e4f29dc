"""The certificates of an embedded server: an authority of this data folder's own, and what it signs for loopback."""

import ipaddress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.embedded.home import write_secret
from deploy.embedded.ports import LOOPBACK

LIFETIME: Final = timedelta(days=825)
"""The longest that clients accept of a server's certificate."""
RENEWED: Final = timedelta(days=60)
"""Made anew when it is valid for no longer than this."""
_BEFORE: Final = timedelta(days=2)
"""Valid from so long before it is made: clocks are set back."""


class Files(NamedTuple):
    """Where certificates lie."""

    authority: Path
    """What clients trust: public."""
    certificate: Path
    key: Path


def ensure(folder: Path, now: datetime) -> Files:
    """Return the certificates of a folder, made anew where there are none or they end soon.

    The authority's key is thrown away once it has signed: nothing else can ever be signed by it.
    """
    files = Files(folder / "nats-ca.pem", folder / "nats-server.pem", folder / "nats-server.key")
    if not _last(files, now):
        _make(files, now)
    return files


def _last(files: Files, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    return all(file.exists() for file in files) and certificate.not_valid_after_utc > now + RENEWED


def _make(files: Files, now: datetime) -> None:
    signer, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("jianfu embedded authority")
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    place = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK)), x509.DNSName("localhost")])
    authority = (
        _begun(issuer, issuer, signer, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(signer, SHA256())
    )
    certificate = (
        _begun(_name("nats"), issuer, key, now)
        .add_extension(place, critical=False)
        .add_extension(usage, critical=False)
        .sign(signer, SHA256())
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    for path, content in (
        (files.key, text),
        (files.authority, authority.public_bytes(Encoding.PEM).decode("ascii")),
        (files.certificate, certificate.public_bytes(Encoding.PEM).decode("ascii")),  # last: it says that all are there
    ):
        write_secret(path, content)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
