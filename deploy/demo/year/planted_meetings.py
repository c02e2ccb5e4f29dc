"""Meetings that break a rule by themselves, and meetings that only seem to; ``key.toml`` has the answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from contracts.meetings import MeetingConvened
from contracts.plans import PlanFiled, PlanItem
from deploy.demo.events import moment
from deploy.demo.year.dice import on
from deploy.demo.year.facts import Fact, correction
from deploy.demo.year.meetings import attendance, meeting
from deploy.demo.year.planned_meeting import ON_SITE, VIDEO, planned


def facts() -> Iterator[Fact]:
    """Yield the planted meetings with their corrections."""
    yield from _plans()
    yield from _heads()
    yield from _durations()


def _plans() -> Iterator[Fact]:
    """MTG-01: no plan at all; outside the plan; approved; statutory."""
    yield planned(
        "hy-no-plan",
        "990101.human-resources",
        on(3, 14),
        topic="全县技能培训工作会议",
        matter="技能培训动员",
        plan_item=None,
        **ON_SITE,
    )
    yield planned(
        "hy-unplanned",
        "990101.market",
        on(6, 10),
        topic="全县个体工商户座谈会",
        matter="个体工商户座谈",
        plan_item=None,
        **ON_SITE,
    )
    yield planned(
        "hy-urgent",
        "990101.water",
        on(7, 8),
        topic="防汛应急会商会",
        matter="汛情会商",
        plan_item=None,
        approval_ref="青会审〔2025〕临3号",
        approver_role="主要负责同志",
        **ON_SITE,
    )
    yield planned(
        "hy-statutory",
        "990101.gov",
        on(1, 16),
        topic="青禾县第十八届人民代表大会第五次会议",
        matter=None,
        plan_item=None,
        minutes=480,
        mode="现场",
        kind="法定",
    )


def _heads() -> Iterator[Fact]:
    """MTG-13 and MTG-14: who was made to come, who called, who approved."""
    heads = (attendance("主要负责同志", 4),)
    yield planned(
        "hy-town-heads",
        "990101.civil-affairs",
        on(9, 3),
        topic="全县殡葬服务管理工作会议",
        matter="殡葬服务管理",
        required=heads,
        approval_ref="青会审〔2025〕63号",
        approver_role="主要负责同志",
        **ON_SITE,
    )
    yield planned(
        "hy-department-heads",
        "990101.housing",
        on(5, 22),
        topic="全县燃气安全联席会议",
        matter="燃气安全联席",
        required=(attendance("部门主要负责同志", 3),),
        approval_ref="青会审〔2025〕31号",
        approver_role="分管负责同志",
        **ON_SITE,
    )
    yield planned(
        "hy-convened-by-head",
        "990101.party",
        on(2, 5),
        topic="县委农村工作会议",
        matter="县委农村工作",
        required=heads,
        minutes=150,
        mode="现场",
        kind="综合",
        convener_role="主要负责同志",
    )


def _durations() -> Iterator[Fact]:
    """MTG-18 and MTG-19: beyond the limit, exactly at it, corrected, and in 2019."""
    yield planned(
        "hy-half-day",
        "990101.education",
        on(3, 6),
        topic="全县教育系统安全工作会议",
        matter="教育系统安全",
        minutes=250,
        **ON_SITE,
    )
    yield planned(
        "hy-four-hours",
        "990101.health",
        on(3, 13),
        topic="全县基层卫生工作会议",
        matter="基层卫生",
        minutes=240,
        **ON_SITE,
    )
    yield planned(
        "hy-video-95",
        "990101.gov-office",
        on(7, 22),
        topic="全县经济运行调度视频会议",
        matter="经济运行调度",
        minutes=95,
        **VIDEO,
    )
    yield planned(
        "hy-video-90",
        "990101.office",
        on(7, 24),
        topic="全县基层减负工作视频会议",
        matter="基层减负",
        minutes=90,
        **VIDEO,
    )
    wrong = planned(
        "hy-video-mended",
        "990101.market",
        on(11, 11),
        topic="全县药品安全视频会议",
        matter="药品安全",
        minutes=120,
        **VIDEO,
    )
    yield wrong
    yield _mended(wrong, 80)
    yield from _of_2019()


def _of_2019() -> Iterator[Fact]:
    """MTG-19 in an old ledger that is imported in 2025: a plan of 2019 and a video meeting of that year."""
    old, source, item = date(2019, 6, 18), "/99/ledger-import", "hy-2019-poverty"
    plan = PlanFiled(kind="会议", year=2019, items=(PlanItem(item=item, title="脱贫攻坚视频会议"),))
    filed = Fact("jh-2019-meetings", plan, moment(date(2019, 1, 8), 9), "990101.gov", source=source)
    held = meeting(
        "hy-2019-33",
        "990101.gov",
        old,
        minutes=118,
        topic="全县脱贫攻坚视频会议",
        matter="脱贫攻坚",
        plan_item=item,
        **VIDEO,
    )
    yield replace(filed, recorded=moment(on(3, 3), 15))
    yield replace(held, source=source, recorded=moment(on(3, 3), 15, 30))


def _mended(fact: Fact, minutes: int) -> Fact:
    """Return the correction of a meeting's end."""
    if not isinstance(fact.event, MeetingConvened):
        raise TypeError(fact.id)
    ended = fact.event.starts_at + timedelta(minutes=minutes)
    event = fact.event.model_copy(update={"ended_at": ended})
    return correction(
        fact, event, id_="gz-hy-video", known=fact.time + timedelta(days=2), reason="会议系统记录的结束时间有误"
    )
