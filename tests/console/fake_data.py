"""A fictitious county (青禾县, code 990101) as the four services would answer about it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from contracts.event import fact_id

Json = dict[str, Any]
SOURCE: Final = "/oa/qinghe"
COUNTY: Final = "990101"
NOW: Final = datetime(2026, 11, 20, 6, 31, tzinfo=UTC)
CURRENT: Final = {"position": 12486, "time": NOW.isoformat()}

UNITS: Final = {
    "qh.zf": ("青禾县人民政府", "990101"),
    "qh.xwb": ("中共青禾县委办公室", "990101"),
    "qh.zfb": ("青禾县人民政府办公室", "990101"),
    "qh.fgj": ("青禾县发展和改革局", "990101"),
    "qh.jtj": ("青禾县教育体育局", "990101"),
    "qh.nyj": ("青禾县农业农村局", "990101"),
    "qh.yjj": ("青禾县应急管理局", "990101"),
    "qh.mzj": ("青禾县民政局", "990101"),
    "qh.jw": ("青禾县纪律检查委员会", "990101"),
    "qh.hwz": ("河湾镇人民政府", "990101001"),
    "qh.llx": ("柳林乡人民政府", "990101002"),
    "qh.dyc": ("河湾镇东园村村民委员会", "990101001001"),
}

RULES: Final = {
    "N-05": (
        "文件篇幅",
        "warning",
        "刚",
        "整治形式主义为基层减负若干规定",
        "一·2",
        "部署专项工作或者具体任务的文件，一般不超过4000字",
    ),
    "MTG-06": (
        "二次会议",
        "serious",
        "刚",
        "自治区整治形式主义工作方案",
        "二·三是",
        "自治区召开的视频会议直接开到市、县的，市、县不得召开“二次会议”部署",
    ),
    "INS-02": (
        "计划外督查检查",
        "serious",
        "刚",
        "自治区整治形式主义工作方案",
        "三·一是",
        "未列入年度计划的督查检查考核事项，一律不得开展",
    ),
    "SEC-05": ("借调教师", "serious", "刚", "自治区整治形式主义工作方案", "十二·三是", "同一教师连续借调不得超过3个月"),
    "CRT-01": (
        "村居证明",
        "warning",
        "刚",
        "自治区整治形式主义工作方案",
        "十五",
        "不得要求村（社区）出具不应出具的证明",
    ),
    "RPT-01": (
        "报送时限",
        "warning",
        "原",
        "省级解决形式主义突出问题为基层减负若干措施",
        "（十）",
        "要求报送工作情况、统计数据、意见建议的，一般应给予2个工作日以上时间",
    ),
    "DOC-19": (
        "联系人及联系方式",
        "info",
        "刚",
        "省级解决形式主义突出问题为基层减负若干措施",
        "（四）二",
        "印发文件应注明联系人及联系方式",
    ),
    "DOC-03": ("发文限额", "warning", "刚", "自治区整治形式主义工作方案", "二·一是", "对超出年度发文限额的予以通报"),
}

HOSTILE: Final = "关于<script>alert('x')</script>\"防汛\"&<img src=x onerror=alert(1)>工作的通知"


def act(number: int) -> str:
    """Return the identity of a made-up act."""
    return fact_id(SOURCE, f"act-{number}")


def clause(rule: str) -> Json:
    """Return a rule's clause."""
    _, _, _, document, part, quote = RULES[rule]
    return {"document": document, "clause": part, "quote": quote}


def alert(number: int, rule: str, unit: str, day: date, summary: str, **more: Any) -> Json:
    """Return an alert as the monitor lists it."""
    title, severity, *_ = RULES[rule]
    return {
        "alert_id": fact_id("alert", str(number)),
        "revision": 1,
        "state": "standing",
        "updated_at": (NOW - timedelta(hours=number * 5)).isoformat(),
        "dossier_hash": "3f" * 32,
        "rule": rule,
        "rule_version": 2,
        "title": title,
        "severity": severity,
        "verdict": "violated",
        "summary": summary,
        "unit_id": unit,
        "jurisdiction": UNITS[unit][1],
        "happened_on": day.isoformat(),
        "subject": act(number),
        "clause": clause(rule),
        "acts": [act(number)],
        **more,
    }


