"""Random histories of a small county: acts of every family that rules speak of, with corrections, withdrawals and reference facts.

Dense on purpose: few units, few topics and short spans, so that acts meet in the windows and chains of the rules.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from contracts.lexicons import METHOD
from contracts.text import SKETCH_METHOD
from services.monitor.book import Book, load, shipped
from services.monitor.domain import CHINA

SOURCE: Final = "/test/oa"
UNITS: Final = {
    "u-prov": ("99", 1, None),
    "u-city": ("9901", 2, "u-prov"),
    "u-county": ("990101", 3, "u-city"),
    "u-office": ("990101", 2, "u-prov"),
    "u-town-a": ("990101001", 4, "u-county"),
    "u-town-b": ("990101002", 4, "u-county"),
}
_KINDS: Final = {"u-county": "党委", "u-town-a": "乡镇街道"}
TOPICS: Final = ("防汛工作会议", "安全生产视频会议", "安全生产工作部署会")
START: Final = date(2025, 1, 2)


@dataclass
class _Pen:
    """Writes facts with ids in order."""

    random: Random
    count: int = 0
    units: Sequence[str] = tuple(sorted(UNITS))

    def fact(self, kind: str, unit: str, day: date, data: dict[str, Any], late: int = 0, version: int = 1) -> bytes:
        """Return a CloudEvent of ``unit`` at nine o'clock of a day, learned ``late`` days later."""
        self.count += 1
        time = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
        return json.dumps(
            {
                "specversion": "1.0",
                "id": f"e{self.count}",
                "source": SOURCE,
                "type": f"cn.jianfu.{kind}.v{version}",
                "time": time.isoformat(),
                "recordedtime": (time + timedelta(days=late, minutes=self.count)).isoformat(),
                "jurisdiction": UNITS[unit][0],
                "unitid": unit,
                "data": data,
            },
            ensure_ascii=False,
        ).encode()

    def any_act(self) -> dict[str, str]:
        """Return a reference to an act that may be any, or none."""
        return {"id": f"e{self.random.randrange(1, self.count + 10)}"}

    def day(self) -> date:
        """Return a day of a short year."""
        return START + timedelta(days=self.random.randrange(120))

    def unit(self) -> str:
        """Return one of the units."""
        return self.random.choice(self.units)

    def maybe(self, value: Any) -> Any:
        """Return the value, or nothing now and then: missing data is normal."""
        return value if self.random.random() < 0.8 else None


def whole_book() -> Book:
    """Return the rule book as where everything that a rule may wait for is recorded, so that every rule may find something."""
    rules, packs = shipped()
    unrecorded = "[parameters.connected]\nvalue = false"
    return load(
        {name: text.replace(unrecorded, unrecorded.replace("false", "true")) for name, text in rules.items()}, packs
    )


def history(seed: int, size: int, *, dense: bool = False) -> list[bytes]:
    """Return a history of about ``size`` acts with its reference facts and amendments, in no particular order.

    ``dense``: of two kinds of acts and two units; there many acts of one kind meet.
    """
    pen = _Pen(Random(seed))
    facts = list(_references(pen))
    chosen = [
        _document,
        _parts,
        _meeting,
        _inspection,
        _visit,
        _loan,
        _certificate,
        _demand,
        _plan,
        _task,
        _criteria,
        _receipt,
        _app,
        _cascade,
        _substitution,
        _review,
        _follow,
        _rectification,
        _project,
        _closing,
        _record,
        _activity,
        _scheme,
    ]
    if dense:
        chosen, pen.units = pen.random.sample(chosen, 2), pen.random.sample(sorted(UNITS), 2)
    while pen.count < size:
        facts.extend(pen.random.choice(chosen)(pen))
    facts.extend(_amendments(pen, [json.loads(fact) for fact in facts]))
    pen.random.shuffle(facts)
    return facts


