"""NATS by TLS: one switch, certificates of the folder's own, and no way round them."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from deploy.embedded import certificates
from deploy.embedded.accounts import ADMIN
from deploy.embedded.home import write_secret
from deploy.embedded.nats import address
from deploy.embedded.servers import running
from kit.nats import close, connect
from tests.eventually import PATIENCE

pytestmark = pytest.mark.connected

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def reaches(url: str, patience: float = PATIENCE) -> bool:
    try:
        nc = await connect(url, name="test", patience=patience)
    except ConnectionError:
        return False
    await nc.flush()
    await close(nc)
    return True


async def test_with_the_switch_nobody_connects_without_tls_or_to_a_server_of_another_authority(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(home, fast=True, tls=True) as servers:
        url = servers.nats.url(ADMIN.name)
        assert url == address(home, ADMIN.name, urlsplit(url).port or 0)
        assert await reaches(url)
        assert not await reaches(url.partition("&ca_file=")[0], patience=1)
        other = certificates.ensure(_folder(tmp_path / "other"), datetime.now(UTC))
        assert not await reaches(f"{url.partition('&ca_file=')[0]}&ca_file={other.authority}", patience=1)
        first = (home / "nats-ca.pem").read_bytes()
    with running(home, fast=True, tls=True) as servers:
        assert (home / "nats-ca.pem").read_bytes() == first
        assert await reaches(servers.nats.url(ADMIN.name))
    with running(home, fast=True) as servers:
        assert "ca_file" not in servers.nats.url(ADMIN.name)
        assert await reaches(servers.nats.url(ADMIN.name))


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def test_certificates_are_kept_until_they_end_soon_and_are_for_loopback_only(tmp_path: Path) -> None:
    files = certificates.ensure(tmp_path, NOW)
    content = files.certificate.read_bytes()
    late = NOW + certificates.LIFETIME - certificates.RENEWED
    assert certificates.ensure(tmp_path, late - timedelta(days=1)).certificate.read_bytes() == content
    assert certificates.ensure(tmp_path, late).certificate.read_bytes() != content
    write_secret(files.certificate, "cut off")
    certificate = x509.load_pem_x509_certificate(certificates.ensure(tmp_path, NOW).certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["127.0.0.1", "localhost"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    files.authority.unlink()
    assert certificates.ensure(tmp_path, NOW).authority.exists()
