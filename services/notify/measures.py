"""What notify counts for Prometheus; every label has a closed list of values."""

from typing import Final

from kit.metrics import Metrics
from services.notify.channels.base import REASONS, kinds
from services.notify.domain import mail

_RESULTS: Final = ("delivered", "retry", "refused")


class Measures:
    """The metrics of one app."""

    def __init__(self, metrics: Metrics) -> None:
        """Declare them."""
        self.decisions = metrics.counter(
            "notify_decisions", "Decisions on whom to tell of an alert, by reason.", {"reason": mail.REASONS}
        )
        self.attempts = metrics.counter(
            "notify_attempts",
            "Attempts to deliver a message.",
            {"channel": tuple(kinds()), "result": _RESULTS, "reason": REASONS},
        )
        self.escalations = metrics.counter("notify_escalations", "Clues that went to the desk above.")
        self.streams = metrics.gauge("notify_streams", "Event streams that are open.")
        self.lag = metrics.gauge("notify_lag", "Messages that wait to be applied.", {"stream": ("ALERTS", "FACTS")})