def _references(pen: _Pen) -> Iterator[bytes]:
    for unit, (place, level, superior) in UNITS.items():
        if pen.random.random() < 0.15:
            continue
        data = {
            "unit": unit,
            "name": unit,
            "kind": _KINDS.get(unit, "政府"),
            "level": level,
            "place": place,
            "superior": superior,
            "valid_from": "2020-01-01",
        }
        yield pen.fact("unit.registered", unit, START, data)
    moved = {
        "unit": "u-town-b",
        "name": "b",
        "kind": "乡镇街道",
        "level": 4,
        "place": "990101002",
        "superior": "u-prov",
        "valid_from": "2025-03-01",
    }
    yield pen.fact("unit.registered", "u-town-b", START, moved)
    items = [{"item": "c1", "name": "婚姻状况证明"}, {"item": "c2", "name": "健在证明"}]
    kinds = {
        "kind": "不应出具证明清单",
        "place": "00",
        "valid_from": "2020-04-01",
        "basis": "民发〔2020〕20号",
        "items": items,
    }
    yield pen.fact("list.versioned", "u-prov", START, kinds)
    names = [
        {"item": "a1", "name": "禁毒教育", "most_a_year": 2},
        {"item": "a2", "name": "国防教育", "valid_to": "2025-02-28"},
    ]
    quiet = [{"item": "q1", "name": "无会日", "weekdays": [pen.random.randint(1, 5)]}]
    for kind, entries in (("进校园白名单", names), ("无会日历", quiet)):
        data = {"kind": kind, "place": "99", "valid_from": "2025-01-20", "basis": "演办发〔2025〕2号", "items": entries}
        yield pen.fact("list.versioned", "u-prov", START, data)
    for day in (date(2025, 2, 1), pen.day(), date(2025, 6, 30)):
        yield pen.fact("clock.day_ended", "u-prov", day, {"day": day.isoformat()})


def _phrases(random: Random) -> list[dict[str, Any]]:
    """Return what a text may ask for."""
    found = random.sample(["指令", "报送", "督查考核", "推责", "无意见", "工资福利"], random.randrange(3))
    return [{"lexicon": lexicon, "count": 1, "method": METHOD} for lexicon in found]


def _document(pen: _Pen) -> Iterator[bytes]:
    unit, day, random = pen.unit(), pen.day(), pen.random
    shared = [random.randrange(2**60) for _ in range(3)]
    yield pen.fact(
        "doc.issued",
        unit,
        day,
        {
            "heading": f"关于{random.choice(TOPICS)}的通知",
            "doc_no": pen.maybe(f"{unit[2:4].upper()}〔2025〕{random.randrange(1, 12)}号"),
            "dated": day.isoformat(),
            "carrier": pen.maybe("红头"),
            "doc_class": pen.maybe(random.choice(["综合", "专项", "其他"])),
            "char_count": pen.maybe(random.choice([3999, 4000, 4001, 5001])),
            "form": pen.maybe(random.choice(["实施细则", "贯彻意见", "其他"])),
            "genre": pen.maybe(random.choice(["函", "通知", "意见"])),
            "issuer_rank": pen.maybe(random.choice(["部门", "办公厅室", "党委政府"])),
            "approver": pen.maybe(random.choice(["主要领导", "分管领导"])),
            "matter": pen.maybe("公积金提取"),
            "reverses": pen.maybe(random.random() < 0.5),
            "supersedes": [{"title": "旧办法"}] if random.random() < 0.3 else [],
            "has_contact_name": pen.maybe(random.random() < 0.7),
            "has_contact_phone": pen.maybe(True),
            "no_matching": pen.maybe(random.random() < 0.5),
            "requires_matching": pen.maybe(random.random() < 0.5),
            "plan_item": pen.maybe("p1"),
            "special": pen.maybe(False),
            "phrases": pen.maybe(_phrases(random)),
            "sketch": pen.maybe(
                {
                    "method": SKETCH_METHOD,
                    "values": sorted({*range(20), *shared} if random.random() < 0.5 else set(shared)),
                }
            ),
            "implements": [{"doc_no": f"{random.choice(['CI', 'CO'])}〔2025〕{random.randrange(1, 12)}号"}]
            if random.random() < 0.4
            else [],
        },
        late=random.randrange(40),
    )


