"""其他事项台账: the acts of the families that have no ledger of their own, and the steps around those that have one."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Final, NamedTuple

from contracts.catalog import EVENTS
from contracts.event import Event
from contracts.inspections import Target
from services.ledger.columns import Row, Title, columns_of
from services.ledger.domain import Fact, Ledger

_OWN: Final = frozenset({
    "doc.issued", "doc.received", "doc.revoked", "mtg.convened", "ins.launched", "ins.visit", "sec.started",
    "sec.extended", "sec.ended", "cert.demanded", "rpt.demanded", "rpt.submitted", "plan.filed", "plan.amended",
})  # fmt: skip
"""What other ledgers keep, or what is told by what they keep."""
FAMILIES: Final[Mapping[str, str]] = {
    "docstep": "文件办理",
    "mtgstep": "会议办理",
    "mech": "机制会议",
    "insstep": "督查过程",
    "kpi": "考核方案",
    "res": "调研",
    "roster": "离岗旁证",
    "training": "培训",
    "certstep": "证明出具",
    "rptstep": "报表办理",
    "task": "任务",
    "app": "政务应用",
    "grp": "工作群",
    "liab": "责任状",
    "veto": "一票否决",
    "chief": "某长制",
    "duty": "职责",
    "dem": "创建示范",
    "plaque": "挂牌",
    "fest": "节庆论坛展会",
    "sch": "进校园活动",
    "study": "学习要求",
    "proj": "项目环节",
    "rect": "整改",
    "review": "回头看",
    "ticket": "工单",
    "case": "通报",
    "feedback": "基层意见",
    "acct": "问责",
}
_STEPS: Final = frozenset({"doc", "mtg", "ins", "cert", "rpt"})
"""Families whose main acts are counted in ledgers of their own."""
_SUBJECTS: Final = (
    "name", "heading", "topic", "subject_matter", "duty", "item", "programme", "mechanism", "project", "draft",
    "application", "demonstration", "rectification", "ticket", "case", "decision", "group", "app", "task", "doc_no",
)  # fmt: skip
"""Fields that say what an act is about, the best first."""
_NUMBERS: Final = (
    "draft", "application", "demonstration", "rectification", "ticket", "case", "decision", "group", "app", "task",
    "form_id", "project", "series", "doc_no",
)  # fmt: skip
_OBJECTS: Final = ("to_unit", "target", "school", "assignee", "unit", "to", "convener", "reviewer", "demander")
_KINDS: Final = ("kind", "stage", "status", "feed")
_DUE: Final = ("due_at", "due_on", "closes_on", "task_ends", "valid_to")


class Other(NamedTuple):
    """What the ledger shows of one act."""

    act: Annotated[str, Title("行为")]
    subject: Annotated[str | None, Title("名称或事项", searched=True)]
    matter: Annotated[str | None, Title("事由", searched=True)]
    act_kind: Annotated[str | None, Title("类别")]
    number: Annotated[str | None, Title("编号", searched=True)]
    object: Annotated[str | None, Title("对象单位")]
    due: Annotated[str | None, Title("期限")]
    result: Annotated[str | None, Title("结果")]
    basis: Annotated[str | None, Title("依据")]
    list_item: Annotated[str | None, Title("清单条目")]
    plan_item: Annotated[str | None, Title("计划项目")]
    approval_ref: Annotated[str | None, Title("审批文号")]


def _entity(fact: Fact) -> str:
    return fact.fact_id


def _fold(facts: Sequence[Fact]) -> Row | None:
    fact = facts[0]
    event = fact.event
    if not isinstance(event, _EVENTS):
        return None
    cells = Other(
        act=event.title,
        subject=_first(event, *_SUBJECTS),
        matter=_first(event, "matter"),
        act_kind=_first(event, *_KINDS),
        number=_first(event, *_NUMBERS),
        object=_first(event, *_OBJECTS),
        due=_first(event, *_DUE),
        result=_first(event, "result"),
        basis=_first(event, "basis"),
        list_item=_first(event, "list_item"),
        plan_item=_first(event, "plan_item"),
        approval_ref=_first(event, "approval_ref"),
    )
    family = f"{event.family}step" if event.family in _STEPS else event.family
    return Row(fact.jurisdiction, fact.unit, fact.day, family, cells)


def _first(event: Event, *names: str) -> str | None:
    """Return the first of these fields that the act states, as text."""
    for name in names:
        value = getattr(event, name, None)
        if isinstance(value, Target):
            return value.unit
        if isinstance(value, datetime | date):
            return value.isoformat()
        if isinstance(value, str):
            return value
    return None


_EVENTS: Final[tuple[type[Event], ...]] = tuple(
    event for event in EVENTS if event.is_act and event.event_name() not in _OWN
)
LEDGER: Final = Ledger(
    name="others",
    title="其他事项台账",
    rank=8,
    families=FAMILIES,
    events=_EVENTS,
    columns=columns_of(Other),
    entity=_entity,
    fold=_fold,
)
