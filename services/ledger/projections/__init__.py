"""The ledgers: every file here declares one as ``LEDGER``, and its table is the migration of the same name.

To add a ledger is to add one file and one migration; it is found by its place, filled from the journal when the service
next starts, and tested by the suite that loops over this folder.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Final

from services.ledger.domain import Ledger

FOLDER: Final = Path(__file__).parent


@cache
def load_ledgers(folder: Path = FOLDER) -> tuple[Ledger, ...]:
    """Return the ledgers declared in a folder, ordered by file name; ``TypeError`` names a file that declares none."""
    return tuple(_load(path) for path in sorted(folder.glob("[!_]*.py")))


def _load(path: Path) -> Ledger:
    spec = importlib.util.spec_from_file_location(f"{__name__}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise TypeError(f"{path.name}: cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ledger = getattr(module, "LEDGER", None)
    if not isinstance(ledger, Ledger) or ledger.name != path.stem:
        raise TypeError(f"{path.name}: expected LEDGER, a Ledger named {path.stem}")
    return ledger
