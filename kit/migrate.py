"""Apply a folder of numbered SQL files to one schema, once each, in order."""

from pathlib import Path

from pydantic import SecretStr


class Drift(Exception):
    """What was applied to the database is not what the folder holds."""


async def migrate(dsn: SecretStr | str, schema: str, folder: Path) -> list[str]:
    """Bring ``schema`` up to the newest file of ``folder`` and return the names that were applied now.

    Files are ``NNNN_what.sql``, each one transaction; ``-- no-transaction`` as the first line is for one single statement
    that must stand alone and can be repeated (``create index concurrently if not exists``). Safe to run from several
    processes at once. Raises ``Drift`` when an applied file changed, vanished, or a new one has an older number.
    """
    raise NotImplementedError
