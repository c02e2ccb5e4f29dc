"""``python -m services.console``."""

from kit import telemetry
from kit.run import run
from services.console.app import create_app
from services.console.config import Settings


def main() -> None:
    """Run the console until it is told to stop."""
    settings = Settings()
    telemetry.start("console", settings)
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
