"""The AsyncAPI 3.0.0 document of what travels over NATS: three streams, and the request subject of intake."""

from collections.abc import Mapping, Sequence
from typing import Final

from contracts.event import Event, Json
from contracts.flows import MOST_IN_A_REQUEST, REQUEST_SUBJECT, flow_of

_PARAMETERS: Final[Mapping[str, Json]] = {
    "jurisdiction": {"description": "区划代码 (2, 4, 6, 9 or 12 characters); 00 is the nation."},
    "severity": {"description": "提示, 预警 or 严重.", "enum": ["info", "warning", "serious"]},
    "rule": {"description": "Id of the rule, e.g. MTG-19."},
}
_STREAMS: Final[Mapping[str, str]] = {
    "FACTS": "Every fact, immutable: file storage, deny_delete, deny_purge. Nats-Msg-Id is the fact id.",
    "ALERTS": "What the monitor raises, amends and retracts.",
    "CLUES": "Steps of clues handed to discipline desks; a NATS account of their own.",
}


def document(events: Sequence[type[Event]], examples: Mapping[str, Json]) -> Json:
    """Return the document; ``examples`` are keyed ``<family.verb>/v<N>-<case>.json`` and appear with their message."""
    channels: dict[str, Json] = {}
    for event in events:
        address = flow_of(event).channel
        channel = channels.setdefault(_channel_id(event), _channel(event, address))
        channel["messages"][event.event_name()] = {"$ref": f"#/components/messages/{event.event_name()}"}
    channels["intake.events"] = _request_channel()
    channels["intake.results"] = _reply_channel()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Jianfu (减负)",
            "version": "1",
            "description": "CloudEvents 1.0 over NATS JetStream: administrative acts in, alerts and clues out.",
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "nats": {
                "host": "127.0.0.1:4222",
                "protocol": "nats",
                "description": "JetStream; see deploy/ for accounts.",
            }
        },
        "channels": channels,
        "operations": _operations(events),
        "components": {
            "messages": {event.event_name(): _message(event, examples) for event in events} | _request_messages(),
            "schemas": {"batch": _batch_schema(events), "results": _RESULTS},
        },
    }


def _channel_id(event: type[Event]) -> str:
    return "alerts" if event.stream == "ALERTS" else event.event_name()


def _channel(event: type[Event], address: str) -> Json:
    return {
        "address": address,
        "description": _STREAMS[event.stream],
        "messages": {},
        "parameters": {name: dict(value) for name, value in _PARAMETERS.items() if f"{{{name}}}" in address},
        "bindings": {"nats": {"bindingVersion": "0.1.0"}},
    }


def _message(event: type[Event], examples: Mapping[str, Json]) -> Json:
    name = event.event_name()
    own = {key: value for key, value in examples.items() if key.startswith(f"{name}/v{event.version}-")}
    return {
        "name": event.type_name(),
        "title": event.title,
        "summary": event.__doc__,
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"./schemas/{name}.v{event.version}.json"},
        "examples": [
            {"name": key.split("/v", 1)[1].removesuffix(".json"), "payload": value} for key, value in own.items()
        ],
    }


def _operations(events: Sequence[type[Event]]) -> dict[str, Json]:
    """Return what Jianfu sends and receives: each event as it is published, and the request of adapters."""
    found: dict[str, Json] = {}
    for event in events:
        channel = _channel_id(event)
        found[f"publish.{channel}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{_pointer(channel)}"},
            "summary": f"{'、'.join(flow_of(event).publishers)} → {'、'.join(flow_of(event).readers)}",
        }
    found["intake"] = {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_pointer('intake.events')}"},
        "summary": "An adapter hands over a batch and gets a result for each event.",
        "messages": [{"$ref": f"#/channels/{_pointer('intake.events')}/messages/batch"}],
        "reply": {
            "channel": {"$ref": f"#/channels/{_pointer('intake.results')}"},
            "address": {"location": "$message.header#/reply", "description": "The reply subject of the NATS request."},
            "messages": [{"$ref": f"#/channels/{_pointer('intake.results')}/messages/results"}],
        },
    }
    return found


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _request_channel() -> Json:
    return {
        "address": REQUEST_SUBJECT,
        "description": "NATS request and reply, as POST /v1/events with application/cloudevents-batch+json.",
        "messages": {"batch": {"$ref": "#/components/messages/batch"}},
    }


def _reply_channel() -> Json:
    return {"address": None, "messages": {"results": {"$ref": "#/components/messages/results"}}}


def _request_messages() -> dict[str, Json]:
    return {
        "batch": {
            "name": "batch",
            "title": "批量报送",
            "contentType": "application/cloudevents-batch+json",
            "payload": {"$ref": "#/components/schemas/batch"},
        },
        "results": {
            "name": "results",
            "title": "逐条结果",
            "contentType": "application/json",
            "payload": {"$ref": "#/components/schemas/results"},
        },
    }


def _batch_schema(events: Sequence[type[Event]]) -> Json:
    """Return the schema of a batch: any events that adapters may state."""
    outside = [event for event in events if "intake(采集端)" in flow_of(event).publishers]
    return {
        "type": "array",
        "description": "recordedtime may be left out; intake adds it.",
        "maxItems": MOST_IN_A_REQUEST,
        "items": {"anyOf": [{"$ref": f"./schemas/{event.event_name()}.v{event.version}.json"} for event in outside]},
    }


_RESULTS: Final[Json] = {
    "type": "object",
    "required": ["results"],
    "properties": {
        "results": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["index", "source", "id", "fact_id", "result", "reason", "position"],
                "properties": {
                    "index": {"type": "integer", "minimum": 0},
                    "source": {"type": ["string", "null"]},
                    "id": {"type": ["string", "null"]},
                    "fact_id": {"type": ["string", "null"]},
                    "result": {"enum": ["accepted", "duplicate", "conflict", "rejected"]},
                    "reason": {
                        "type": ["object", "null"],
                        "properties": {
                            "code": {"type": "string"},
                            "field": {"type": ["string", "null"]},
                            "detail": {"type": "string"},
                        },
                    },
                    "position": {"type": ["integer", "null"], "description": "Sequence in the FACTS stream."},
                },
            },
        }
    },
}