def _parts(pen: _Pen) -> Iterator[bytes]:
    """A document, or a meeting over video, that is cut into two or three parts."""
    unit, random = pen.unit(), pen.random
    day = pen.day() + timedelta(days=240)  # the rule on documents raises alerts on late ones only
    marks = random.choice([("（一）", "（二）", "（三）"), ("（上）", "（下）")])
    for number, mark in enumerate(marks):
        dated = day + timedelta(days=number * random.choice([0, 1, 20]))
        data = {
            "heading": f"关于水利设施管护的通知{mark}",
            "dated": dated.isoformat(),
            "char_count": pen.maybe(random.choice([2500, 3900, 4001])),
            "doc_class": pen.maybe(random.choice(["专项", "其他"])),
        }
        yield pen.fact("doc.issued", unit, dated, data)
    for number, mark in enumerate(marks if random.random() < 0.5 else ()):
        start = datetime(day.year, day.month, day.day, 9 + 2 * number, tzinfo=CHINA)
        data = {
            "topic": f"水利设施管护推进会{mark}",
            "mode": pen.maybe("网络视频"),
            "starts_at": start.isoformat(),
            "ended_at": pen.maybe((start + timedelta(minutes=random.choice([40, 60, 91]))).isoformat()),
        }
        yield pen.fact("mtg.convened", unit, day, data)


def _meeting(pen: _Pen) -> Iterator[bytes]:
    unit, day, random = pen.unit(), pen.day(), pen.random
    start = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
    ended = pen.maybe((start + timedelta(minutes=random.choice([60, 90, 91, 300]))).isoformat())
    yield pen.fact(
        "mtg.convened",
        unit,
        day,
        {
            "topic": random.choice(TOPICS),
            "mode": pen.maybe(random.choice(["现场", "网络视频"])),
            "starts_at": start.isoformat(),
            "ended_at": ended,
            "reach_level": pen.maybe(4),
            "required": pen.maybe([{"role": "主要负责同志", "level": 4}] if random.random() < 0.5 else []),
            "convener_role": pen.maybe("分管负责同志"),
            "new_arrangement": pen.maybe("新增两项任务") if random.random() < 0.3 else None,
            "decided": pen.maybe(random.random() < 0.4),
            "planned_attendees": pen.maybe(60),
            "emergency": pen.maybe(random.random() < 0.2),
            "plan_item": pen.maybe("p1"),
        },
    )


def _cascade(pen: _Pen) -> Iterator[bytes]:
    """One topic met upon at level after level."""
    day = pen.day()
    for step, unit in enumerate(("u-prov", "u-city", "u-county")):
        start = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA) + timedelta(days=step)
        data = {
            "topic": "秋粮收购视频会议",
            "mode": pen.maybe("网络视频"),
            "starts_at": start.isoformat(),
            "ended_at": pen.maybe((start + timedelta(hours=1)).isoformat()),
            "actual_attendees": pen.maybe(40),
            "decided": pen.maybe(False),
        }
        yield pen.fact("mtg.convened", unit, start.date(), data)


def _substitution(pen: _Pen) -> Iterator[bytes]:
    """Formal documents of last year, and others this year in their place; and what a township says it was inspected."""
    unit, day = pen.unit(), pen.day()
    for year, carrier, count in ((2024, "红头", 7), (2025, "白头", 6)):
        for _ in range(count if pen.random.random() < 0.7 else 1):
            dated = day.replace(year=year, day=min(day.day, 28))
            data = {"heading": "关于秋粮收购的通知", "dated": dated.isoformat(), "carrier": carrier}
            yield pen.fact("doc.issued", unit, dated, data)
    stated = {"unit": "u-town-a", "year": 2025, "month": day.month, "count": pen.random.choice([0, 3])}
    yield pen.fact("ins.received", "u-town-a", day, stated)