def alerts() -> list[Json]:
    """Return the alerts of the county, the latest first."""
    return [
        alert(
            1,
            "MTG-06",
            "qh.fgj",
            date(2026, 11, 18),
            "全市安全生产视频会议已开到县乡，青禾县发展和改革局于次日就同一事项再次召开部署会议，参会 86 人。",
        ),
        alert(
            2,
            "N-05",
            "qh.zfb",
            date(2026, 11, 17),
            "《青禾县秋冬季森林防火工作方案》正文 5231 字，超过专项工作文件 4000 字的上限。",
            revision=2,
        ),
        alert(
            3,
            "INS-02",
            "qh.yjj",
            date(2026, 11, 16),
            "“百日攻坚”督导检查未列入 2026 年度督查检查考核计划，也没有一事一报批准文号，涉及 8 个乡镇。",
        ),
        alert(
            4,
            "SEC-05",
            "qh.jtj",
            date(2026, 11, 12),
            "河湾镇中心小学一名教师自 2026 年 8 月 10 日起连续借调，已满 3 个月零 2 天，间断 4 天按连续计算。",
        ),
        alert(
            5,
            "CRT-01",
            "qh.mzj",
            date(2026, 11, 11),
            "要求河湾镇东园村村民委员会出具“婚姻状况证明”，该事项在不应出具证明清单内。",
        ),
        alert(6, "RPT-01", "qh.nyj", date(2026, 11, 10), "要求各乡镇报送秋收统计数据，收到至截止仅 1 个工作日。"),
        alert(7, "DOC-19", "qh.fgj", date(2026, 11, 9), "《关于做好四季度项目调度的通知》未注明联系方式。"),
        alert(
            8,
            "DOC-03",
            "qh.zfb",
            date(2026, 11, 6),
            "本年已发文 46 件，达到限额 50 件的 92%，按当前进度预计 12 月 14 日超出。",
        ),
        alert(9, "RPT-01", "qh.mzj", date(2026, 11, 4), "要求各乡镇当日报送低保对象核查情况。"),
        alert(10, "N-05", "qh.nyj", date(2026, 10, 30), "《高标准农田建设实施方案》正文 6120 字，超过 4000 字的上限。"),
        alert(11, "CRT-01", "qh.mzj", date(2026, 10, 27), "要求村民委员会出具“居住证明”，该事项在不应出具证明清单内。"),
        alert(12, "DOC-19", "qh.jtj", date(2026, 10, 21), "文件未注明联系人。", state="retracted", revision=3),
    ]


def dossier(one: Json) -> Json:
    """Return an alert with its dossier."""
    title, _, force, *_ = RULES[one["rule"]]
    return {
        **one,
        "dossier": {
            "summary": one["summary"],
            "verdict": {"outcome": "violated", "numbers": {"char_count": 5231, "limit": 4000}, "missing": []},
            "exceptions": [
                {"name": "上级明确要求制发的综合性文件", "met": False, "evidence": "文件类别为“专项”"},
                {"name": "附件不计入正文字数", "met": None, "evidence": "来源未提供附件字数"},
            ],
            "would_excuse": ["上级明确要求制发的综合性文件"],
            "rule": {
                "id": one["rule"],
                "version": 2,
                "title": title,
                "force": force,
                "effective_from": "2024-08-06",
                "reading": "“一般不超过”按 4000 字为限，恰为 4000 字不计超出。",
                "sources": [clause(one["rule"])],
                "parameters": {"limit": {"value": 4000, "basis": "source", "note": "字，含本数"}},
            },
            "pack": {"id": "qinghe", "title": "青禾县规则包", "basis": "青办发〔2026〕1号"},
            "calendar": [{"year": 2026, "basis": "国办发明电〔2025〕7号"}],
            "acts": [
                {
                    "act_id": one["acts"][0],
                    "type": "doc.issued",
                    "title": "发文",
                    "time": "2026-11-17T09:00:00+08:00",
                    "unit_id": one["unit_id"],
                    "data": {
                        "heading": "青禾县秋冬季森林防火工作方案",
                        "doc_no": "青政办发〔2026〕46号",
                        "char_count": 5231,
                    },
                    "labels": {"heading": "标题", "doc_no": "发文字号", "char_count": "char_count"},
                }
            ],
            "inputs": {"today": "2026-11-19", "facts": [{"fact_id": one["acts"][0], "sha256": "ab" * 32}]},
            "replay": f"jianfu alert replay {one['alert_id']}",
        },
        "revisions": [
            {
                "revision": 1,
                "change": "raised",
                "position": 12011,
                "at": "2026-11-17T10:02:00Z",
                "summary": one["summary"],
            },
            {
                "revision": 2,
                "change": "amended",
                "position": 12340,
                "at": "2026-11-18T02:40:00Z",
                "summary": one["summary"],
            },
        ][: one["revision"]],
        "current": CURRENT,
    }


def verdict(rule: str, outcome: str, reason: str, **more: Any) -> Json:
    """Return a verdict as the monitor shows it."""
    return {
        "rule": rule,
        "rule_version": 2,
        "title": RULES[rule][0],
        "verdict": outcome,
        "reason": reason,
        "numbers": {},
        "missing": [],
        "exceptions": [],
        "clause": clause(rule),
        "alert_id": None,
        "severity": None,
        **more,
    }


