"""Ways around the rules, one a class, played against a lawful year by chance from a seed. Pure.

Each evader is an office of its own, so that whatever is raised on it is of its evasion. How hard it tries is drawn: how much it
shifts, how far apart it splits, whether the telling field is filled in, whether the name is changed beyond recognition. The shares
are assumptions, named where they are drawn; nobody has measured how offices evade.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from bench.copying import Language
from bench.lawful import Script, code_of, days, meeting
from contracts.text import SKETCH_METHOD, sketch
from deploy.demo.events import moment
from deploy.demo.year.dice import YEAR, on
from deploy.demo.year.places import SCHOOLS, TOWNS, VILLAGES
from deploy.demo.year.works import CONSENTS

DIRECTS: Final = [{"lexicon": "指令", "count": 2, "method": "clause-lexicons-1"}]


@dataclass(frozen=True, slots=True)
class Group:
    """One evasion: the acts that make it up and the office that does it."""

    office: str
    acts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tactic:
    """A way around the rules."""

    name: str
    title: str
    rules: tuple[str, ...]
    """Those that are about it: an alert of another is no find."""
    make: Callable[[Script, int], Iterator[Group]]


def _quarter(script: Script, unit: str, quarter: int, count: int, year: int, **more: Any) -> list[str]:
    dice = script.dice
    found = []
    for number in range(count):
        day = date(year, quarter * 3 - dice.between(0, 2), dice.between(1, 28))
        heading = f"关于{year}年第{quarter}季度{'防汛农机燃气养老'[number % 4 * 2 :][:2]}工作的通知（{number}）"
        known = on(1, 3) if year < YEAR else None
        found.append(script.document(unit, day, heading, known=known, **more))
    return found


def white(script: Script, count: int) -> Iterator[Group]:
    """红头改白头、便函、群消息: a fifth to nine tenths of a quarter; of every fifth nobody read the text."""
    dice = script.dice
    for _ in range(count):
        unit, quarter = script.office(), dice.between(1, 4)
        before = dice.between(6, 16)
        moved = max(1, before * dice.between(20, 90) // 100)
        _quarter(script, unit, quarter, before, YEAR - 1)
        _quarter(script, unit, quarter, before - moved, YEAR)
        for _ in range(moved):
            carrier = dice.pick(("白头", "便函", "word", "群消息"))
            phrases = DIRECTS if dice.chance(0.8) else None
            acts = _quarter(script, unit, quarter, 1, YEAR, carrier=carrier, phrases=phrases, instructive=None)
            yield Group(unit, frozenset(acts))


def letters(script: Script, count: int) -> Iterator[Group]:
    """红头改函: downward letters with numbers of their own in place of 30 to 80 % of a quarter's documents."""
    dice = script.dice
    for _ in range(count):
        unit, quarter = script.office(), dice.between(1, 4)
        before = dice.between(8, 20)
        moved = before * dice.between(30, 80) // 100
        _quarter(script, unit, quarter, before, YEAR - 1)
        _quarter(script, unit, quarter, before - moved, YEAR)
        acts: list[str] = []
        for number in range(moved):
            number_ = f"{code_of(unit)[:-1]}函〔{YEAR}〕{number + 1}号"
            acts += _quarter(script, unit, quarter, 1, YEAR, carrier="函", genre="函", doc_no=number_, phrases=DIRECTS)
        yield Group(unit, frozenset(acts))


def merged(script: Script, count: int) -> Iterator[Group]:
    """多文合一: two to four documents printed as one, in a quarter after the rule was known."""
    dice = script.dice
    for _ in range(count):
        unit, quarter = script.office(), dice.between(3, 4)
        before = dice.between(10, 24)
        moved = before * dice.between(40, 90) // 100
        _quarter(script, unit, quarter, before, YEAR - 1)
        _quarter(script, unit, quarter, before - moved, YEAR)
        acts: list[str] = []
        while moved > 1:
            parts = min(moved, dice.between(2, 4))
            moved -= parts
            acts += _quarter(script, unit, quarter, 1, YEAR, merged=parts)
        yield Group(unit, frozenset(acts))