def _inspection(pen: _Pen) -> Iterator[bytes]:
    unit, day = pen.unit(), pen.day()
    item, approval = pen.maybe("p1"), pen.random.choice([None, "批1号"])
    data = {
        "topic": "安全生产检查",
        "kind": pen.random.choice(["综合", "专项"]),
        "team": pen.random.choice(["一组", "二组"]),
        "plan_item": item,
        "approval_ref": approval,
    }
    yield pen.fact("ins.launched", unit, day, data)


def _visit(pen: _Pen) -> Iterator[bytes]:
    unit, day = pen.unit(), pen.day()
    at = datetime(day.year, day.month, day.day, 10, tzinfo=CHINA).isoformat()
    data = {
        "target": {"unit": "u-town-a", "kind": "乡镇"},
        "topic": "安全生产检查",
        "visited_at": at,
        "emergency": pen.maybe(False),
        "minutes": pen.maybe(pen.random.choice([60, 120, 300])),
        "mode": pen.maybe(pen.random.choice(["四不两直", "常规"])),
    }
    yield pen.fact("ins.visit", unit, day, data)


def _loan(pen: _Pen) -> Iterator[bytes]:
    random, day = pen.random, pen.day()
    loan, person = f"loan-{pen.count}", f"person-{random.randrange(3)}"
    yield pen.fact(
        "sec.started",
        "u-county",
        day,
        {
            "loan": loan,
            "person": person,
            "person_kind": random.choice(["教师", "公务员"]),
            **dict(
                zip(
                    ("from_unit", "to_unit"),
                    random.choice([("u-town-a", "u-county"), ("u-county", "u-city")]),
                    strict=True,
                )
            ),
            "from_level": pen.maybe(4),
            "to_level": pen.maybe(3),
            "started_on": day.isoformat(),
            "major_task": pen.maybe(True),
            "consents": pen.maybe([{"kind": "教育部门同意", "level": 3}, {"kind": "党委审批备案"}]),
        },
    )
    if random.random() < 0.8:
        end = day + timedelta(days=random.choice([20, 89, 95]))
        yield pen.fact("sec.ended", "u-county", end, {"loan": loan, "person": person, "ended_on": end.isoformat()})


def _certificate(pen: _Pen) -> Iterator[bytes]:
    item = pen.random.choice(["婚姻状况证明", "健在证明", "种植证明"])
    yield pen.fact("cert.demanded", pen.unit(), pen.day(), {"item": item, "issuer_kind": pen.maybe("村居")})


def _demand(pen: _Pen) -> Iterator[bytes]:
    random, day = pen.random, pen.day()
    sent = datetime(day.year, day.month, day.day, 9, tzinfo=CHINA)
    data = {
        "subject_matter": "防汛情况",
        "kind": pen.maybe("工作情况"),
        "sent_at": sent.isoformat(),
        "received_at": pen.maybe(sent.isoformat()),
        "due_at": pen.maybe((sent + timedelta(days=random.randrange(1, 5))).isoformat()),
        "period": pen.maybe(random.choice(["日", "月"])),
        "special_time_limit": pen.maybe(False),
        "basis_level": pen.maybe(random.choice(["上级", "无"])),
    }
    unit = pen.unit()
    yield pen.fact("rpt.demanded", unit, day, data)
    demand = {"id": f"e{pen.count}"}
    for _ in range(random.choice([0, 0, 0, 1, 3])):
        at = sent + timedelta(days=random.randrange(8), hours=random.randrange(8))
        yield pen.fact("rpt.reminded", unit, at.date(), {"demand": demand, "reminded_at": at.isoformat()})


