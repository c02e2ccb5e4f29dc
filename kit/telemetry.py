"""Logs as JSON with trace ids, and OpenTelemetry traces; started once per process."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import Span

from kit.config import ServiceSettings


def start(service: str, settings: ServiceSettings) -> None:
    """Send every log line of the process to stdout as JSON, and traces to the OTLP endpoint when one is set."""
    raise NotImplementedError


@contextmanager
def span(name: str, *, carrier: Mapping[str, str] | None = None, **attributes: str | int | float | bool) -> Iterator[Span]:
    """Open a span, as child of the traceparent in ``carrier`` when there is one."""
    raise NotImplementedError
    yield


@contextmanager
def batch_span(name: str, carriers: Iterable[Mapping[str, str]], **attributes: str | int | float | bool) -> Iterator[Span]:
    """Open a span for a batch, linked to the span of each of its messages (at most 128 links)."""
    raise NotImplementedError
    yield


def inject(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers with the ``traceparent`` of the present span, if there is one."""
    raise NotImplementedError


def traceparent() -> str | None:
    """Return the W3C traceparent of the present span, or None outside of one."""
    raise NotImplementedError
