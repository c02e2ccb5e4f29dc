"""Run intake until it is told to stop."""

from kit import telemetry
from kit.run import run
from services.intake.app import create_app
from services.intake.config import Settings


def main() -> None:
    """Read the settings, start telemetry, serve."""
    settings = Settings()
    telemetry.start("intake", settings)
    run(create_app(settings), settings)


if __name__ == "__main__":
    main()
