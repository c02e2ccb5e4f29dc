"""Values derived from how an act is formed: to whom a document goes, who speaks at a meeting, what an app offers. Pure.

Part of ``derived``; ``None`` is "cannot be told".
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.apps import AppLaunched, AppRegistered
from contracts.documents import DocumentIssued
from contracts.meetings import MeetingConvened, Speaker
from services.monitor.domain import Act
from services.monitor.world import World

_HOUR: Final = 60
_HEAD: Final = "主要负责同志"
_SIDES: Final = ("党委", "政府")


def _bypasses(act: Act, _world: World) -> bool | None:
    """Whether a document goes over the head of a level."""
    bypassed = act.read(DocumentIssued).bypassed
    return None if bypassed is None else bool(bypassed)


def _bypassed_copied(act: Act, _world: World) -> bool | None:
    """Whether everybody who was bypassed has a copy."""
    event = act.read(DocumentIssued)
    return None if event.bypassed is None else {*event.bypassed} <= {one.unit for one in event.copied_to}


def _sent_out(act: Act, _world: World) -> bool | None:
    """Whether a document is addressed to another unit than its own."""
    addressees = act.read(DocumentIssued).addressees
    return any(one.unit != act.unit for one in addressees) if addressees else None


def _to_centre(act: Act, _world: World) -> bool | None:
    """Whether a document is addressed to 党中央; a place's own committee is of its level, so level and kind tell."""
    addressees = act.read(DocumentIssued).addressees
    central = [one for one in addressees if one.level == 0 or one.level is None]
    if any(one.level == 0 and one.kind == "党委" for one in central):
        return True
    return None if not addressees or any(one.kind in (None, "党委") for one in central) else False


def _both_heads_speak(act: Act, _world: World) -> bool | None:
    """Whether the heads of Party committee and government of one level both spoke."""
    speakers = act.read(MeetingConvened).speakers
    if speakers is None:
        return None
    heads = [one for one in speakers if one.rank in (_HEAD, None) and one.side != "其他"]
    if any(_are_both(one, other) for one in heads for other in heads):
        return True
    unknown = [one for one in heads if None in (one.rank, one.side, one.level)]
    return None if unknown and len(heads) > 1 else False


def _are_both(one: Speaker, other: Speaker) -> bool:
    same_level = one.level is not None and one.level == other.level
    return same_level and one.rank == other.rank == _HEAD and (one.side, other.side) == _SIDES


def _lead_speech_hours(act: Act, _world: World) -> float | None:
    """Hours of the longest speech of a head; of the longest of all where nobody says whose they were and none is too long anyway."""
    event = act.read(MeetingConvened)
    if event.speakers is None:
        longest = max(event.speech_minutes, default=None)
        return longest / _HOUR if longest is not None and longest <= _HOUR else None
    heads = [one for one in event.speakers if one.rank in (_HEAD, None)]
    if any(one.minutes is None or one.rank is None for one in heads):
        known = [one.minutes for one in heads if one.minutes is not None and one.rank is not None]
        return max(known) / _HOUR if known and max(known) > _HOUR else None
    return max((one.minutes or 0 for one in heads), default=0) / _HOUR


def _app_complaints(act: Act, _world: World) -> bool | None:
    """Whether an app takes complaints and suggestions."""
    event = act.event
    flags = event.flags if isinstance(event, (AppRegistered, AppLaunched)) else None
    return flags.complaint if flags else None


FORMAL: Final[Mapping[str, Callable[[Act, World], Any]]] = {
    "@bypasses": _bypasses,
    "@bypassed_copied": _bypassed_copied,
    "@sent_out": _sent_out,
    "@to_centre": _to_centre,
    "@both_heads_speak": _both_heads_speak,
    "@lead_speech_hours": _lead_speech_hours,
    "@app_complaints": _app_complaints,
}
FORMAL_OF: Final[Mapping[str, str | tuple[str, ...]]] = {
    "@bypasses": "doc.issued",
    "@bypassed_copied": "doc.issued",
    "@sent_out": "doc.issued",
    "@to_centre": "doc.issued",
    "@both_heads_speak": "mtg.convened",
    "@lead_speech_hours": "mtg.convened",
    "@app_complaints": ("app.registered", "app.launched"),
}
"""Value -> the events it is of."""
