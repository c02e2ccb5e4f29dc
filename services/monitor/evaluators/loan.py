"""Judge the loans of one person: consents at the start, and the length of continuous loans with short returns bridged (kinds E + W)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pydantic import Field

from contracts.jurisdiction import Level
from contracts.secondments import Consent, SecondmentEnded, SecondmentExtended, SecondmentStarted
from services.monitor.domain import Act, Scalar, Tried, Verdict
from services.monitor.judging import Evaluator, Params, Scene
from services.monitor.labels import label
from services.monitor.periods import add_months
from services.monitor.relations import loans_of

_NAMES: Final = frozenset({"from", "limit", "until", "months", "loans"})


_CONDITIONS: Final = ("因参与重大任务", "经县级以上教育部门同意", "报同级党委审批备案")
"""All three together allow a loan."""


class LoanParams(Params):
    """``[decide]`` of kind ``loan``."""

    most_months: int = Field(ge=1)
    """Calendar months that a continuous loan may last (民法典 202 counts them from day to day)."""
    bridge_days: int = Field(ge=0)
    """A return of at most so many days does not interrupt a loan."""
    consent_level: Level
    """The education authority must be of this level or higher (a smaller code is higher)."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A continuous loan: one or several loans with returns too short to count."""

    first: Act
    start: date
    end: date | None
    acts: tuple[str, ...]


def scopes(_params: LoanParams, act: Act) -> Iterable[str]:
    """Return the person that a loan fact is about (``on`` names the starts only, because conditions are put to them)."""
    if isinstance(act.event, (SecondmentStarted, SecondmentExtended, SecondmentEnded)):
        return (loans_of(act.event.person),)
    return ()


def judge(scene: Scene[LoanParams]) -> Sequence[Verdict]:
    """Return a verdict on the consents of each loan, and one on the length of each continuous span."""
    facts = sorted(scene.acts.values(), key=lambda act: (act.time, act.id))
    starts = [act for act in facts if act.name == "sec.started" and scene.scope in _person(act)]
    known = [act for act in starts if scene.speaks_of(act)[0]]
    verdicts = [_consented(scene, act) for act in known]
    verdicts.extend(_lasted(scene, span) for span in _spans(scene, known, facts))
    return verdicts


def _person(act: Act) -> tuple[str, ...]:
    return (loans_of(act.read(SecondmentStarted).person),)


def _consented(scene: Scene[LoanParams], act: Act) -> Verdict:
    """Judge the three conditions of the clause: major task, the education authority's consent, the Party committee's approval."""
    event = act.read(SecondmentStarted)
    education = _has(event.consents, "教育部门同意", scene.params.consent_level)
    committee = _has(event.consents, "党委审批备案", None)
    tried = (
        Tried(_CONDITIONS[0], event.major_task, label("major_task")),
        Tried(_CONDITIONS[1], education, label("consents")),
        Tried(_CONDITIONS[2], committee, label("consents")),
    )
    subject = f"consent|{act.id}"
    if all(one.met for one in tried):
        return scene.say("excused", act, words="consented", subject=subject, exceptions=tried)
    lacking = [one.name for one in tried if one.met is False]
    if lacking:
        return scene.say(
            "violated",
            act,
            words="no_consent",
            subject=subject,
            exceptions=tried,
            numbers={"lacking": "、".join(lacking)},
        )
    return scene.say("undetermined", act, subject=subject, exceptions=tried)


def _has(consents: tuple[Consent, ...] | None, kind: str, level: Level | None) -> bool | None:
    if consents is None:
        return None
    found = [one for one in consents if one.kind == kind]
    if level is None or not found:
        return bool(found)
    if any(one.level is not None and one.level <= level for one in found):
        return True
    return None if any(one.level is None for one in found) else False


def _spans(scene: Scene[LoanParams], starts: Sequence[Act], facts: Sequence[Act]) -> list[_Span]:
    """Merge a person's loans whose gaps are at most ``bridge_days``; a loan without an end is open."""
    ends: dict[str, Act] = {}
    for act in facts:
        if isinstance(act.event, SecondmentEnded):
            ends[act.event.loan] = act
    spans: list[_Span] = []
    for act in sorted(starts, key=lambda one: (one.read(SecondmentStarted).started_on, one.id)):
        event = act.read(SecondmentStarted)
        ended = ends.get(event.loan)
        end = ended.read(SecondmentEnded).ended_on if ended else None
        mine = (act.id, *([ended.id] if ended else []))
        last = spans[-1] if spans else None
        bridge = timedelta(days=scene.params.bridge_days + 1)
        if last is not None and (last.end is None or event.started_on <= last.end + bridge):
            spans[-1] = _Span(
                last.first,
                last.start,
                None if last.end is None or end is None else max(last.end, end),
                (*last.acts, *mine),
            )
        else:
            spans.append(_Span(act, event.started_on, end, mine))
    return spans


def _lasted(scene: Scene[LoanParams], span: _Span) -> Verdict:
    """Judge a span: it may last through the day before the same day of the n-th month after its start."""
    limit = add_months(span.start, scene.params.most_months) - timedelta(days=1)
    subject = f"span|{span.first.id}"
    numbers: dict[str, Scalar] = {
        "from": span.start.isoformat(),
        "limit": limit.isoformat(),
        "until": span.end.isoformat() if span.end else "尚未结束",
        "months": scene.params.most_months,
        "loans": sum(1 for one in span.acts if scene.acts[one].name == "sec.started"),
    }
    today = scene.world.today
    over = span.end > limit if span.end else today is not None and today > limit
    if over:
        return scene.say(
            "violated",
            span.first,
            subject=subject,
            words="too_long",
            numbers=numbers,
            acts=span.acts,
            on=limit + timedelta(days=1),
        )
    recheck = None if span.end else limit + timedelta(days=1)
    return scene.say("complied", span.first, subject=subject, numbers=numbers, acts=span.acts, recheck_on=recheck)


EVALUATOR = Evaluator(
    name="loan",
    params=LoanParams,
    on=frozenset({"sec.started"}),
    scopes=scopes,
    judge=judge,
    also=frozenset({"sec.extended", "sec.ended"}),
    excuses=lambda _params: _CONDITIONS,
    words=lambda _params: {
        "consented": frozenset(),
        "no_consent": frozenset({"lacking"}),
        "too_long": _NAMES,
        "complied": _NAMES,
        "undetermined": frozenset(),
    },
)
