"""Lawful years of a county, with what only seems a violation: every family of acts, drawn by chance from a seed. Pure.

The documents, meetings, inspections, loans, certificates and reports are the ordinary ones of the demonstration's script; beside
them stand the other families, and what a careless rule would take for an evasion: letters between offices, notes that direct
nobody, counts and hours that stay on the border, follow-up visits, trainings, retracted numbers, quarters with fewer documents.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from contracts.catalog import BY_NAME, decode
from contracts.documents import DocumentIssued
from contracts.event import Event, Json, Recorded, fact_id
from contracts.text import COUNT_METHOD, SKETCH_METHOD
from deploy.demo.events import moment
from deploy.demo.year import documents, meetings, reference, works
from deploy.demo.year.dice import YEAR, Dice, on
from deploy.demo.year.documents import FIRST, LAST
from deploy.demo.year.facts import Fact, numbered
from deploy.demo.year.places import COUNTY, SCHOOLS, TOWNS, VILLAGES

SOURCE: Final = "/99/oa"
EASE: Final = 0.7
"""Documents of a lawful office stay at this share of its 限额, below every warning."""
_BESIDE: Final = 16
"""Documents that an office may issue beside those of the script, at most."""
_LATE: Final = frozenset({"990101.culture", "990101.ecology"})
"""Offices of the script that file their plan late or never."""
OFFICES: Final = tuple(unit for unit in documents.COUNTS if unit.startswith("990101.") and unit not in _LATE)
DEPARTMENTS: Final = tuple(unit for unit in OFFICES if not unit.endswith("office"))
_LISTED: Final = {
    "创建示范清单": "文明乡镇创建",
    "节庆论坛展会保留清单": "青禾县农民丰收节",
    "挂牌清单": "村民委员会",
    "进校园白名单": "法治宣传进校园",
    "责任状清单": "安全生产责任书",
    "一票否决清单": "安全生产",
    "某长制清单": "河长",
    "报表目录": "农业生产月报表",
    "政务应用备案清单": "青禾政务通",
    "工作群组备案清单": "防汛工作群",
    "基本履职事项清单": "防火巡查",
    "配合履职事项清单": "食品安全协管",
}


class Script:
    """Facts as they are written down."""

    def __init__(self, seed: str) -> None:
        """Begin with nothing."""
        self.dice = Dice(seed)
        self.facts: list[Recorded[Event]] = []
        self.names = itertools.count(1)
        self._offices = itertools.count(1)
        self._numbers: Counter[tuple[str, int]] = Counter()

    def act(  # noqa: PLR0913 - a fact has these parts
        self,
        name: str,
        unit: str,
        day: date,
        data: Json,
        *,
        hour: int = 10,
        id_: str | None = None,
        known: date | None = None,
    ) -> str:
        """Write a fact down and return its fact id."""
        id_ = id_ or f"e-{next(self.names)}"
        envelope = {
            "specversion": "1.0",
            "id": id_,
            "source": SOURCE,
            "type": f"cn.jianfu.{name}.v{BY_NAME[name].version}",
            "time": moment(day, hour),
            "recordedtime": moment(known or day, hour, 30),
            "jurisdiction": unit.partition(".")[0],
            "unitid": unit,
            "datacontenttype": "application/json",
            "data": data,
        }
        self.facts.append(decode(json.dumps(envelope, ensure_ascii=False, default=_written).encode()))
        return fact_id(SOURCE, id_)

    def surroundings(self) -> None:
        """Register the units of the county and those above, and let the year pass."""
        self.facts += [_recorded(fact) for fact in (*reference.units(), *reference.lists())]
        self.lists()

    def lists(self) -> None:
        """Put the county's lists in force."""
        for kind, name in _LISTED.items():
            items = [{"item": f"{kind[:1]}-1", "name": name, "basis": "中办发〔2018〕13号", "basis_level": 0}]
            listed = {
                "kind": kind,
                "place": COUNTY,
                "valid_from": "2025-01-01",
                "basis": "青办发〔2025〕2号",
                "items": items,
            }
            published = {"published_url": "https://qinghe.example/lists"}
            self.act("list.versioned", "990101.office", on(1, 1), {**listed, **published})

    def office(self, items: int = 40, **plan: Any) -> str:
        """Register a department of the county of its own, with its plan of documents; return its unit."""
        unit = f"{COUNTY}.bureau-{next(self._offices)}"
        registered = {"kind": "部门", "level": 3, "place": COUNTY, "superior": "990101.gov", "valid_from": "2016-01-01"}
        self.act("unit.registered", unit, on(1, 1), {"unit": unit, "name": "县直部门", **registered}, hour=0)
        every = [{"item": f"p-{number}", "title": f"事项{number}", "planned": 99} for number in range(1, items + 1)]
        filed = {"kind": "发文", "year": YEAR, "items": every, "cap": 400, "base": 400, **plan}
        self.act("plan.filed", unit, on(1, 2), filed, hour=8)
        before = {"kind": "发文", "year": YEAR - 1, "items": every, "cap": 400}
        self.act("plan.filed", unit, date(YEAR - 1, 1, 2), before, known=on(1, 2))
        planned = {"kind": "会议", "year": YEAR, "items": every}
        self.act("plan.filed", unit, on(1, 2), planned, hour=8)
        return unit

    def document(self, unit: str, day: date, heading: str, *, known: date | None = None, **more: Any) -> str:
        """Issue a document that is lawful where ``more`` does not say otherwise; return its fact id."""
        numbered_ = more.get("carrier", "红头") == "红头" and "doc_no" not in more
        if numbered_:
            self._numbers[unit, day.year] += 1
            more["doc_no"] = f"{code_of(unit)}〔{day.year}〕{self._numbers[unit, day.year]}号"
        count = more.setdefault("char_count", self.dice.between(600, 3600))
        data = {
            "heading": heading,
            "dated": day,
            "genre": "通知",
            "carrier": "红头",
            "doc_class": "其他",
            "direction": "下行",
            "issuer_rank": "部门",
            "has_contact_name": True,
            "has_contact_phone": True,
            "no_matching": False,
            "requires_matching": False,
            "instructive": False,
            "addressees": [{"unit": one.id, "level": 4} for one in TOWNS[:6]],
            "count_method": COUNT_METHOD,
            "pages": count // 616 + 1,
            "plan_item": "p-1" if "bureau" in unit else None,
            "signed_on": day,
            "sketch": {"method": SKETCH_METHOD, "values": self.dice.fingerprint(max(1, count // 18))},
            **more,
        }
        return self.act("doc.issued", unit, day, data, known=known)

    def skip(self, unit: str, year: int, count: int = 1) -> None:
        """Leave numbers of a series out."""
        self._numbers[unit, year] += count

    def last(self, unit: str, year: int) -> int:
        """Return the last number of a series."""
        return self._numbers[unit, year]


def code_of(unit: str) -> str:
    """Return the 机关代字 of an office of this script."""
    name = unit.split(".")[1].removeprefix("bureau-")
    return "青" + "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in name if digit.isdigit()) + "局发"


def year(seed: str) -> Script:
    """Return a lawful year of the county."""
    script = Script(seed)
    dice = script.dice
    script.facts += [_recorded(fact) for fact in _ordinary(dice)]
    script.lists()
    _year_before(script)
    _borderline(script)
    for make in (_research, _activities, _assessments, _duties, _fingertips, _based, _oversight):
        make(script)
    return script


def _ordinary(dice: Dice) -> Iterator[Fact]:
    drafts = [draft for draft in documents.ordinary(dice) if draft.unit not in _LATE]
    issued = numbered(drafts, skipped={}, void={"990101.education": 6})
    totals = Counter(fact.unit for fact in issued if isinstance(fact.event, DocumentIssued))
    caps = {unit: (int((total + _BESIDE) / EASE) + 1, total + _BESIDE) for unit, total in totals.items()}
    acts = [
        *issued,
        *meetings.ordinary(dice),
        *works.inspections(dice),
        *works.loans(dice),
        *works.certificates(dice),
        *works.reports(dice),
        *works.receipts(dice, issued),
    ]
    yield from (*reference.units(), *reference.roles(), *reference.lists(), *reference.plans(acts, caps), *acts)
    yield from reference.days()


def _recorded(fact: Fact) -> Recorded[Event]:
    return decode(json.dumps(fact.written(), ensure_ascii=False).encode())


def _written(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def days(script: Script, count: int, first: date = FIRST, last: date = LAST) -> list[date]:
    """Return working days over a span, in order."""
    return script.dice.spread(count, first, last)


def _year_before(script: Script) -> None:
    """Write documents of 2024 down: some quarters had more, some fewer, with notes and letters beside them."""
    dice = script.dice
    for unit in DEPARTMENTS:
        for quarter in range(4):
            for number in range(dice.between(1, 6)):
                day = date(YEAR - 1, quarter * 3 + dice.between(1, 3), dice.between(1, 28))
                heading = f"关于{YEAR - 1}年第{quarter + 1}季度有关工作的通知（{number + 1}）"
                script.document(unit, day, heading, doc_no=None, known=on(1, 3))


def _borderline(script: Script) -> None:
    """Write down what a careless rule would take for an evasion."""
    dice = script.dice
    for unit in DEPARTMENTS:
        for day in days(script, dice.between(4, 8)):
            script.document(
                unit,
                day,
                dice.pick(("关于商请协助提供有关资料的函", "关于征求意见的函", "关于商洽业务数据共享的函")),
                carrier="函",
                genre="函",
                direction="平行",
                doc_no=None,
                addressees=[{"unit": dice.pick(DEPARTMENTS), "level": 3}],
            )
        for day in days(script, dice.between(1, 4)):
            script.document(
                unit, day, "关于通报有关情况的便函", carrier="便函", doc_no=None, phrases=[], char_count=500
            )
    for number, day in enumerate(days(script, 8)):
        office = script.office(5)
        exact = script.dice.between(4600, 5000)
        script.document(office, day, f"关于印发《第{number}号工作规程》的通知", char_count=exact, plan_item="p-1")
        later = day + timedelta(days=dice.between(30, 60))
        if later.year == YEAR:
            script.document(
                office, later, f"关于有关事项的通知（之{'二三四'[number % 3]}）", char_count=3000, plan_item="p-2"
            )
        short = dice.between(1500, 2400)
        script.document(office, day, "关于分工安排的通知（一）", char_count=short, plan_item="p-3", matter="分工安排")
        script.document(office, day, "关于分工安排的通知（二）", char_count=short, plan_item="p-3", matter="分工安排")
    for day in days(script, 10):
        unit = script.office()
        meeting(script, unit, day, 9, dice.between(60, 90), f"{day:%m%d}业务调度视频会议", mode="网络视频")
        meeting(script, unit, day, 14, dice.between(60, 90), f"{day:%m%d}信访矛盾研判视频会议", mode="网络视频")
    for number, school in enumerate(SCHOOLS):
        loan = {"loan": f"law-{number}", "person": f"p_law_{number:04d}"}
        first = dice.workday(on(3, 3), on(6, 30))
        teacher = {"person_kind": "教师", "from_unit": school.id, "from_level": 3, "to_unit": "990101.education"}
        consents = [one.model_dump(mode="json") for one in works.CONSENTS]
        more = {"major_task": True, "consents": consents, "label": "借用", "to_level": 3, "from_kind": "学校"}
        script.act("sec.started", "990101.education", first, {**loan, **teacher, **more, "started_on": first})
        last = first + timedelta(days=dice.between(60, 88))
        script.act("sec.ended", "990101.education", last, {**loan, "ended_on": last})
    for number, day in enumerate(days(script, 6, on(2, 10), on(10, 10))):
        unit, item = script.office(1), f"s-{number}"
        plan = [{"item": item, "title": "专项检查", "planned": 2, "batches": 2}]
        filed = {"kind": "督查检查考核", "year": YEAR, "items": plan}
        script.act("plan.filed", unit, on(1, 2), filed)
        towns = [{"unit": one.id, "kind": "乡镇", "level": 4} for one in dice.some(TOWNS, 3)]
        base = {
            "topic": f"第{number}号专项检查",
            "matter": f"专项检查{number}",
            "plan_item": item,
            "kind": "专项",
            "team": "一组",
        }
        for after, targets in ((0, towns), (21, towns[:1]), (45, towns[1:])):
            start = day + timedelta(days=after)
            script.act(
                "ins.launched", unit, start, {**base, "starts_on": start, "targets": targets, "emergency": False}
            )


def meeting(script: Script, unit: str, day: date, hour: int, minutes: int, topic: str, **more: Any) -> str:
    """Hold a meeting that is lawful where ``more`` does not say otherwise; return its fact id."""
    start = moment(day, hour)
    data = {
        "topic": topic,
        "mode": "现场",
        "starts_at": start,
        "ended_at": start + timedelta(minutes=minutes),
        "kind": "单项工作",
        "plan_item": "p-1",
        "approval_ref": "青办会批〔2025〕8号",
        "meeting_class": "四类",
        "required": [],
        "convener_role": "分管负责同志",
        "level": 3,
        "reach_level": 3,
        "actual_attendees": 20,
        **more,
    }
    return script.act("mtg.convened", unit, day, data, hour=hour)


def _research(script: Script) -> None:
    dice = script.dice
    topics = ("农村养老服务", "产业发展", "人居环境", "基层医疗")
    for number, day in enumerate(days(script, 60)):
        village = dice.pick(VILLAGES)
        script.act(
            "res.visited",
            dice.pick(DEPARTMENTS),
            day,
            {
                "topic": f"{dice.pick(topics)}调研（{number}）",
                "target": {"unit": village.id, "kind": "村居", "level": 5},
                "starts_on": day,
                "minutes": dice.between(60, 150),
                "points": dice.between(1, 4),
                "escorts": [],
                "display_boards": False,
                "visitor_kind": "党委政府部门",
            },
        )


def _activities(script: Script) -> None:
    dice = script.dice
    culture = "990101.office"
    started = {
        "name": "文明乡镇创建",
        "list_item": "创-1",
        "host_kind": "党委",
        "host_level": 3,
        "approval_ref": "青批1号",
    }
    for number, day in enumerate(days(script, 4)):
        more = {"demonstration": f"cj-{number}", "starts_on": day, "out_of_scope": "否", "fee": False}
        script.act("dem.started", culture, day, {**started, **more})
        criteria = {"demonstration": f"cj-{number}", "number": 1, "set_on": day + timedelta(days=3)}
        script.act("dem.criteria_set", culture, day + timedelta(days=3), criteria)
    for day in days(script, 3):
        trial = {"demonstration": f"sd-{day:%m%d}", "name": "改革试点", "starts_on": day, "out_of_scope": "改革试点"}
        script.act("dem.started", dice.pick(DEPARTMENTS), day, {**trial, "host_kind": "党委政府部门", "host_level": 3})
    for day in days(script, 12):
        held = {"name": "法治宣传进校园", "school": dice.pick(SCHOOLS).id, "held_on": day, "list_item": "进-1"}
        script.act("sch.held", dice.pick(DEPARTMENTS), day, {**held, "forced": False, "teaching_affected": False})
        village = dice.pick(VILLAGES).id
        hung = {"unit": village, "unit_kind": "村居", "name": "村民委员会", "list_item": "挂-1", "demanded": False}
        script.act("plaque.hung", dice.pick(DEPARTMENTS), day, {**hung, "hung_on": day})
    for day in days(script, 3, on(3, 3), on(7, 1)):
        held = {"name": "青禾县农民丰收节", "kind": "节庆", "starts_on": day, "list_item": "节-1", "has_budget": True}
        more = {"funding": "财政预算", "budget_ref": "青财〔2025〕3号", "approver_level": 1, "approval_ref": "演批1号"}
        script.act("fest.held", "990101.office", day, {**held, **more})
    for day in days(script, 12):
        study = {"topic": "全会精神", "required_on": day, "checkin": False, "ranking": False, "assignee_kind": "干部"}
        script.act("study.required", "990101.organization", day, study)


def _assessments(script: Script) -> None:
    dice = script.dice
    for day in days(script, 6):
        measured = [
            {"name": "群众满意度", "kind": "目标效果", "weight": 95, "core": True},
            {"name": "工作机制", "kind": "过程控制", "weight": 5},
        ]
        scheme = {"name": "年度效能目标管理考核办法", "kind": "效能目标管理", "object_kind": "单位", "year": YEAR}
        more = {"full_score": 100, "indicators": measured, "set_on": day, "approval_ref": "青批2号"}
        script.act("kpi.scheme_set", "990101.office", day, {**scheme, **more})
        signed = {
            "name": "安全生产责任书",
            "list_item": "责-1",
            "basis": "中办发〔2018〕13号",
            "basis_issuer": "中共中央办公厅",
        }
        levels = {"basis_level": 0, "approver": "主要领导", "approval_ref": "青批3号"}
        script.act("liab.signed", dice.pick(DEPARTMENTS), day, {**signed, **levels, "signed_on": day})


def _duties(script: Script) -> None:
    dice = script.dice
    for number, day in enumerate(days(script, 60)):
        due = moment(day + timedelta(days=dice.between(10, 40)), 17)
        task = {
            "task": f"rw-{number}",
            "subject_matter": f"防汛物资清点（{number}）",
            "kind": "业务工作",
            "channel": "公文系统",
            "due_at": due,
        }
        more = {"assigned_at": moment(day, 9), "assignee_kind": "乡镇街道", "assignees": [dice.pick(TOWNS).id]}
        unit, closed = dice.pick(DEPARTMENTS), day + timedelta(days=dice.between(3, 9))
        script.act("task.assigned", unit, day, {**task, **more, "phrases": []})
        script.act("task.closed", unit, closed, {"task": f"rw-{number}", "closed_on": closed, "result": "完成"})
    for day in days(script, 8):
        passed = {"duty": "防火巡查", "item_id": "基-1", "to_unit": dice.pick(TOWNS).id, "delegated_on": day}
        script.act("duty.delegated", "990101.emergency", day, passed)


def _fingertips(script: Script) -> None:
    dice = script.dice
    quiet = ("checkin", "ranking", "online_time", "forced_install", "install_rate", "forced_login", "photo_upload")
    flags = {
        **dict.fromkeys((*quiet, "voting", "inspection", "commercial"), False),
        "complaint": True,
        "real_name": True,
    }
    for number, day in enumerate(days(script, 3)):
        app = {
            "app": f"app-{number}",
            "name": "青禾政务通",
            "owner_level": 3,
            "filing_no": f"示备{number}号",
            "flags": flags,
        }
        functions = [f"服务{number}", f"办理{number}", f"查询{number}"]
        registered = {**app, "functions": functions, "phrases": [], "submitted_on": day, "filed_on": day}
        script.act("app.registered", dice.pick(DEPARTMENTS), day, registered)
    for number, day in enumerate(days(script, 10)):
        group = {"group": f"g-{number}", "name": "防汛工作群", "created_on": day, "filing_no": f"备{number}号"}
        more = {"real_name": True, "has_rules": True, "platform": "微信", "owner": "990101.emergency", "phrases": []}
        script.act("grp.created", dice.pick(DEPARTMENTS), day, {**group, **more})


def _based(script: Script) -> None:
    """Set up what rests on a document of the centre and stands on a list."""
    basis = {
        "basis": "中办发〔2018〕13号",
        "basis_issuer": "中共中央办公厅",
        "basis_level": 0,
        "approval_ref": "青批4号",
    }
    for day in days(script, 2):
        chief = {"name": "河长", "set_on": day, "list_item": "某-1"}
        script.act("chief.set", "990101.office", day, {**chief, **basis})
        veto = {"name": "安全生产", "matter": "安全生产", "set_on": day, "list_item": "一-1", "host_kind": "党委"}
        script.act("veto.set", "990101.office", day, {**veto, **basis})


def _oversight(script: Script) -> None:
    dice = script.dice
    for number, day in enumerate(days(script, 80, on(1, 6), on(11, 28))):
        ticket = {"ticket": f"t-{number}", "opened_at": moment(day, 9), "topic": "报表"}
        script.act("ticket.opened", "990101.service-hall", day, ticket)
        closed = day + timedelta(days=dice.between(1, 5))
        script.act(
            "ticket.closed", "990101.service-hall", closed, {"ticket": f"t-{number}", "closed_at": moment(closed, 9)}
        )
    for number, day in enumerate(days(script, 12, on(1, 6), on(10, 24))):
        unit, town = dice.pick(DEPARTMENTS), dice.pick(TOWNS).id
        clue = {
            "clue": "abcdefghijkl"[number] * 26,
            "desk": "990101.discipline",
            "received_by": "d-1",
            "received_at": moment(day, 9),
        }
        script.act("clue.received", "990101.discipline", day, clue)
        later = day + timedelta(days=dice.between(2, 9))
        handed = {
            "rectification": f"rect-{number}",
            "to_unit": town,
            "to_level": 4,
            "topic": "报表",
            "cross_level": False,
        }
        script.act("rect.assigned", "990101.discipline", day, {**handed, "due_on": day + timedelta(days=20)})
        mended = {"rectification": f"rect-{number}", "to_unit": town, "closed_on": later, "result": "完成"}
        script.act("rect.closed", "990101.discipline", later, mended)
        seen = later + timedelta(days=dice.between(20, 50))
        again = {"topic": "报表", "rectification": f"rect-{number}", "unit": town, "done_on": seen, "relapsed": False}
        script.act("review.done", "990101.discipline", seen, again)
        report = {
            "kind": "月监测",
            "heading": "基层减负监测情况",
            "filed_on": day,
            "to": "9901.office",
            "has_results": True,
        }
        script.act("rpt.filed", "990101.office", day, report)
        apply = {"application": f"sq-{number}", "topic": "业务调度会议", "applied_at": moment(day, 9)}
        start = {"planned_start": moment(day + timedelta(days=dice.between(2, 9)), 9), "required": []}
        script.act("mtg.applied", unit, day, {**apply, **start})
    for day in days(script, 4):
        met = {"mechanism": "专项工作机制", "kind": "调度会", "met_on": day, "chair": "主要负责同志"}
        script.act("mech.met", "990101.office", day, met)
    for number, day in enumerate(days(script, 2)):
        approved = {"approval_ref": "青办批〔2025〕8号", "approver": "主要领导", "approver_level": 3}
        case = {
            "case": f"case-{number}",
            "topic": "报表",
            "published_on": day,
            "approved_by": "县纪委监委",
            "redacted": True,
        }
        script.act("case.published", "990101.discipline", day, case)
        decided = {"decision": f"acct-{number}", "unit": dice.pick(DEPARTMENTS), "decided_on": day, "heard": True}
        script.act("acct.decided", "990101.discipline", day, {**decided, "committee_heard": True, **approved})
        stage = {
            "project": f"proj-{number}",
            "name": "道路改造",
            "stage": "动议",
            "done_on": day,
            "procedure": "集体决策",
        }
        script.act("proj.stage_done", "990101.housing", day, {**stage, **approved})
