"""The demo's input, real public documents and one scripted county year, and what replays and checks it."""

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
DATA: Final = FOLDER / "data"
KEY: Final = FOLDER / "key.toml"
"""What the scripted year must raise, and what it must not."""