def split_documents(script: Script, count: int) -> Iterator[Group]:
    """Split one text of 5,100 to 9,000 characters below 5,000, up to five days apart; 15 % under titles that have nothing in common."""
    dice = script.dice
    for number, day in enumerate(days(script, count, on(9, 1), on(12, 19))):
        unit, whole = script.office(), dice.between(5100, 9000)
        first = whole * dice.between(40, 60) // 100
        first = min(max(first, whole - 4900), 4900)
        whole_title = f"关于印发《第{number}号管理办法》的通知"
        kind = dice.between(1, 20)
        titles = [whole_title + part for part in ("（一）", "（二）")]
        if kind > 17:
            titles = ["关于明确工作任务的通知", "关于落实保障措施的通知"]
        elif kind > 8:
            titles = [
                whole_title + part for part in (("（上）", "（下）") if kind > 12 else ("之任务分工", "之保障措施"))
            ]
        later = day + timedelta(days=dice.between(0, 5))
        acts = [
            script.document(unit, on_, title, char_count=part, matter="管理办法")
            for on_, title, part in zip((day, later), titles, (first, whole - first), strict=True)
        ]
        yield Group(unit, frozenset(acts))


def split_inspections(script: Script, count: int) -> Iterator[Group]:
    """打包报计划、执行搞拆分: one batch declared, two to five carried out; of every tenth no team is stated."""
    dice = script.dice
    for number, day in enumerate(days(script, count, on(2, 10), on(10, 10))):
        unit = script.office(1)
        plan = [{"item": f"i-{number}", "title": "综合检查", "planned": 1, "batches": 1}]
        filed = {"kind": "督查检查考核", "year": YEAR, "items": plan}
        script.act("plan.filed", unit, on(1, 2), filed)
        acts = []
        by_team, told = dice.chance(0.5), dice.chance(0.9)
        for batch in range(dice.between(2, 5)):
            start = day + timedelta(days=batch * (1 if by_team else 9))
            team = (f"{batch + 1}组" if by_team else "一组") if told else None
            targets = [{"unit": one.id, "kind": "乡镇", "level": 4} for one in TOWNS[batch * 2 : batch * 2 + 2]]
            data = {"topic": "综合检查", "matter": f"综合检查{number}", "plan_item": f"i-{number}", "team": team}
            more = {"kind": "专项", "starts_on": start, "targets": targets, "emergency": False}
            acts.append(script.act("ins.launched", unit, start, {**data, **more}))
        yield Group(unit, frozenset(acts))


def split_loans(script: Script, count: int) -> Iterator[Group]:
    """借调 split: a teacher lent for more than three months with a return of 1 to 17 days between."""
    dice = script.dice
    for number in range(count):
        unit, school = script.office(1), dice.pick(SCHOOLS).id
        person, day = f"p_split_{number:04d}", dice.workday(on(3, 3), on(5, 30))
        acts = []
        for part in range(dice.between(2, 3)):
            loan = {"loan": f"split-{unit}-{part}", "person": person}
            consents = [one.model_dump(mode="json") for one in CONSENTS]
            units = {"from_unit": school, "from_level": 3, "from_kind": "学校", "to_unit": unit, "to_level": 3}
            more = {"person_kind": "教师", "major_task": True, "consents": consents, "label": "借用", "started_on": day}
            acts.append(script.act("sec.started", unit, day, {**loan, **units, **more}))
            day += timedelta(days=dice.between(60, 88))
            script.act("sec.ended", unit, day, {**loan, "ended_on": day})
            day += timedelta(days=dice.between(2, 18))
        yield Group(unit, frozenset(acts))


def split_meetings(script: Script, count: int) -> Iterator[Group]:
    """Split: a video meeting of 100 to 170 minutes as two below 90, five minutes to four hours apart; a fifth under unlike names."""
    dice = script.dice
    for number, day in enumerate(days(script, count)):
        unit, whole = script.office(), dice.between(100, 170)
        first = whole // 2
        names = ("（一）", "（二）") if dice.chance(0.4) else ("", "") if dice.chance(0.66) else ("动员", "答疑")
        matter = f"第{number}号专项行动" if dice.chance(0.7) else None
        acts = []
        for hour, minutes, name in zip((9, 11 if dice.chance(0.5) else 14), (first, whole - first), names, strict=True):
            topic = f"第{number}号专项行动视频会议{name}"
            more = {"mode": "网络视频", "matter": matter, "plan_item": f"p-{number % 30 + 1}", "kind": "其他"}
            acts.append(meeting(script, unit, day, hour, minutes, topic, **more))
        yield Group(unit, frozenset(acts))


