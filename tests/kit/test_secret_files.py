"""Secrets are read from files that nobody else may read, and from nowhere else."""

from pathlib import Path

import nkeys
import pytest

from kit.nats import read_address
from kit.secret_files import Exposed, read_secret
from kit.signing import load_private_key
from kit.tokens import new_key_pair


@pytest.mark.parametrize(
    ("mode", "kept"), [(0o600, True), (0o400, True), (0o640, True), (0o644, False), (0o660, False)]
)
def test_a_file_that_others_may_read_or_the_group_may_change_is_refused(
    tmp_path: Path, mode: int, *, kept: bool
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(new_key_pair()[0])
    path.chmod(mode)
    if kept:
        assert read_secret(path) == path.read_bytes()
        load_private_key(path)
        return
    for read in (read_secret, load_private_key):
        with pytest.raises(Exposed, match=f"{mode:04o}") as error:
            read(path)
        assert path.read_text()[40:60] not in str(error.value)


def test_an_address_names_files_and_holds_no_secret(tmp_path: Path) -> None:
    seed = tmp_path / "user.nk"
    seed.write_bytes(nkeys.encode_seed(bytes(32), nkeys.PREFIX_BYTE_USER))
    seed.chmod(0o600)
    read = read_address(f"nats://user@127.0.0.1:4222?seed_file={seed}")
    assert (read.server, read.user, read.seed_file, read.tls) == ("nats://127.0.0.1:4222", "user", seed, None)
    assert read_address("nats://a:b@h:1").server == "nats://a:b@h:1"
    with pytest.raises(ValueError, match="not sslmode"):
        read_address("nats://h:1?sslmode=require")
    with pytest.raises(FileNotFoundError):
        read_address(f"nats://user@h:1?seed_file={tmp_path / 'none'}")
    seed.chmod(0o644)
    with pytest.raises(Exposed):
        read_address(f"nats://user@h:1?seed_file={seed}")
