"""Prometheus metrics of one app, in a registry of its own, with labels whose values are known beforehand.

A label whose values come from data makes one time series per value; here an unknown value counts as "other".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import prometheus_client
from prometheus_client.registry import CollectorRegistry

Labels = Mapping[str, Sequence[str]]
"""Label -> its possible values."""
Kind = TypeVar("Kind", prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram)

OTHER: Final = "other"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class _Bounded:
    """The labels of one metric."""

    def __init__(self, labels: Labels | None) -> None:
        self._known = {name: frozenset(values) for name, values in (labels or {}).items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._known)

    def pick(self, metric: Kind, given: Mapping[str, str]) -> Kind:
        if not self._known:
            return metric
        return metric.labels(
            **{name: given[name] if given[name] in known else OTHER for name, known in self._known.items()}
        )


class Counter:
    """A number that only grows."""

    def __init__(self, metric: prometheus_client.Counter, labels: _Bounded) -> None:
        """Use ``Metrics.counter``."""
        self._metric, self._labels = metric, labels

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count; every declared label is given, a value that was not declared counts as "other"."""
        self._labels.pick(self._metric, labels).inc(amount)


class Gauge:
    """A number that is as it is."""

    def __init__(self, metric: prometheus_client.Gauge, labels: _Bounded) -> None:
        """Use ``Metrics.gauge``."""
        self._metric, self._labels = metric, labels

    def set(self, value: float, **labels: str) -> None:
        """Set the number of one series."""
        self._labels.pick(self._metric, labels).set(value)

    def ask(self, read: Callable[[], float], **labels: str) -> None:
        """Call ``read`` whenever the page is made."""
        self._labels.pick(self._metric, labels).set_function(read)


class Histogram:
    """A distribution, in seconds unless its name says otherwise."""

    def __init__(self, metric: prometheus_client.Histogram, labels: _Bounded) -> None:
        """Use ``Metrics.histogram``."""
        self._metric, self._labels = metric, labels

    def observe(self, value: float, **labels: str) -> None:
        """Add one observation."""
        self._labels.pick(self._metric, labels).observe(value)


class Metrics:
    """The metrics of one app; every name gets the prefix ``jianfu_``."""

    content_type: Final = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self) -> None:
        """Begin with the process's own memory, time and file numbers."""
        self._registry = CollectorRegistry()
        prometheus_client.ProcessCollector(registry=self._registry)
        prometheus_client.GCCollector(registry=self._registry)

    def counter(self, name: str, doc: str, labels: Labels | None = None) -> Counter:
        """Declare a counter; ``jianfu_<name>_total`` on the page."""
        bounded = _Bounded(labels)
        return Counter(
            prometheus_client.Counter(f"jianfu_{name}", doc, bounded.names, registry=self._registry), bounded
        )

    def gauge(self, name: str, doc: str, labels: Labels | None = None) -> Gauge:
        """Declare a gauge."""
        bounded = _Bounded(labels)
        return Gauge(prometheus_client.Gauge(f"jianfu_{name}", doc, bounded.names, registry=self._registry), bounded)

    def histogram(
        self, name: str, doc: str, labels: Labels | None = None, *, buckets: Sequence[float] = _SECONDS
    ) -> Histogram:
        """Declare a histogram, of seconds unless other ``buckets`` are given."""
        bounded = _Bounded(labels)
        metric = prometheus_client.Histogram(
            f"jianfu_{name}", doc, bounded.names, registry=self._registry, buckets=buckets
        )
        return Histogram(metric, bounded)

    def page(self) -> bytes:
        """Return the text page that Prometheus scrapes."""
        return prometheus_client.generate_latest(self._registry)
