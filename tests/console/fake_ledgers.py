"""The ledgers, clues, sources and rules of the fictitious county, as the services would answer about them."""

from datetime import date, timedelta
from typing import Any, Final

from contracts.event import fact_id
from tests.console.fake_data import COUNTY, HOSTILE, NOW, RULES, SOURCE, Json, act, alerts, clause

COLUMNS: Final = [
    {"name": "genre", "title": "文种", "kind": "text"},
    {"name": "heading", "title": "标题", "kind": "text"},
    {"name": "doc_no", "title": "发文字号", "kind": "text"},
    {"name": "carrier", "title": "载体", "kind": "text"},
    {"name": "char_count", "title": "正文字数", "kind": "integer"},
    {"name": "addressees", "title": "主送单位数", "kind": "integer"},
    {"name": "plan_item", "title": "计划项目", "kind": "text"},
]
_HEADINGS: Final = (
    "关于印发《青禾县秋冬季森林防火工作方案》的通知",
    "关于做好四季度重点项目调度工作的通知",
    "关于开展农村危房排查的通知",
    "关于调整县防汛抗旱指挥部组成人员的通知",
    "关于报送秋收秋种进展情况的函",
    "关于印发《青禾县高标准农田建设实施方案》的通知",
    HOSTILE,
)


def rows() -> list[Json]:
    """Return the rows of the document ledger."""
    offices = ("qh.zfb", "qh.fgj", "qh.nyj", "qh.yjj", "qh.jtj")
    return [
        {
            "act_id": act(number),
            "jurisdiction": COUNTY,
            "unit_id": offices[number % len(offices)],
            "happened_on": (date(2026, 11, 18) - timedelta(days=2 * number)).isoformat(),
            "heading": _HEADINGS[number % len(_HEADINGS)],
            "doc_no": f"青政办发〔2026〕{46 - number}号",
            "genre": "通知",
            "carrier": "红头",
            "char_count": 2300 + 417 * (number % 8),
            "addressees": 8,
            "plan_item": None if number % 4 == 3 else f"2026-{number:02d}",
        }
        for number in range(32)
    ]


def counts(year: int) -> list[Json]:
    """Return how many acts of each family there were by month."""
    families = {"doc": 9, "mtg": 7, "ins": 4, "sec": 2, "cert": 3, "rpt": 6}
    last = 11 if year == NOW.year else 12
    return [
        {
            "unit_id": None,
            "family": family,
            "month": f"{year}-{month:02d}",
            "n": max(0, base + (month * 5 + base * 3) % 7 - 3) if month <= last else 0,
            "n_last_year": base + (month * 3 + base) % 5,
        }
        for family, base in families.items()
        for month in range(1, 13)
    ]


def plans() -> list[Json]:
    """Return the plans of the year."""
    lines = [
        ("qh.zfb", "发文", 50, 46),
        ("qh.fgj", "发文", 24, 27),
        ("qh.nyj", "发文", 30, 19),
        ("qh.yjj", "督查检查考核", 2, 1),
        ("qh.zfb", "会议", 40, 29),
        ("qh.jtj", "会议", 18, 9),
    ]
    return [
        {"owner": unit, "kind": kind, "year": NOW.year, "cap": cap, "used": used, "unplanned": 0, "items": []}
        for unit, kind, cap, used in lines
    ]


def clues() -> list[Json]:
    """Return clues in each state."""
    first = {one["rule"]: one for one in alerts()}
    base = {
        "alert_revision": 1,
        "place": COUNTY,
        "desk": "qh.jw",
        "desk_name": "青禾县纪律检查委员会",
        "may": ["receive", "refuse"],
        "handed_over_by": "县委办公室值班席",
        "note": "已与单位核实，会议通知和签到表齐全。",
    }

    def clue(number: int, rule: str, **more: Any) -> Json:
        one = first[rule]
        return {
            **base,
            "clue_id": fact_id("clue", str(number)),
            "alert_id": one["alert_id"],
            "rule": rule,
            "title": one["title"],
            "severity": one["severity"],
            "summary": one["summary"],
            "about": one["unit_id"],
            "handed_over_at": (NOW - timedelta(days=number)).isoformat(),
            **more,
        }

    return [
        clue(1, "MTG-06", state="open", due_on="2026-11-25", days_left=3, overdue=False),
        clue(2, "SEC-05", state="open", due_on="2026-11-18", days_left=0, overdue=True, escalated_to="qh.jw"),
        clue(
            3,
            "INS-02",
            state="received",
            due_on="2026-11-20",
            received_by="纪检值班席",
            received_at="2026-11-18T01:20:00Z",
        ),
        clue(
            4,
            "CRT-01",
            state="refused",
            due_on="2026-11-19",
            refused_at="2026-11-17T07:00:00Z",
            reason="属于清单更新滞后，请先与民政部门核对。",
        ),
    ]


