"""What would change if another pack held in a place: the facts judged by two books, and the difference of their alerts.

Nothing is applied and nothing of the live monitor is touched: acts are read in portions, each in a short transaction that only reads,
and in each both books judge the same state of the log. Rules that are the same in both books everywhere in the place cannot
differ and are not judged. What is held in memory is one portion, the state's bounded cache, a few examples for each rule, and
eight bytes or so for each key that more than one act belongs to.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, NamedTuple

from contracts.event import Json
from contracts.workdays import Workdays
from kit.db import Connection, Pool
from services.monitor import queries_policy
from services.monitor.book import Book, Pack, bind, evaluator_kinds, read_pack
from services.monitor.domain import Act, Verdict
from services.monitor.engine import judge
from services.monitor.judging import ACT_SCOPE, Bound, Params
from services.monitor.queries import current
from services.monitor.reading import load_acts, scenes
from services.monitor.rulebook import RuleBroken, read_rule
from services.monitor.state import State, load_world
from services.monitor.world import REFERENCE, UNJUDGED, World

PORTION: Final = 200
"""Acts of one transaction."""
EXAMPLES: Final = 5
"""Kept of each kind of difference for each rule: those of the least subjects, whatever order the acts come in."""
Kind = Literal["raised", "gone", "changed"]
"""Only the first book raises it, only the second, or both in different words."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared."""

    pack: str
    against: str
    place: str
    """Where both are put in force, one at a time."""
    since: date | None = None
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Tell whether a day lies in the period."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Files(NamedTuple):
    """Texts of rule and pack files by name."""

    rules: Mapping[str, str]
    packs: Mapping[str, str]


class Seen(NamedTuple):
    """What a reader of an alert sees of it."""

    severity: str
    outcome: str
    reason: str
    acts: tuple[str, ...]
    clause: str
    quote: str

    def told(self) -> Json:
        """Return what an example tells of it."""
        return {"severity": self.severity, "summary": self.reason, "clause": self.clause}


class Found(NamedTuple):
    """An alert that one of the books raises: what is compared of it, and whose it is."""

    seen: Seen
    unit: str
    place: str
    happened_on: date


@dataclass(slots=True)
class Difference:
    """What differs under one rule."""

    title: str
    same: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: {"raised": 0, "gone": 0, "changed": 0})
    examples: dict[Kind, list[Json]] = field(default_factory=lambda: {"raised": [], "gone": [], "changed": []})

    def note(self, kind: Kind, example: Json) -> None:
        """Count one alert and keep it if it is among the first."""
        self.counts[kind] += 1
        kept = self.examples[kind]
        kept.append(example)
        kept.sort(key=lambda one: str(one["subject"]))
        del kept[EXAMPLES:]


def place_for(packs: Mapping[str, str], pack: str, against: str, place: str | None) -> str:
    """Return where two packs are compared: the place asked for, else that of the second, else of the first; raise ``RuleBroken``."""
    named = {one.id: one for one in _read(packs)}
    for name in (pack, against):
        if name not in named:
            raise RuleBroken(name, f"没有这个规则包；已有 {'、'.join(sorted(named))}")
    found = place or named[against].place or named[pack].place
    if found is None:
        raise RuleBroken(against, "两个规则包都没有写明辖区，请用 --place 指定")
    return found


def seated(texts: Files, pack: str, instead_of: str, place: str) -> Book:
    """Return the book in which a pack holds in a place instead of another; raise ``RuleBroken``."""
    moved = [_moved(one, pack, instead_of, place) for one in _read(texts.packs)]
    rules = [read_rule(text, name) for name, text in sorted(texts.rules.items())]
    return bind(rules, moved, evaluator_kinds())


def _read(texts: Mapping[str, str]) -> list[Pack]:
    return [read_pack(text, name) for name, text in sorted(texts.items())]


def _moved(one: Pack, pack: str, instead_of: str, place: str) -> Pack:
    if one.id == pack:
        return one.model_copy(update={"place": place})
    return one.model_copy(update={"place": None}) if one.id == instead_of else one


