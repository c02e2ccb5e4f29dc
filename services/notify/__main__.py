"""``python -m services.notify``."""

from kit import telemetry
from kit.run import run
from services.notify.app import create_app
from services.notify.config import Settings


def main() -> None:
    """Run notify until it is told to stop."""
    settings = Settings()
    telemetry.start("notify", settings)
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