def sources() -> list[Json]:
    """Return the sources, one of them silent."""
    lines = [
        ("/oa/qinghe", 8421, 3),
        ("/oa/qinghe/townships", 2904, 20),
        ("/meeting-rooms/qinghe", 612, 5),
        ("/schools/qinghe", 318, 264),
        ("/import/qinghe-2025", 231, 40),
    ]
    return [
        {
            "source": source,
            "accepted": accepted,
            "duplicate": accepted // 90,
            "rejected": accepted % 5,
            "conflict": accepted % 2,
            "secret": 0,
            "last_time": (NOW - timedelta(hours=hours)).isoformat(),
            "last_recorded": (NOW - timedelta(hours=hours)).isoformat(),
            "silent_hours": float(hours),
            "numbered": _numbered(accepted) if source in {SOURCE, "/schools/qinghe"} else None,
        }
        for source, accepted, hours in lines
    ]


def _numbered(accepted: int) -> Json:
    missing, waiting = 3 * (accepted % 2), accepted // 100
    gaps = [{"spool": "0" * 26, "first": 17, "last": 17}, {"spool": "0" * 26, "first": 208, "last": 209}]
    return {
        "kept": accepted + 40 + missing + waiting,
        "accepted": accepted,
        "duplicate": 31,
        "conflict": 2,
        "rejected": 7,
        "secret": 0,
        "missing": missing,
        "waiting": waiting,
        "gaps": gaps if missing else [],
    }


def quarantine() -> list[Json]:
    """Return what was refused."""
    return [
        {
            "id": "q0001",
            "source": SOURCE,
            "event_id": "2026-0917",
            "received_at": "2026-11-19T03:12:00Z",
            "times": 2,
            "state": "waiting",
            "reason": {"code": "conflict", "field": "id", "detail": "同一来源和编号先前以不同内容提交过"},
        },
        {
            "id": "q0002",
            "source": "/meeting-rooms/qinghe",
            "event_id": "r-118",
            "received_at": "2026-11-18T08:40:00Z",
            "times": 1,
            "state": "replayed",
            "reason": {"code": "invalid", "field": "data.starts_at", "detail": "应为带时区的时间"},
        },
    ]


PACK: Final = {
    "id": "qinghe",
    "title": "青禾县规则包",
    "jurisdiction": "990101",
    "basis": "青禾县委办公室〔2025〕6号",
    "rules": 6,
    "without": {"DOC-05": "只管 2019 年一次性的压减"},
}
RELEASE: Final = {
    "book": "5e" * 32,
    "since": "2026-01-02T01:00:00Z",
    "signatures": [{"role": "approver", "key": "approver-key-001"}, {"role": "author", "key": "author-key-00001"}],
}


def rule(key: str) -> Json:
    """Return a rule as the rule book shows it."""
    title, severity, force, *_ = RULES[key]
    return {
        "rule": key,
        "version": 2,
        "title": title,
        "status": "live",
        "force": force,
        "severity": severity,
        "effective_from": "2024-08-06",
        "known_from": "2024-08-06",
        "reading": "“一般不超过”按所列数为限，恰为该数不计超出。",
        "sources": [clause(key)],
        "parameters": {"limit": {"value": 4000, "basis": "source", "note": "字，含本数"}},
        "exceptions": ["上级明确要求制发的综合性文件"],
        "packs": [{"id": "qinghe", "title": "青禾县规则包", "parameters": {"limit": 3000}, "note": "从严掌握"}],
        "cases": [
            {"name": "专项工作文件 4001 字", "expect": "violated"},
            {"name": "专项工作文件 4000 字", "expect": "complied"},
            {"name": "没有字数", "expect": "undetermined"},
            {"name": "会议不适用", "expect": "none"},
        ],
    }


def history() -> list[Json]:
    """Return the facts of one act: issued, then corrected."""
    return [
        {
            "fact_id": act(2),
            "type": "cn.jianfu.doc.issued.v1",
            "time": "2026-11-17T01:00:00Z",
            "recordedtime": "2026-11-17T01:12:00Z",
            "position": 12010,
            "hash": "9c1f" * 16,
            "event": {"source": SOURCE, "id": "act-2", "data": {"heading": HOSTILE, "char_count": 5931}},
        },
        {
            "fact_id": act(1002),
            "type": "cn.jianfu.act.corrected.v1",
            "time": "2026-11-18T01:00:00Z",
            "recordedtime": "2026-11-18T01:05:00Z",
            "position": 12339,
            "hash": "77d0" * 16,
            "event": {
                "source": SOURCE,
                "id": "fix-2",
                "data": {"reason": "字数误计附件", "replacement": {"char_count": 5231}},
            },
        },
    ]