def sheet() -> Json:
    """Return what the rules say of one document."""
    return {
        "verdicts": [
            verdict(
                "N-05",
                "violated",
                "正文 5231 字，超过专项工作文件 4000 字的上限。",
                severity="warning",
                alert_id=fact_id("alert", "2"),
                exceptions=[{"name": "上级明确要求制发的综合性文件", "met": False, "evidence": "文件类别为“专项”"}],
            ),
            verdict("DOC-19", "undetermined", "不知道附注是否印有联系方式。", missing=["附注是否载明联系方式"]),
            verdict("DOC-03", "complied", "本年已发文 46 件，未超过限额 50 件。"),
        ],
        "not_applicable": [{"rule": "MTG-06", "title": "二次会议", "why": "此规则不涉及这类行为"}],
        "current": CURRENT,
    }


def backtest() -> Json:
    """Return a comparison of two packs."""
    summary = "同一教师连续借用 121 天，超过 3 个月"
    side = {"severity": "serious", "summary": summary, "clause": "演示省规定 八"}
    place = {"unit_id": "qh.jtj", "unit": "青禾县教育体育局", "jurisdiction": COUNTY, "act": act(4), "subject": act(4)}
    raised = {**place, "happened_on": "2026-03-02", "now": side, "before": None}
    changed = {
        **raised,
        "now": {**side, "summary": HOSTILE},
        "before": {**side, "severity": "warning", "clause": "演示省规定 九"},
    }
    rules = [
        {
            "rule": "SEC-05",
            "title": "借调教师",
            "same": 12,
            "raised": 2,
            "gone": 0,
            "changed": 1,
            "examples": {"raised": [raised, {**raised, "act": None}], "gone": [], "changed": [changed]},
        },
        {"rule": "INS-02", "title": "计划外督查检查", "same": 4, "raised": 0, "gone": 0, "changed": 0, "examples": {}},
    ]
    return {
        "number": 1,
        "at": NOW.isoformat(),
        "pack": {"id": "tried-2026", "title": "演示省规则包（征求意见稿）"},
        "against": {"id": "demo-county", "title": "演示省采用的全部规则"},
        "jurisdiction": "99",
        "since": "2026-01-01",
        "until": None,
        "acts": 4127,
        "position": 12486,
        "compared": ["INS-02", "SEC-05"],
        "rules": rules,
    }


def shadow() -> Json:
    """Return a candidate that is a little behind the live book."""
    report = {**backtest(), "since": None, "position": 12480}
    said = {"number": 3, "started_at": NOW.isoformat(), "pack": "tried-2026", "against": "demo-county"}
    here = {"jurisdiction": "99", "acts": 4120, "position": 12480, "behind": 6}
    return {"shadow": {**said, **here, "trouble": None, "report": report}, "current": CURRENT}


def coverage(only: str | None) -> Json:
    """Return the data coverage of three sources, or of one."""
    cells = [
        (SOURCE, "INS-02", 40, 12, {"所属计划项": 20, "审批文号": 8}),
        (SOURCE, "MTG-06", 60, 57, {"召开方式": 3}),
        (SOURCE, "SEC-05", 9, 9, {}),
        ("/imports/qinghe", "RPT-01", 31, 20, {"要求报送时间": 6, "工作日历": 5}),
        ("/imports/qinghe", "INS-02", 10, 9, {"所属计划项": 1}),
    ]
    seen = {SOURCE: 2210, "/imports/qinghe": 312, "/12345/qinghe": 5}
    return {
        "items": [
            {
                "source": source,
                "rule": rule,
                "title": RULES[rule][0],
                "judged": judged,
                "decided": decided,
                "share": decided / judged,
                "missing": [{"field": name, "n": n} for name, n in missing.items()],
            }
            for source, rule, judged, decided, missing in cells
            if only in (None, source)
        ],
        "sources": [
            {"source": source, "acts": acts, "judged": min(acts, 200)}
            for source, acts in seen.items()
            if only in (None, source)
        ],
        "looked": 2527,
        "whole": True,
        "current": CURRENT,
    }


def forecasts(year: int) -> list[Json]:
    """Return a plan's forecast, one of last year's number that is exceeded, and one that will not be."""
    common = {"year": year, "jurisdiction": COUNTY, "exceeds_on": None, "exceeded_on": None, "method": "按平均速度推算"}
    older = {**common, "rule": "N-01", "title": "发文数量只减不增", "kind": "发文"}
    return [
        {**older, "unit_id": "qh.yjj", "count": 44, "cap": 40, "exceeded_on": "2026-11-02"},
        {
            **common,
            "rule": "DOC-03",
            "title": "发文限额",
            "unit_id": "qh.nyj",
            "kind": "发文",
            "count": 19,
            "cap": 30,
            "exceeds_on": "2026-12-14",
        },
        {**older, "unit_id": "qh.mzj", "count": 9, "cap": 22},
        {**older, "unit_id": "qh.fgj", "count": 3, "cap": None},
    ]