class Compared:
    """Two books, and what was found to differ between them."""

    def __init__(self, asked: Asked, first: Book, second: Book) -> None:
        """Begin with nothing found."""
        self.asked, self.first, self.second = asked, first, second
        self.acts = 0
        self.position = 0
        """The last fact that the monitor had applied when the comparison ended."""
        self.units: Mapping[str, str] = {}
        """What units are called now."""
        self.by_rule: dict[str, Difference] = {}
        self._differing: dict[str, frozenset[str]] = {}
        self._judged: set[int] = set()

    def differing(self, place: str) -> frozenset[str]:
        """Return the rules that are not the same in both books in a place."""
        found = self._differing.get(place)
        if found is None:
            one, other = self.first.for_place(place), self.second.for_place(place)
            found = frozenset(rule for rule in {*one, *other} if _meaning(one.get(rule)) != _meaning(other.get(rule)))
            self._differing[place] = found
        return found

    def pairs(self, acts: Iterable[Act]) -> list[tuple[str, str]]:
        """Return what both books are to judge because of these acts, less what was judged before."""
        found: set[tuple[str, str]] = set()
        for act in acts:
            rules = self.differing(act.place)
            if rules:
                both = (*self.first.scopes(act), *self.second.scopes(act))
                found.update(pair for pair in both if pair[0] in rules)
        fresh = [pair for pair in found if pair[1].startswith(ACT_SCOPE) or hash(pair) not in self._judged]
        self._judged.update(hash(pair) for pair in fresh if not pair[1].startswith(ACT_SCOPE))
        return sorted(fresh)

    def take(self, rule: str, first: Sequence[Verdict], second: Sequence[Verdict]) -> None:
        """Compare what the books find on one scope."""
        self.weigh(rule, self._alerts(self.first, first), self._alerts(self.second, second))

    def weigh(self, rule: str, first: Mapping[str, Found], second: Mapping[str, Found]) -> None:
        """Compare the alerts of a rule, by their subjects."""
        for subject in sorted({*first, *second}):
            now, before = first.get(subject), second.get(subject)
            one = now or before
            if one is None:
                continue
            seen, was = now.seen if now else None, before.seen if before else None
            entry = self.by_rule.setdefault(rule, Difference(self._title(rule)))
            if seen == was:
                entry.same += 1
                continue
            kind: Kind = "gone" if seen is None else "raised" if was is None else "changed"
            entry.note(
                kind,
                {
                    "subject": subject,
                    "unit_id": one.unit,
                    "jurisdiction": one.place,
                    "happened_on": one.happened_on.isoformat(),
                    "act": one.seen.acts[0] if one.seen.acts else None,
                    "unit": self.units.get(one.unit, one.unit),
                    "now": seen and seen.told(),
                    "before": was and was.told(),
                },
            )

    def _title(self, rule: str) -> str:
        book = self.first if rule in self.first.rules else self.second
        return book.rules[rule].title

    def _alerts(self, book: Book, verdicts: Iterable[Verdict]) -> dict[str, Found]:
        return {
            verdict.subject: found_by(book, verdict)
            for verdict in verdicts
            if verdict.severity is not None and self.asked.covers(verdict.happened_on)
        }

    def report(self) -> Json:
        """Return everything that was found, as JSON."""
        asked = self.asked
        return {
            "pack": {"id": asked.pack, "title": self.first.packs[asked.pack].title},
            "against": {"id": asked.against, "title": self.second.packs[asked.against].title},
            "jurisdiction": asked.place,
            "from": asked.since.isoformat() if asked.since else None,
            "to": asked.until.isoformat() if asked.until else None,
            "acts": self.acts,
            "position": self.position,
            "rules": [
                {"rule": rule, "title": one.title, "same": one.same, **one.counts, "examples": one.examples}
                for rule, one in sorted(self.by_rule.items())
            ],
            "compared": sorted({rule for rules in self._differing.values() for rule in rules}),
        }


def found_by(book: Book, verdict: Verdict) -> Found:
    """Return a finding as it is compared: with the quote that the book cites for it."""
    bound = book.bound(verdict.rule, verdict.place)
    clause, quote = (bound.sources[0].named, bound.sources[0].quote) if bound else ("", "")
    seen = Seen(str(verdict.severity), verdict.outcome, verdict.reason, verdict.acts, clause, quote)
    return Found(seen, verdict.about, verdict.place, verdict.happened_on)


def called(world: World) -> dict[str, str]:
    """Return what units are called now."""
    return {unit: found[-1][1].name for unit, found in world.units.items()}


def _meaning(bound: Bound[Params] | None) -> object:
    """Return everything that an alert of a rule depends on, without its cases and without the name of the pack."""
    if bound is None:
        return None
    return bound.rule.model_copy(update={"cases": ()}), bound.params, bound.values, bound.sources, bound.since


Progress = Callable[[int, int], Awaitable[None]]
"""Told how many facts were looked at, and of how many."""


async def compare(pool: Pool, compared: Compared, calendar: Workdays, progress: Progress) -> None:
    """Judge every stored act of the place by both books."""
    first = State(compared.first, calendar)
    total, looked, after = 0, 0, 0
    async with pool.acquire() as db:
        total = await queries_policy.count_acts(db, compared.asked.place)
        world = await load_world(db, first)
    compared.units = called(world)
    second = State(compared.second, calendar, world, first.references, first.acts)
    while True:
        async with pool.acquire() as db, db.transaction(isolation="repeatable_read", readonly=True):
            names = await queries_policy.acts_after(db, compared.asked.place, after, PORTION)
            await _portion(db, compared, (first, second), list(names))
            if not names:
                compared.position = (await current(db)).position
        if not names:
            return
        after = max(names.values())
        looked += len(names)
        first.trim()
        await progress(looked, max(total, looked))


async def _portion(db: Connection, compared: Compared, states: tuple[State, State], names: Sequence[str]) -> None:
    acts = [act for act in (await load_acts(db, states[0], names)).values() if not isinstance(act.event, UNJUDGED)]
    compared.acts += sum(not isinstance(act.event, REFERENCE) for act in acts)
    pairs = compared.pairs(acts)
    found: list[list[list[Verdict]]] = []
    for state in states:
        index, world = await scenes(db, state, pairs), await load_world(db, state)
        found.append(
            [
                judge(state.book, rule, scope, index.scene(scope, state.book.looks(rule)), world, terse=True)
                for rule, scope in pairs
            ]
        )
    for (rule, _), first, second in zip(pairs, *found, strict=True):
        compared.take(rule, first, second)
