"""Prometheus metrics of one app, in a registry of its own, with labels whose values are known beforehand."""

from collections.abc import Mapping, Sequence


class Counter:
    """A number that only grows."""

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count; a label value that was not declared counts as "other"."""
        raise NotImplementedError


class Gauge:
    """A number that is as it is."""

    def set(self, value: float, **labels: str) -> None:
        """Set the number of one series."""
        raise NotImplementedError


class Histogram:
    """A distribution, in seconds unless its name says otherwise."""

    def observe(self, value: float, **labels: str) -> None:
        """Add one observation."""
        raise NotImplementedError


Labels = Mapping[str, Sequence[str]]
"""Label -> its possible values."""


class Metrics:
    """The metrics of one app."""

    def counter(self, name: str, doc: str, labels: Labels | None = None) -> Counter:
        """Declare a counter; ``jianfu_<name>_total`` on the page."""
        raise NotImplementedError

    def gauge(self, name: str, doc: str, labels: Labels | None = None) -> Gauge:
        """Declare a gauge."""
        raise NotImplementedError

    def histogram(self, name: str, doc: str, labels: Labels | None = None) -> Histogram:
        """Declare a histogram of seconds."""
        raise NotImplementedError

    def page(self) -> bytes:
        """Return the text page that Prometheus scrapes."""
        raise NotImplementedError