def year_end(script: Script, count: int) -> Iterator[Group]:
    """限额 used up: what comes after is dated back to last year, or on to January; of every fourth no 签发日期 is known."""
    dice = script.dice
    for number in range(count):
        cap = dice.between(8, 20)
        unit = script.office(cap=cap, base=40)
        for day in days(script, cap, on(1, 6), on(10, 31)):
            script.document(unit, day, f"关于{day:%m%d}有关工作的通知")
        acts = []
        back = number % 2 == 0
        told, printed, planless = dice.chance(0.75), dice.chance(0.75), dice.chance(0.5)
        if not planless and not back:
            items = [{"item": "p-1", "title": "事项", "planned": 9}]
            script.act("plan.filed", unit, date(YEAR + 1, 1, 2), {"kind": "发文", "year": YEAR + 1, "items": items})
        for serial, day in enumerate(days(script, dice.between(2, 6), on(11, 10), on(12, 26))):
            dated = date(YEAR - 1, 12, 28) if back else date(YEAR + 1, 1, 4 + serial)
            more = {"signed_on": day if told else None, "printed_on": day if printed else None}
            known = day if back else dated
            acts.append(script.document(unit, dated, f"关于{day:%m%d}有关工作的通知", known=known, **more))
        yield Group(unit, frozenset(acts))


def as_research(script: Script, count: int) -> Iterator[Group]:
    """检查 as 调研: its result gives it away, scores, rectification, forms or material; every tenth leaves none."""
    dice = script.dice
    for day in days(script, count, on(2, 10), on(11, 10)):
        unit, village = script.office(1), dice.pick(VILLAGES).id
        target = {"unit": village, "kind": "村居", "level": 5}
        data = {
            "topic": "安全生产工作调研",
            "target": target,
            "starts_on": day,
            "minutes": 90,
            "points": 3,
            "escorts": [],
        }
        name = f"res-{unit}"
        acts = [script.act("res.visited", unit, day, {**data, "display_boards": False}, id_=name)]
        later = day + timedelta(days=dice.between(1, 12))
        kind = dice.between(1, 10)
        result: dict[str, Any] = {"visit": {"id": name}, "target": target, "concluded_on": later}
        if kind <= 4:
            acts.append(script.act("ins.concluded", unit, later, {**result, "score": 88}))
        elif kind <= 6:
            acts.append(script.act("ins.concluded", unit, later, {**result, "rectification_ordered": True}))
        elif kind <= 9:
            demand = {"subject_matter": "安全生产佐证材料", "material": "佐证材料", "spawned_by": {"id": name}}
            more = {
                "sent_at": moment(later, 9),
                "received_at": moment(later, 10),
                "due_at": moment(later + timedelta(days=9), 17),
            }
            acts.append(script.act("rpt.demanded", unit, later, {**demand, **more, "addressees": [TOWNS[0].id]}))
        yield Group(unit, frozenset(acts))


def as_training(script: Script, count: int) -> Iterator[Group]:
    """借调 as 跟班学习, 以干代训 and the like; levels unstated in half, daily work unstated in half, some with a 批准文号."""
    dice = script.dice
    labels = ("跟班学习", "以干代训", "集中轮训", "专班", "挂职锻炼", "顶岗锻炼", "业务协助", "见习")
    for number in range(count):
        unit, town, day = script.office(1), dice.pick(TOWNS).id, dice.workday(on(2, 10), on(10, 31))
        levels = {"from_level": 4, "to_level": 3} if dice.chance(0.5) else {}
        data = {"loan": f"train-{unit}", "person": f"p_train_{number:04d}", "person_kind": "公务员", "from_unit": town}
        more = {
            "to_unit": unit,
            "started_on": day,
            "label": dice.pick(labels),
            "daily_work": True if dice.chance(0.5) else None,
        }
        end = {"planned_end": day + timedelta(days=dice.between(40, 170))} if dice.chance(0.7) else {}
        yield Group(unit, frozenset((script.act("sec.started", unit, day, {**data, **more, **levels, **end}),)))


