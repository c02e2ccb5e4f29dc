"""``python -m services.notify``."""

import sys

import structlog

from kit import telemetry
from kit.run import run
from services.notify.app import create_app
from services.notify.config import Settings
from services.notify.routing import BadConfig


def main() -> None:
    """Run notify until it is told to stop; exit with status 2 when its routes or receivers cannot be used."""
    settings = Settings()
    telemetry.start("notify", settings)
    try:
        app = create_app(settings)
    except BadConfig as refused:
        structlog.stdlib.get_logger("notify").critical("config.refused", detail=str(refused))
        sys.exit(2)
    run(app, settings)


if __name__ == "__main__":
    main()
