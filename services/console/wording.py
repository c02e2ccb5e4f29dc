"""The words and number forms that users read. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

from contracts.catalog import EVENTS
from contracts.event import TYPE_PREFIX
from contracts.jurisdiction import is_code, level_of
from kit.clock import BEIJING
from services.console.answers.intake import Gap

SEVERITIES: Final[Mapping[str, str]] = {"serious": "严重", "warning": "预警", "info": "提示"}
OUTCOMES: Final[Mapping[str, str]] = {
    "violated": "违反",
    "undetermined": "无法判定",
    "excused": "有据除外",
    "complied": "符合",
}
"""In the order in which a reader needs them."""
GRADES: Final[Mapping[str, str]] = {**SEVERITIES, "hint": "只作提示"}
"""Of rules."""
SIGNERS: Final[Mapping[str, str]] = {"author": "作者", "approver": "审批人"}
"""Who sign a release of the rule book."""
STATES: Final[Mapping[str, str]] = {"standing": "有效", "retracted": "已撤销", "all": "全部"}
CHANGES: Final[Mapping[str, str]] = {"raised": "新增", "amended": "变更", "retracted": "撤销"}
DIFFERENCES: Final[Mapping[str, str]] = {"raised": "新增", "gone": "消失", "changed": "变化"}
"""How alerts differ between two packs."""
CLUE_STATES: Final[Mapping[str, str]] = {"open": "待签收", "received": "已签收", "refused": "已退回"}
ROLES: Final[Mapping[str, str]] = {
    "office": "发文单位",
    "operator": "监测操作员",
    "discipline": "纪检监察",
    "admin": "系统管理员",
    "adapter": "接入程序",
}
FAMILIES: Final[Mapping[str, str]] = {
    "doc": "发文",
    "mtg": "会议",
    "ins": "督查检查",
    "sec": "借调",
    "cert": "证明索要",
    "rpt": "报表任务",
}
LEDGERS: Final[Mapping[str, str]] = {
    "documents": "发文",
    "meetings": "会议",
    "inspections": "督查检查",
    "secondments": "借调",
    "certificates": "证明",
    "demands": "报表任务",
}
MAIN_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "documents": ("heading", "doc_no", "genre", "form", "carrier", "char_count", "addressees", "plan_item"),
    "meetings": (
        "topic",
        "meeting_class",
        "mode",
        "starts_at",
        "minutes",
        "actual_attendees",
        "reach_level",
        "plan_item",
    ),
    "inspections": ("topic", "step", "inspection_kind", "mode", "targets", "target_unit", "plan_item", "approval_ref"),
    "secondments": ("loan", "person_kind", "state", "from_unit", "to_unit", "planned_end", "ended_on", "days"),
    "certificates": ("item", "issuer_kind", "issuer_unit", "matter", "basis", "shareable"),
    "demands": ("subject_matter", "demand_kind", "period", "addressees", "sent_at", "due_at", "channel", "basis_level"),
    "plans": ("plan_kind", "year", "planned", "cap", "amendments", "approved_by", "approval_ref"),
    "others": ("subject", "act", "act_kind", "object", "result", "due", "plan_item", "approval_ref"),
}
"""The columns of each ledger that fit a screen, the one that names an act first."""
LEDGER_OF_FAMILY: Final[Mapping[str, str]] = dict(zip(FAMILIES, LEDGERS, strict=True))
FORCES: Final[Mapping[str, str]] = {"刚": "刚性", "原": "原则上", "倡": "倡导", "述": "记述"}
CODES: Final[Mapping[str, str]] = {
    "conflict": "同一编号内容不同",
    "secret": "带有密级标志",
    "secrecy": "带有密级标志",
    "invalid": "字段不符合要求",
    "malformed": "无法解析",
    "unknown_type": "未知的事件类型",
    "from_the_future": "版本较新，暂不能识别",
    "forbidden": "来源无权提交",
    "rejected": "内容不符合要求",
}
QUARANTINE_STATES: Final[Mapping[str, str]] = {"waiting": "待处理", "replayed": "已入库"}
BASES: Final[Mapping[str, str]] = {"source": "条款规定", "ours": "本系统设定"}
"""Where the parameter of a rule comes from."""
FIELDS: Final[Mapping[str, str]] = {
    "act": "行为编号",
    "after": "翻页位置",
    "as_of": "截至时点",
    "child": "本件正文",
    "from": "起始日期",
    "grade": "等级",
    "jurisdiction": "辖区",
    "note": "移交说明",
    "number": "回测序号",
    "pack": "规则包",
    "parent": "上位文件正文",
    "q": "关键字",
    "reason": "理由",
    "rule": "规则",
    "rule_id": "规则编号",
    "severity": "等级",
    "source": "来源",
    "state": "状态",
    "to": "截止日期",
    "unit": "单位",
    "withdrawn": "状态",
    "year": "年份",
}
"""What users call the fields of addresses and forms."""
LEVELS: Final = ("国家", "省", "市", "县", "乡", "村")
NOTHING: Final = "—"
MANY_TIMES: Final = 10

_EVENT_TITLES: Final = {event.event_name(): event.title for event in EVENTS}


def event_title(type_name: str) -> str:
    """Return the Chinese name of a CloudEvents type or of ``family.verb``; what is none of ours stays as it is."""
    name = type_name.removeprefix(TYPE_PREFIX).split(".v", 1)[0]
    return _EVENT_TITLES.get(name, type_name)


def day(value: date | datetime | None) -> str:
    """Return ``2026年3月5日``."""
    if value is None:
        return NOTHING
    at = value.astimezone(BEIJING) if isinstance(value, datetime) else value
    return f"{at.year}年{at.month}月{at.day}日"


def short_day(value: date | datetime | None) -> str:
    """Return ``2026-03-05``, for columns."""
    if value is None:
        return NOTHING
    at = value.astimezone(BEIJING) if isinstance(value, datetime) else value
    return f"{at.year:04d}-{at.month:02d}-{at.day:02d}"


def moment(value: datetime | None) -> str:
    """Return ``2026-03-05 14:31`` in official time."""
    if value is None:
        return NOTHING
    return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def clock_time(value: datetime) -> str:
    """Return ``14:31`` in official time."""
    return value.astimezone(BEIJING).strftime("%H:%M")


def number(value: object) -> str:
    """Return a number with thin groups of three, or what else it is as text."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u2009")
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".").replace(",", "\u2009")
    return NOTHING if value is None else str(value)