def _task(pen: _Pen) -> Iterator[bytes]:
    """A task of the city, and what the county makes of it."""
    random, day = pen.random, pen.day()
    parent: dict[str, str] | None = None
    for unit in ("u-city", "u-county"):
        due = datetime(day.year, day.month, day.day, 18, tzinfo=CHINA) + timedelta(days=random.choice([20, 60]))
        metric = {"metric": "改厕户数", "value": random.choice([500, 600]), "direction": pen.maybe("不低于")}
        data = {
            "subject_matter": "农村改厕",
            "due_at": pen.maybe(due.isoformat()),
            "metrics": pen.maybe([metric]),
            "items": pen.maybe(random.sample(["摸排户数", "改造厕所", "安装宣传栏"], 2)),
            "parent_task": parent,
            "local_reason": "县人大常委会决议" if random.random() < 0.2 else None,
        }
        yield pen.fact("task.assigned", unit, day, data, late=random.randrange(9))
        parent = {"id": f"e{pen.count}"}


def _criteria(pen: _Pen) -> Iterator[bytes]:
    """A 创建 activity, versions of its criteria, and the ledgers that it asks for."""
    random, day = pen.random, pen.day()
    name = random.choice(["D1", "D2"])
    if random.random() < 0.5:
        start = {
            "demonstration": name,
            "name": "文明城市评选",
            "theme": pen.maybe(random.choice(["文明", "卫生"])),
            "kind": pen.maybe("城市评选"),
            "targets": [{"unit": random.choice(sorted(UNITS))}],
            "starts_on": day.isoformat(),
        }
        yield pen.fact("dem.started", "u-county", day, start)
        demand = {
            "subject_matter": "创建台账",
            "sent_at": f"{day}T09:00:00+08:00",
            "spawned_by": {"id": f"e{pen.count}"},
        }
        yield pen.fact(
            "rpt.demanded", "u-county", day, {**demand, "material": pen.maybe("台账"), "spawned_kind": "其他"}
        )
    criteria = {"demonstration": name, "set_on": day.isoformat(), "documents_demanded": pen.maybe(random.randrange(9))}
    yield pen.fact("dem.criteria_set", "u-county", day, criteria)


def _receipt(pen: _Pen) -> Iterator[bytes]:
    """A document received, and the report and the meeting by which it is passed on."""
    random, day, unit = pen.random, pen.day(), pen.unit()
    number = f"CI〔2025〕{random.randrange(1, 12)}号"
    received = {"doc_no": number, "document": {"id": f"d{number}"}, "received_at": f"{day}T09:00:00+08:00"}
    yield pen.fact("doc.received", unit, day, received)
    filed = day + timedelta(days=random.choice([1, 5, 6]))
    report = {
        "kind": "传达贯彻",
        "filed_on": filed.isoformat(),
        "responds_to_document": {"doc_no": number},
        "has_results": pen.maybe(False),
        "required_by_superior": pen.maybe(False),
    }
    yield pen.fact("rpt.filed", unit, filed, report)
    meeting = {
        "topic": "传达学习会",
        "purpose": "传达",
        "about": {"id": f"d{number}"},
        "starts_at": f"{day + timedelta(days=random.randrange(2))}T10:00:00+08:00",
        "emergency": pen.maybe(False),
    }
    yield pen.fact("mtg.convened", unit, day, meeting)


def _app(pen: _Pen) -> Iterator[bytes]:
    random = pen.random
    functions = random.sample(["请假", "公告", "报修", "排班", "值守"], random.randrange(2, 5))
    flags = {"checkin": pen.maybe(random.random() < 0.5), "purpose": pen.maybe(random.choice(["应急", "其他"]))}
    data = {
        "app": f"app-{random.randrange(4)}",
        "name": "某某通",
        "functions": pen.maybe(functions),
        "flags": pen.maybe(flags),
        "audience": pen.maybe(["教师"]),
    }
    yield pen.fact("app.registered", pen.unit(), pen.day(), data)


