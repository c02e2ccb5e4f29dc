"""Find numbers missing from a series of 发文字号 (kind A): each number between the first and the last must be accounted for."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from pydantic import Field

from contracts.doc_no import parse_doc_no
from contracts.documents import DocumentIssued, DocumentRevoked
from services.monitor.domain import Act, Scalar, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.relations import offers

_MOST_SHOWN: Final = 20


class SequenceParams(Params):
    """``[decide]`` of kind ``sequence``."""

    wait_days: int = Field(ge=0)
    """Days after a later number's 成文日期 before a gap counts: ledgers arrive late."""


def scopes(params: SequenceParams, act: Act) -> Iterable[str]:
    """Return the series that the act's number belongs to."""
    if act.name not in params.on:
        return ()
    return tuple(key for key in offers(act) if key.startswith("series|"))


def judge(scene: Scene[SequenceParams]) -> Sequence[Verdict]:
    """Return one verdict for the series: complied, or the numbers that nothing accounts for."""
    seen: dict[int, Act] = {}
    for act in sorted(scene.acts.values(), key=lambda one: (one.time, one.id)):
        number = _number(act)
        if scene.scope in offers(act) and act.name in scene.params.on and number is not None:
            seen.setdefault(number, act)
    if not seen:
        return ()
    gaps = sorted(set(range(1, max(seen))) - set(seen))
    parsed = parse_doc_no(_text(seen[max(seen)]))
    series = f"{parsed.code}〔{parsed.year}〕" if parsed else ""
    last = seen[max(seen)]
    if not gaps:
        return (scene.say("complied", last, subject=scene.scope, numbers={"series": series, "last": max(seen)}),)
    wait = timedelta(days=scene.params.wait_days)
    due = {gap: min(act.day for number, act in seen.items() if number > gap) + wait for gap in gaps}
    today = scene.world.today
    ripe = [gap for gap in gaps if today is not None and due[gap] <= today]
    unripe = [due[gap] for gap in gaps if gap not in ripe]
    recheck = min(unripe, default=None)
    if not ripe:
        waiting: dict[str, Scalar] = {"series": series, "last": max(seen), "count": len(gaps)}
        return (
            scene.say("undetermined", last, subject=scene.scope, words="waiting", numbers=waiting, recheck_on=recheck),
        )
    shown = "、".join(map(str, ripe[:_MOST_SHOWN])) + ("等" if len(ripe) > _MOST_SHOWN else "")
    border = min((number for number in seen if number > ripe[0]), default=max(seen))
    numbers: dict[str, Scalar] = {"series": series, "last": max(seen), "count": len(ripe), "gaps": shown}
    return (
        scene.say("violated", seen[border], subject=scene.scope, numbers=numbers, acts=(last.id,), recheck_on=recheck),
    )


def _text(act: Act) -> str:
    return (act.event.doc_no or "") if isinstance(act.event, (DocumentIssued, DocumentRevoked)) else ""


def _number(act: Act) -> int | None:
    parsed = parse_doc_no(_text(act))
    return parsed.number if parsed else None


EVALUATOR = Evaluator(
    name="sequence",
    params=SequenceParams,
    on=frozenset({"doc.issued", "doc.revoked"}),
    scopes=scopes,
    judge=judge,
    words=lambda _params: {
        "complied": frozenset({"series", "last"}),
        "waiting": frozenset({"series", "last", "count"}),
        "violated": frozenset({"series", "last", "count", "gaps"}),
    },
)