def percent(part: float, whole: float) -> str:
    """Return ``85%``, or a dash without a whole."""
    return f"{100 * part / whole:.0f}%" if whole else NOTHING


def change(now: int, before: int) -> str:
    """Return how much ``now`` is above or below ``before``: ``↑ 12.5%``, ``↓ 3%``, ``持平``."""
    if now == before:
        return "持平"
    if not before:
        return "上年同期无"
    if now >= MANY_TIMES * before:
        return f"为上年 {round(now / before)} 倍"
    share = f"{100 * abs(now - before) / before:.1f}".rstrip("0").rstrip(".")
    return f"{'↑' if now > before else '↓'} {share}%"


def cell(value: object, kind: str = "text") -> str:
    """Return a ledger value as a reader wants it, by the kind of its column."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, list):
        return "、".join(cell(item) for item in value)
    if isinstance(value, dict):
        return str(value.get("name") or value.get("unit") or value.get("doc_no") or value.get("id") or "…")
    if isinstance(value, str):
        at = _moment_of(value) if kind in ("datetime", "moment", "time") else None
        return moment(at) if at else value
    return number(value)


def _moment_of(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def level(code: str) -> str:
    """Return 省, 市, 县, 乡 or 村 of a jurisdiction code."""
    return LEVELS[level_of(code)] if is_code(code) else ""


def behind(days: int | None) -> str:
    """Return how far a source is behind the one that spoke last."""
    if days is None:
        return "从未报送"
    return f"落后 {days} 天" if days else NOTHING


_GAPS_SHOWN: Final = 6


def gaps(found: Sequence[Gap]) -> str:
    """Return the missing numbers of a source, the first few."""
    shown = [f"{gap.first}" if gap.first == gap.last else f"{gap.first}–{gap.last}" for gap in found[:_GAPS_SHOWN]]
    more = f" 等 {len(found)} 处" if len(found) > _GAPS_SHOWN else ""
    return "、".join(shown) + more if shown else NOTHING


def due(days_left: int | None, *, overdue: bool) -> str:
    """Return how many working days are left for a clue."""
    if overdue:
        return "已超期"
    if days_left is None:
        return ""
    return "今日到期" if days_left == 0 else f"剩 {days_left} 个工作日"


def pretty(value: object) -> str:
    """Return JSON as a person reads it."""
    return json.dumps(value, ensure_ascii=False, indent=2)
