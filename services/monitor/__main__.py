"""``python -m services.monitor``."""

from kit import telemetry
from kit.run import run
from services.monitor.app import create_app
from services.monitor.config import Settings
from services.monitor.state import YOUNG


def main() -> None:
    """Run the monitor until it is told to stop."""
    settings = Settings()
    telemetry.start("monitor", settings)
    run(create_app(settings), settings, young=YOUNG)


if __name__ == "__main__":
    main()