def as_evaluation(script: Script, count: int) -> Iterator[Group]:
    """创建示范 as 评估: registered as another kind, as an assessment or as an inspection under that name; a tenth as 改革试点."""
    dice = script.dice
    for day in days(script, count, on(2, 10), on(11, 28)):
        unit = script.office(1)
        matter = dice.pick(("平安乡镇", "无疫村居", "美丽庭院", "节水单位"))
        kind = dice.between(1, 10)
        if kind <= 6:
            data: dict[str, Any] = {
                "demonstration": f"ev-{unit}",
                "name": f"{matter}评估",
                "kind": dice.pick(("其他", "达标", "评比")),
            }
            host = {"host_kind": "党委政府部门", "host_level": 3, "starts_on": day}
            claim = {"out_of_scope": "改革试点" if kind == 1 else "否"}
            act = script.act("dem.started", unit, day, {**data, **host, **claim})
        elif kind <= 8:
            data = {"name": f"{matter}评估办法", "kind": "专项", "object_kind": "乡镇街道", "year": YEAR, "set_on": day}
            act = script.act("kpi.scheme_set", unit, day, {**data, "full_score": 100})
        else:
            data = {
                "topic": f"{matter}评估",
                "kind": "专项",
                "under_name": "评估",
                "starts_on": day,
                "emergency": False,
            }
            act = script.act("ins.launched", unit, day, data)
        yield Group(unit, frozenset((act,)))


def _sketch(sentences: Sequence[str]) -> dict[str, Any]:
    return {"method": SKETCH_METHOD, "values": list(sketch("".join(sentences)))}


_LANGUAGE: Final[list[Language]] = []


def _language() -> Language:
    if not _LANGUAGE:
        _LANGUAGE.append(Language(Random(5)))
    return _LANGUAGE[0]


def paraphrase(script: Script, count: int) -> Iterator[Group]:
    """上下一般粗: 40 to 95 % of the text is the superior's, one character in forty changed, sentences in their order."""
    dice, language = script.dice, _language()
    language.random.seed(dice.between(1, 10**6))
    for number, day in enumerate(days(script, count, on(2, 10), on(11, 28))):
        unit, length = script.office(), dice.between(1500, 4500)
        source = language.document(length)
        copied = language.copied(source, length, dice.between(40, 95) / 100)
        upper = f"示样发〔{YEAR}〕{script.dice.between(1, 10**6)}号"
        script.act(
            "doc.issued",
            "9901.gov-office",
            day,
            {
                "heading": f"关于第{number}号工作的意见（{unit}）",
                "doc_no": upper,
                "dated": day,
                "sketch": _sketch(source),
                "plan_item": "p-1",
            },
        )
        later = day + timedelta(days=dice.between(3, 25))
        heading = f"关于贯彻落实第{number}号工作的通知"
        more: dict[str, Any] = {"implements": [{"doc_no": upper}], "sketch": _sketch(copied), "approval_ref": "青核1号"}
        yield Group(unit, frozenset((script.document(unit, later, heading, char_count=length, **more),)))


def by_group_chat(script: Script, count: int) -> Iterator[Group]:
    """微信安排工作: a task, a demand or a message in place of a document; every tenth in another firm's groups."""
    dice = script.dice
    for day in days(script, count):
        unit = script.office(1)
        channel = "钉钉群" if dice.chance(0.1) else "微信群" if dice.chance(0.8) else "QQ群"
        kind = dice.between(1, 3)
        if kind == 1:
            task = {
                "subject_matter": "反诈宣传",
                "channel": channel,
                "assigned_at": moment(day, 9),
                "assignees": [TOWNS[1].id],
            }
            act = script.act("task.assigned", unit, day, {**task, "phrases": []})
        elif kind == 2:
            demand = {"subject_matter": "排查进度", "channel": "其他" if channel == "钉钉群" else channel}
            due = {
                "sent_at": moment(day, 9),
                "due_at": moment(day + timedelta(days=12), 17),
                "addressees": [TOWNS[1].id],
            }
            act = script.act("rpt.demanded", unit, day, {**demand, **due})
        else:
            phrases = DIRECTS if dice.chance(0.9) else None
            act = script.document(unit, day, "关于做好排查的通知", carrier="群消息", phrases=phrases, instructive=None)
        yield Group(unit, frozenset((act,)))


