"""Random histories out of the cases of all rules: what matters to a rule stands there, on both sides of every border.

A history is a few cases in one county at one time, so that they get into each other's way: values taken over from other cases,
acts done again by others or on other days, acts done in parts, moments of other zones and near midnight, names that lead to strangers;
units that move, calendars, new versions of lists and days that ended among them; then corrections, withdrawals, late learning, and
any order, or that in which all was learned while day after day ended, and any cut into batches. A new rule brings its cases, so it
needs nothing here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from random import Random
from typing import Any, Final

from contracts.catalog import BY_NAME, ContractBroken, read_data
from services.monitor.book import Adoption, Book, Pack, bind, evaluator_kinds, shipped
from services.monitor.cases import PLACE, SOURCE, UNIT, facts_of
from services.monitor.domain import CHINA
from services.monitor.judging import Evaluator
from services.monitor.rulebook import Rule, read_rule

Fact = dict[str, Any]
NEAR: Final = "990101002"
"""A place that has a pack of its own within the others'."""
PLACES: Final = ("99", "9901", PLACE, PLACE, PLACE, "990101001", NEAR)
SHIFTS: Final = (-31, -7, -1, 0, 0, 0, 1, 3, 7, 31, 366)
_DAY: Final = len("2025-06-02")


@cache
def book() -> Book:
    """Return the rule book of these histories."""
    return book_of(evaluator_kinds())


def book_of(kinds: Mapping[str, Evaluator[Any]]) -> Book:
    """Return every live rule in force everywhere, with parameters under which its cases find something; one place has other rules."""
    rules = [rule for rule in map(read_rule, shipped()[0].values(), shipped()[0]) if rule.status == "live"]
    everywhere = {rule.id: Adoption(parameters=_telling(rule)) for rule in rules}
    near = {rule.id: Adoption() for rule in rules[::3]}
    packs = [
        Pack(id="everywhere", title="处处", place="00", basis="试验", rules=everywhere),
        Pack(
            id="near",
            title="近处",
            place=NEAR,
            basis="试验",
            rules=near,
            without={rule.id: "试验" for rule in rules[1::7]},
            effective_from=date(2025, 3, 1),
        ),
    ]
    return bind(rules, packs, kinds)


def _telling(rule: Rule) -> dict[str, Any]:
    """Return the parameters of a case that finds something, where such a case needs other than the rule's own."""
    found = [dict(case.parameters) for case in rule.cases if case.expect == "violated"]
    return min(found, key=len, default={})


@dataclass(frozen=True)
class History:
    """Messages in the order in which they come, and where they are cut into batches."""

    facts: tuple[bytes, ...]
    cuts: tuple[int, ...]


@cache
def _cases() -> list[list[list[Fact]]]:
    """Return the cases of each rule that may alert."""
    rules = [rule for rule in book().rules.values() if rule.mode != "hint" and rule.cases]
    return [[_case(rule, number) for number in range(len(rule.cases))] for rule in rules]


def _case(rule: Rule, number: int) -> list[Fact]:
    case = rule.cases[number]
    found = [
        {
            "specversion": "1.0",
            "id": fact.id,
            "source": SOURCE,
            "type": fact.event.type_name(),
            "time": fact.time.isoformat(),
            "recordedtime": fact.recorded.isoformat(),
            "jurisdiction": fact.jurisdiction,
            "unitid": fact.unit,
            "data": fact.event.model_dump(mode="json", exclude_none=True),
        }
        for fact in facts_of(rule, case)
    ]
    return [*found, _ended(case.today)] if case.today else found


@cache
def _values() -> dict[tuple[str, str], list[Any]]:
    """Return (type, field) -> the values that any case gives it."""
    found: dict[tuple[str, str], list[Any]] = {}
    for fact in (fact for cases in _cases() for case in cases for fact in case):
        for name, value in fact["data"].items():
            found.setdefault((fact["type"], name), []).append(value)
    return found


