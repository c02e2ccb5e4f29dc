"""``python -m services.ledger``."""

from kit import telemetry
from kit.run import run
from services.ledger.app import create_app
from services.ledger.config import Settings


def main() -> None:
    """Run the ledger until it is told to stop."""
    settings = Settings()
    telemetry.start("ledger", settings)
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