def hidden_numbers(script: Script, count: int) -> Iterator[Group]:
    """Documents left out of the ledger: their numbers are missing; every tenth office hides only its last one."""
    dice = script.dice
    for _ in range(count):
        unit = script.office()
        total = dice.between(10, 25)
        hidden = set(dice.some(range(2, total), dice.between(1, 3))) if dice.chance(0.9) else set()
        acts = []
        for number, day in enumerate(days(script, total, on(1, 6), on(11, 28)), 1):
            if number in hidden:
                script.skip(unit, YEAR)
            else:
                acts.append(script.document(unit, day, f"关于{day:%m%d}有关工作的通知"))
        yield Group(unit, frozenset(acts))


def renamed_meetings(script: Script, count: int) -> Iterator[Group]:
    """二次会议 under another name: 事项 kept by half, the superior named by a tenth, words of level and kind changed by a quarter."""
    dice = script.dice
    for day in days(script, count, on(2, 10), on(12, 1)):
        unit = script.office()
        topic, other = dice.pick((("森林防火", "森林草原防灭火"), ("防汛", "水旱灾害防御"), ("春耕生产", "粮食生产")))
        serial = f"{unit.rsplit('-', 1)[1]}号"
        upper = f"up-{unit}"
        start = moment(day, 9)
        parent = {"mode": "网络视频", "starts_at": start, "ended_at": start + timedelta(minutes=60), "reach_level": 3}
        kind = dice.between(1, 20)
        matter = f"{serial}{topic}" if kind <= 10 else None
        data = {"topic": f"全省{serial}{topic}工作视频会议", "matter": matter, "level": 1, **parent}
        script.act("mtg.convened", "99.office", day, {**data, "approval_ref": "演办1号"}, id_=upper, hour=9)
        later = day + timedelta(days=dice.between(1, 9))
        name = f"{other}形势研判暨调度会议" if kind <= 12 or kind > 17 else f"全县{serial}{topic}推进部署会"
        more: dict[str, Any] = {"matter": matter, "kind": "其他"}
        if kind in (11, 12):
            more["parent"] = {"id": upper}
        yield Group(unit, frozenset((meeting(script, unit, later, 15, 80, name, **more),)))


TACTICS: Final = (
    Tactic("white", "红头改白头、便函、群消息", ("DOC-14", "DAT-02", "N-04"), white),
    Tactic("letters", "红头改函", ("DAT-02",), letters),
    Tactic("merged", "多文合一", ("N-04", "DAT-02"), merged),
    Tactic("split-documents", "长文拆成几件", ("DOC-22",), split_documents),
    Tactic("split-inspections", "打包报计划、执行搞拆分", ("INS-03",), split_inspections),
    Tactic("split-loans", "借调教师中间短暂返校", ("SEC-05",), split_loans),
    Tactic("split-meetings", "一次视频会议拆成两次", ("MTG-19",), split_meetings),
    Tactic("year-end", "限额用完后倒签、推迟到下年", ("DOC-03", "DOC-01"), year_end),
    Tactic("as-research", "以调研之名行检查之实", ("RES-06",), as_research),
    Tactic("as-training", "以跟班学习等名义借调", ("SEC-01", "SEC-03", "N-19"), as_training),
    Tactic("as-evaluation", "以评估之名搞创建示范", ("DEM-01", "N-32", "KPI-01", "INS-01", "INS-02"), as_evaluation),
    Tactic("paraphrase", "改头换面照搬上级文件", ("DOC-16",), paraphrase),
    Tactic("group-chat", "以微信群代替文件", ("RPT-02", "DOC-14"), by_group_chat),
    Tactic("hidden-numbers", "文件不入台账", ("DOC-02",), hidden_numbers),
    Tactic("renamed-meetings", "二次会议改换名称", ("MTG-06", "MTG-07"), renamed_meetings),
)