def made(seed: int) -> History:
    """Return the history of a seed; those of consecutive seeds begin with one rule after the other."""
    random, cases = Random(seed), _cases()
    rule = seed % len(cases)
    near = random.choices(_near(rule), k=random.randrange(5))
    chosen = [cases[rule], *near, *random.choices(cases, k=random.randrange(4))]
    facts: list[Fact] = []
    for number, of_rule in enumerate(chosen):
        facts.extend(_placed(random, random.choice(of_rule), number, calm=random.random() < 0.4))
    facts += [*_references(random, facts)]
    facts += [*_again(random, facts), *_in_parts(random, facts)]
    facts += [*_amendments(random, facts)]
    live = random.random() < 0.25
    facts += _days(random, facts) if live else []
    facts += random.choices(facts, k=len(facts) // 5)
    random.shuffle(facts)
    if live:
        facts.sort(key=lambda fact: datetime.fromisoformat(fact["recordedtime"]))
    messages = [json.dumps(fact, ensure_ascii=False).encode() for fact in facts]
    cuts = random.sample(range(1, len(messages)), min(len(messages) - 1, random.choice([0, 1, 2, 5, 40])))
    return History(tuple(messages), tuple(sorted(cuts)))


@cache
def _near(rule: int) -> list[list[list[Fact]]]:
    """Return the cases of the rules that speak of an act of which this one speaks."""
    rules = [one for one in book().rules.values() if one.mode != "hint" and one.cases]
    on = {*rules[rule].decide["on"]}
    return [cases for one, cases in zip(rules, _cases(), strict=True) if not on.isdisjoint(one.decide["on"])]


def _placed(random: Random, case: Iterable[Fact], number: int, *, calm: bool) -> Iterator[Fact]:
    """Yield a case with names of its own, moved in time as a whole, to where a month or year ends too; ``calm``: otherwise as it is."""
    facts = deepcopy(list(case))
    names = {fact["id"] for fact in facts}
    shift = 0 if calm else random.choice([*SHIFTS, *[_to_border(random, facts)] * 5])
    for fact in facts:
        own = _renamed(fact, names, f"{number}.")
        moved = _moved(own, shift) if shift else own
        moved = moved if _taken(moved["type"], moved["data"]) else own
        yield moved if calm or random.random() < 0.6 else _zoned(random, _changed(random, moved))


def _to_border(random: Random, facts: list[Fact]) -> int:
    """Return by how many days to move a case so that a day of it is the last or the first of a month, or of a year."""
    days = [value for fact in facts for value in fact["data"].values() if isinstance(value, str) and _is_day(value)]
    day = date.fromisoformat(random.choice(days or [facts[0]["time"]])[:_DAY])
    border = date(day.year, random.choice([1, 1, day.month]), 1)
    return (border - day).days - random.randrange(2)


def _is_day(value: str) -> bool:
    return value[4:5] == "-" and value[7:8] == "-"


def _renamed(value: Any, names: set[str], prefix: str) -> Any:
    """Give the facts of a case, and what names them, ids of their own."""
    if isinstance(value, dict):
        found = {key: _renamed(one, names, prefix) for key, one in value.items()}
        return found | {"id": prefix + value["id"]} if value.get("id") in names else found
    return [_renamed(one, names, prefix) for one in value] if isinstance(value, list) else value


def _moved(value: Any, days: int) -> Any:
    """Move every day and moment within a value."""
    if isinstance(value, dict):
        return {key: _moved(one, days) for key, one in value.items()}
    if isinstance(value, list):
        return [_moved(one, days) for one in value]
    if not isinstance(value, str) or not _is_day(value):
        return value
    try:
        moment = datetime.fromisoformat(value) + timedelta(days=days)
    except ValueError:
        return value
    return moment.date().isoformat() if len(value) == _DAY else moment.isoformat()


def _zoned(random: Random, fact: Fact) -> Fact:
    """Write the moments of a fact in another zone, or move them to a night that ends on another day elsewhere."""
    hour = random.choice([None, None, 0, 7, 23])
    zone = random.choice([CHINA, CHINA, UTC, timezone(timedelta(hours=-7))])

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: told(one) for key, one in value.items()}
        if not isinstance(value, str) or len(value) <= _DAY or value[10:11] != "T":
            return value
        moment = datetime.fromisoformat(value).astimezone(CHINA)
        return (moment if hour is None else moment.replace(hour=hour)).astimezone(zone).isoformat()

    found = {**fact, "time": told(fact["time"]), "data": told(fact["data"])}
    return found if _taken(found["type"], found["data"]) else fact


