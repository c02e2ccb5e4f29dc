"""Logs as JSON with trace ids, and OpenTelemetry traces; started once per process.

Nothing here shows the text of database or validation errors: they quote values, and values may name persons.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog
from opentelemetry import context, trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from kit.config import ServiceSettings
from kit.failures import describe, frames

TRACEPARENT: Final = "traceparent"
_FORM: Final = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_TRACER: Final = trace.get_tracer("jianfu")
"""Stands for the tracer of whichever provider ``start`` sets."""
_MAX_LINKS: Final = 128
_SECRET: Final = re.compile(r"password|secret|token|authorization|cookie|private_key|seed", re.IGNORECASE)
_QUIET: Final = ("httpx", "httpcore", "asyncio", "uvicorn.access")
"""Libraries whose information lines tell URLs with their queries, or nothing."""


def start(service: str, settings: ServiceSettings) -> None:
    """Send every log line of the process to stdout as JSON, and traces to the OTLP endpoint when one is set."""
    level = logging.getLevelName(settings.log_level.upper())
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _name_service(service),
                _flatten_exception,
                _hide_secrets,
                structlog.processors.JSONRenderer(serializer=_to_json),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    _trace_to(settings.otlp_endpoint, service)


def _trace_to(endpoint: str | None, service: str) -> None:
    if isinstance(trace.get_tracer_provider(), TracerProvider):  # the library takes one provider per process
        return
    resource = Resource.create({"service.name": service, "service.namespace": "jianfu"})
    if endpoint is None:  # spans then only carry ids, for the logs and for whoever traces behind us
        trace.set_tracer_provider(TracerProvider(resource=resource, sampler=ALWAYS_OFF))
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  0.3 s to load

    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)


# ---------------------------------------------------------------- traces


@contextmanager
def span(
    name: str,
    *,
    carrier: Mapping[str, str] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    **attributes: str | float | bool,
) -> Iterator[Span]:
    """Open a span, as child of the ``traceparent`` in ``carrier`` when there is one; an exception marks it failed."""
    parent = _remote(carrier.get(TRACEPARENT)) if carrier else None
    with _opened(name, parent, kind, attributes) as opened:
        yield opened


@contextmanager
def batch_span(name: str, carriers: Iterable[Mapping[str, str]], **attributes: str | float | bool) -> Iterator[Span]:
    """Open a span for a batch, linked to the spans of its messages: the first 128 different ones."""
    with _opened(name, None, SpanKind.CONSUMER, attributes) as opened:
        if opened.is_recording():
            seen = dict.fromkeys(carrier.get(TRACEPARENT) for carrier in carriers)
            for text in list(seen)[:_MAX_LINKS]:
                if remote := _remote(text):
                    opened.add_link(remote)
        yield opened


@contextmanager
def _opened(
    name: str, parent: SpanContext | None, kind: SpanKind, attributes: Mapping[str, str | float | bool]
) -> Iterator[Span]:
    begin = trace.set_span_in_context(NonRecordingSpan(parent), context.Context()) if parent else None
    with _TRACER.start_as_current_span(
        name, context=begin, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_status(Status(StatusCode.ERROR, describe(error)))
            raise


def traceparent() -> str | None:
    """Return the W3C traceparent of the present span, or None outside of one."""
    here = trace.get_current_span().get_span_context()
    if not here.is_valid:
        return None
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}"


def inject(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers with the ``traceparent`` of the present span, if there is one."""
    present = traceparent()
    return {**(headers or {}), TRACEPARENT: present} if present else dict(headers or {})


def _remote(text: str | None) -> SpanContext | None:
    match = _FORM.match(text) if text else None
    if match is None:
        return None
    found = SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16)))
    return found if found.is_valid else None


# ---------------------------------------------------------------- log lines


def _add_trace(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    here = trace.get_current_span().get_span_context()
    if here.is_valid:
        line["trace_id"], line["span_id"] = f"{here.trace_id:032x}", f"{here.span_id:016x}"
    return line


def _name_service(service: str) -> structlog.types.Processor:
    def add(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line["service"] = service
        return line

    return add


def _flatten_exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace a traceback by the names of the errors and the places they passed, without their values."""
    info = line.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else None
    if info is True:
        error = sys.exc_info()[1]
    if error is not None:
        line["exception"] = describe(error)
        line["frames"] = frames(error)
    line.pop("exc_text", None)
    line.pop("stack_info", None)
    return line


def _hide_secrets(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in line:
        if _SECRET.search(key):
            line[key] = "***"
    return line


def _to_json(line: Mapping[str, Any], **_options: object) -> str:
    return msgspec.json.encode(line, enc_hook=str).decode()