def _activity(pen: _Pen) -> Iterator[bytes]:
    random, day = pen.random, pen.day()
    name = random.choice(["禁毒教育", "禁毒教育", "国防教育", "反诈推广"])
    data = {"name": name, "school": random.choice(["s-1", "s-2"]), "held_on": day.isoformat()}
    yield pen.fact("sch.held", pen.unit(), day, data, late=random.randrange(9))


def _scheme(pen: _Pen) -> Iterator[bytes]:
    """An assessment, or a letter of responsibility, on what somebody prescribed."""
    random, day = pen.random, pen.day()
    basis = {
        "basis_level": pen.maybe(random.choice([1, 3])),
        "basis_issuer": pen.maybe(random.choice(["省委", "市委"])),
    }
    scheme = {
        "name": "专项考核",
        "kind": pen.maybe("专项"),
        "plan_item": pen.maybe("p1"),
        "full_score": pen.maybe(1000),
    }
    yield pen.fact("kpi.scheme_set", pen.unit(), day, scheme | basis)
    letter = {"name": "责任书", "signed_on": day.isoformat(), "approver": pen.maybe("主要领导")}
    yield pen.fact("liab.signed", pen.unit(), day, letter | basis)


def _plan(pen: _Pen) -> Iterator[bytes]:
    random, day = pen.random, pen.day()
    items = [{"item": "p1", "title": "计划事项", "batches": pen.maybe(1)}]
    data = {
        "kind": random.choice(["发文", "会议", "督查检查考核"]),
        "year": 2025,
        "items": items,
        "cap": pen.maybe(5),
        "base": pen.maybe(6),
    }
    yield pen.fact(random.choice(["plan.filed", "plan.amended"]), pen.unit(), day, data)


def _review(pen: _Pen) -> Iterator[bytes]:
    """Yield a draft's document, and a step of 办文 that names it by draft or number."""
    random, day, unit = pen.random, pen.day(), pen.unit()
    draft, number = f"draft-{random.randrange(4)}", f"{unit[2:4].upper()}〔2025〕{random.randrange(1, 12)}号"
    asked = [{"lexicon": "督查考核", "count": 1, "method": "m"}] if random.random() < 0.7 else []
    data = {
        "heading": f"关于{random.choice(TOPICS)}的通知",
        "doc_no": number,
        "dated": day.isoformat(),
        "draft": pen.maybe(draft),
        "phrases": pen.maybe(asked),
        "normative": pen.maybe(random.random() < 0.5),
    }
    yield pen.fact("doc.issued", unit, day, data, version=2)
    other = day + timedelta(days=random.randrange(-5, 40))
    by: dict[str, Any] = random.choice([{"draft": draft}, {"doc_no": number}, {"document": pen.any_act()}])
    kind, data = random.choice(
        [
            ("doc.assessed", {"result": pen.maybe("一致")}),
            ("doc.reviewed", {"kind": "审核把关", "result": pen.maybe("同意")}),
            ("doc.filed", {"kind": pen.maybe("规范性文件备案"), "filed_on": other.isoformat()}),
        ]
    )
    yield pen.fact(kind, unit, other, {**by, **data})


def _follow(pen: _Pen) -> Iterator[bytes]:
    """Yield an act that names some other, which may not be there, or not yet."""
    day = pen.day().isoformat()
    kind, data = pen.random.choice(
        [
            ("mtg.evaluated", {"meeting": pen.any_act(), "kind": pen.maybe("效果评估")}),
            ("ins.reported", {"launch": pen.any_act(), "status": "进行中", "reported_on": day}),
            ("task.closed", {"assigned": pen.any_act(), "closed_on": day, "result": pen.maybe("完成")}),
        ]
    )
    yield pen.fact(kind, pen.unit(), date.fromisoformat(day), data)
    if pen.random.random() < 0.3:
        starts = f"{day}T09:00:00+08:00"
        seen = {"feed": "视频会议系统", "starts_at": starts, "attendees": 9, "meeting": pen.maybe(pen.any_act())}
        yield pen.fact("mtg.observed", pen.unit(), date.fromisoformat(day), seen)