def _changed(random: Random, fact: Fact) -> Fact:
    """Take over a value of another case, leave one out, or let another do it; what the contract refuses is not done."""
    kind, data = fact["type"], dict(fact["data"])
    known = [name for name in BY_NAME[kind[len("cn.jianfu.") : -3]].model_fields if (kind, name) in _values()]
    for name in random.sample(known, min(len(known), random.choice([0, 1, 1, 2]))):
        if random.random() < 0.2:
            data.pop(name, None)
        else:
            data[name] = random.choice(_values()[kind, name])
    found = {**fact, "data": data if _taken(kind, data) else fact["data"]}
    if random.random() < 0.2:
        found["jurisdiction"] = random.choice(PLACES)
    if random.random() < 0.2:
        found["unitid"] = random.choice([UNIT, "u-town", "u-city"])
    return found


def _taken(kind: str, data: Fact) -> bool:
    """Tell whether intake would take these data."""
    try:
        read_data(kind, data)
    except ContractBroken:
        return False
    return True


def _again(random: Random, facts: list[Fact]) -> Iterator[Fact]:
    """Yield acts done again: the same on another day, by another, or a little different."""
    for number, fact in enumerate(random.choices(facts, k=random.choice([0, 0, 1, 3, 8]))):
        copy = _moved(_changed(random, fact), random.choice(SHIFTS))
        if _taken(copy["type"], copy["data"]):
            yield copy | {"id": f"again{number}"}


def _in_parts(random: Random, facts: list[Fact]) -> Iterator[Fact]:
    """Yield documents and remote meetings as the parts that they are cut into, on one day or on days that follow."""
    titles = {BY_NAME["doc.issued"].type_name(): "heading", BY_NAME["mtg.convened"].type_name(): "topic"}
    whole = [fact for fact in facts if fact["type"] in titles]
    for number, fact in enumerate(random.choices(whole, k=random.choice([0, 0, 1, 2])) if whole else ()):
        marks = random.choice([("（一）", "（二）", "（三）"), ("（上）", "（下）"), ("之任务分工", "之考核办法")])
        for part, mark in enumerate(marks):
            copy = _moved(fact, part * random.choice([0, 0, 1, 20]))
            name = titles[fact["type"]]
            data = {**copy["data"], name: fact["data"][name] + mark}
            if name == "heading":
                data["char_count"] = random.choice([1500, 2000, 2500, 4100, data.get("char_count", 1)])
            else:
                data["mode"] = random.choice(["网络视频", "电视电话", "现场"])
            if _taken(copy["type"], data):
                yield {**copy, "id": f"part{number}.{part}", "data": data}


