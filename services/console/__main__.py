"""``python -m services.console``."""

from typing import Final

from kit import telemetry
from kit.run import run
from services.console.app import create_app
from services.console.config import Settings

YOUNG: Final = 10_000
"""New values at which the collector looks for lost cycles: pages are no batches, and their refused requests leave many."""


def main() -> None:
    """Run the console until it is told to stop."""
    settings = Settings()
    telemetry.start("console", settings)
    run(create_app(settings), settings, young=YOUNG)


if __name__ == "__main__":
    main()