def _rectification(pen: _Pen) -> Iterator[bytes]:
    random, day = pen.random, pen.day()
    name, due = f"zg-{random.randrange(4)}", day + timedelta(days=random.randrange(30))
    data = {
        "rectification": name,
        "to_unit": random.choice(["u-town-a", "u-town-b"]),
        "topic": pen.maybe("四类工程"),
        "clue": pen.maybe(f"xs-{random.randrange(3)}"),
        "cross_level": pen.maybe(True),
        "due_on": pen.maybe(due.isoformat()),
    }
    yield pen.fact("rect.assigned", pen.unit(), day, data)
    ended = due + timedelta(days=random.randrange(-5, 6))
    closed = {"rectification": name, "closed_on": ended.isoformat(), "result": pen.maybe("完成")}
    if random.random() < 0.7:
        yield pen.fact("rect.closed", pen.unit(), ended, closed)
    if random.random() < 0.3:
        seen = {"topic": "其他", "rectification": name, "done_on": ended.isoformat()}
        yield pen.fact("review.done", pen.unit(), ended, seen)


def _project(pen: _Pen) -> Iterator[bytes]:
    day, random = pen.day(), pen.random
    stage = random.choice(["动议", "规划", "论证", "审批", "资金落实", "建设"])
    data = {"project": "xm-1", "stage": stage, "done_on": day.isoformat(), "funding": pen.maybe("财政预算")}
    yield pen.fact("proj.stage_done", pen.unit(), day, data)


def _closing(pen: _Pen) -> Iterator[bytes]:
    day = pen.day()
    app, on = f"yy-{pen.random.randrange(2)}", day.isoformat()
    kind, data = pen.random.choice(
        [
            ("app.closed", {"app": app, "closed_on": on, "reason": pen.maybe("僵尸")}),
            ("app.noticed", {"app": app, "kind": "关停公告", "noticed_on": on}),
            ("app.data_disposed", {"app": app, "disposed_on": on}),
            ("grp.created", {"group": app, "created_on": on, "temporary": True, "task_ends": pen.maybe(on)}),
            ("grp.closed", {"group": app, "closed_on": on}),
        ]
    )
    yield pen.fact(kind, pen.unit(), day, data)


def _record(pen: _Pen) -> Iterator[bytes]:
    """Yield what some unit owes from period to period, now and then without the period."""
    day, unit = pen.day(), pen.unit()
    kind, data = pen.random.choice(
        [
            ("ins.received", {"unit": unit, "year": 2025, "month": day.month, "count": 1}),
            ("mech.met", {"mechanism": "专项工作机制", "kind": pen.maybe("调度会"), "met_on": day.isoformat()}),
            ("rpt.filed", {"kind": "月监测", "filed_on": day.isoformat(), "covers_to": pen.maybe(day.isoformat())}),
        ]
    )
    yield pen.fact(kind, unit, day, data)


def _amendments(pen: _Pen, facts: list[dict[str, Any]]) -> Iterator[bytes]:
    """Correct and withdraw some facts, reference facts too: several corrections of one fact, each learned at another time."""
    for fact in pen.random.sample(facts, len(facts) // 5):
        target, day = (
            {"id": fact["id"]},
            date.fromisoformat(fact["time"][:10]) + timedelta(days=pen.random.randrange(9)),
        )
        if pen.random.random() < 0.3:
            yield pen.fact("act.withdrawn", fact["unitid"], day, {"target": target, "reason": "录入有误"})
            continue
        same = [other for other in facts if other["type"] == fact["type"] and other["unitid"] == fact["unitid"]]
        for other in pen.random.sample(same, min(2, len(same))):
            data = {"target": target, "target_type": fact["type"], "replacement": other["data"], "reason": "更正"}
            yield pen.fact("act.corrected", fact["unitid"], day, data, late=pen.random.randrange(30))