def _references(random: Random, facts: list[Fact]) -> Iterator[Fact]:
    """Yield units that change their superior or end, holidays that move, lists of other days, and days that ended."""
    units = sorted({(fact["unitid"], fact["jurisdiction"]) for fact in facts})
    levels = {2: 1, 4: 2, 6: 3, 9: 4, 12: 5}
    for number, (unit, place) in enumerate(random.sample(units, random.randrange(len(units) + 1))):
        for version in range(random.choice([1, 1, 2, 3])):
            data = {
                "unit": unit,
                "name": unit,
                "kind": random.choice(["政府", "党委", "部门", "乡镇街道", "村居"]),
                "level": levels[len(place)] if random.random() < 0.8 and place != "00" else random.randrange(6),
                "place": place if random.random() < 0.8 else random.choice(PLACES),
                "superior": random.choice([None, *(one for one, _ in units)]),
                "valid_from": random.choice(["2020-01-01", "2025-03-01", "2025-05-13", "2025-06-03"]),
                "valid_to": random.choice([None, None, None, "2025-06-30"]),
            }
            yield _fact(f"unit{number}.{version}", "unit.registered", data, place)
    if random.random() < 0.4:
        for number in range(random.choice([1, 2])):
            days = random.sample([f"2025-{month:02}-{day:02}" for month in (5, 6, 7) for day in range(1, 29)], 20)
            data = {"year": 2025, "place": random.choice(["00", PLACE]), "basis": "通知", "work_days": days[:4]}
            yield _fact(f"calendar{number}", "calendar.published", {**data, "days_off": days[4:]}, data["place"])
    for number, old in enumerate([fact for fact in facts if fact["type"].startswith("cn.jianfu.list.")]):
        data = {**old["data"], "valid_from": random.choice(["2025-01-01", "2025-06-02", "2025-06-03"])}
        data["items"] = data["items"][random.randrange(2) :]
        yield {**old, "id": f"list{number}", "data": data}
    for number in range(random.choice([0, 1, 1, 3])):
        day = date(2025, 5, 1) + timedelta(days=random.randrange(400))
        yield _ended(day) | {"id": f"ended{number}"}


def _amendments(random: Random, facts: list[Fact]) -> Iterator[Fact]:
    """Yield corrections, several of one fact too, and withdrawals; now and then of another county, where they do not count."""
    for number, fact in enumerate(random.choices(facts, k=random.randrange(len(facts) // 3 + 2))):
        target = {"id": fact["id"], "source": fact["source"]}
        place = fact["jurisdiction"] if random.random() < 0.9 else random.choice([*PLACES, "00", "98"])
        if random.random() < 0.25:
            yield _fact(f"gone{number}", "act.withdrawn", {"target": target, "reason": "录入有误"}, place)
            continue
        data = random.choice([_changed(random, fact)["data"], _moved(fact["data"], random.choice(SHIFTS))])
        data = {"target": target, "target_type": fact["type"], "replacement": data, "reason": "更正"}
        found = _fact(f"right{number}", "act.corrected", data, place)
        yield found | {"recordedtime": f"2025-07-{random.randrange(1, 29):02}T09:00:00+08:00"}


def _days(random: Random, facts: list[Fact]) -> list[Fact]:
    """Return days that ended one after the other since the first of the facts was learned."""
    begun = min(datetime.fromisoformat(fact["recordedtime"]) for fact in facts).date()
    step = random.choice([5, 15, 32])
    return [_ended(begun + timedelta(days=step * number)) for number in range(25)]


def _ended(day: date) -> Fact:
    """Return the fact that a day ended, learned in the night after it."""
    found = _fact(f"ended{day}", "clock.day_ended", {"day": day.isoformat()}, "00")
    return found | {"recordedtime": f"{day}T23:59:59+08:00"}


def _fact(name: str, event: str, data: Fact, place: str) -> Fact:
    moment = "2025-06-02T09:00:00+08:00"
    return {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE,
        "type": BY_NAME[event].type_name(),
        "time": moment,
        "recordedtime": moment,
        "jurisdiction": place,
        "unitid": UNIT,
        "data": data,
    }


def write(history: History) -> str:
    """Return a history as a file keeps it: a message a line, an empty line for a cut."""
    cuts = {*history.cuts}
    lines = [("\n" if number in cuts else "") + body.decode() for number, body in enumerate(history.facts)]
    return "\n".join(lines) + "\n"


def read(text: str) -> History:
    """Read what ``write`` wrote."""
    batches = [batch.encode().split(b"\n") for batch in text.strip().split("\n\n")]
    ends = [sum(map(len, batches[: number + 1])) for number in range(len(batches))]
    return History(tuple(body for batch in batches for body in batch), tuple(ends[:-1]))
