"""Inspections, loans, reports and certificates that break a rule, or seem to; ``key.toml`` has the answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from contracts.event import ActRef
from contracts.inspections import InspectionLaunched
from deploy.demo.events import moment
from deploy.demo.year.dice import YEAR, on
from deploy.demo.year.facts import Fact, correction, withdrawal
from deploy.demo.year.places import town
from deploy.demo.year.works import CONSENTS, certificate, demand, ended, inspection_item, launch, started, visit

CAMPUS: Final = "校园安全"


def facts() -> Iterator[Fact]:
    """Yield the planted acts with their corrections and withdrawals."""
    yield from _launches()
    yield from _visits()
    yield from _loans()
    yield from _teachers()
    yield from _demands()
    yield from _certificates()


def _item(day: date) -> str:
    return f"{YEAR}-督查-{day:%m%d}"


def _launches() -> Iterator[Fact]:
    """INS-02 and INS-04: outside the plan; approved; corrected before it arrived; a second 综合 in the year."""
    yield launch(
        "dc-unplanned", "990101.agriculture", on(4, 17), topic="春耕生产情况督查", matter="春耕生产", item=None
    )
    yield launch(
        "dc-approved",
        "990101.emergency",
        on(7, 8),
        topic="汛期应急物资专项检查",
        matter="汛期应急物资",
        item=None,
        approval_ref="一事一报〔2025〕2号",
    )
    late = launch(
        "dc-mended-early", "990101.housing", on(4, 1), topic="老旧小区改造核查", matter="老旧小区改造", item=None
    )
    late = replace(late, source="/99/ledger-import", recorded=moment(on(4, 21), 9))
    yield late
    if isinstance(late.event, InspectionLaunched):
        planned = late.event.model_copy(update={"plan_item": inspection_item("990101.housing", "在建工地检查")})
        yield correction(late, planned, id_="gz-dc-item", known=moment(on(4, 10), 9), reason="补登计划项")
    for id_, unit, day in (
        ("dc-general-1", "990101.emergency", on(3, 17)),
        ("dc-general-2", "990101.emergency", on(10, 13)),
        ("dc-general-only", "990101.health", on(11, 3)),
    ):
        topic = "安全生产综合督查" if unit == "990101.emergency" else "卫生健康工作综合考核"
        yield launch(id_, unit, day, topic=topic, matter=topic, item=_item(day), kind="综合")


def _visits() -> Iterator[Fact]:
    """INS-09: two offices at one school; together; after a month; in an emergency."""
    for id_, unit, school, day in (
        ("a1", "990101.emergency", "990101.school-1", on(5, 6)),
        ("a2", "990101.market", "990101.school-1", on(5, 14)),
        ("b1", "990101.emergency", "990101.school-2", on(5, 7)),
        ("c1", "990101.education", "990101.school-3", on(9, 1)),
        ("c2", "990101.health", "990101.school-3", on(10, 9)),
        ("d1", "990101.education", "990101.school-4", on(11, 4)),
    ):
        yield launch(f"dc-campus-{id_}", unit, day, topic="校园安全检查", matter=CAMPUS, item=_item(day))
        yield visit(
            f"dcdf-campus-{id_}",
            unit,
            day,
            school,
            topic="校园安全检查",
            matter=CAMPUS,
            launch=ActRef(id=f"dc-campus-{id_}"),
        )
    together = ActRef(id="dc-campus-b1")
    yield visit(
        "dcdf-campus-b2",
        "990101.health",
        on(5, 9),
        "990101.school-2",
        topic="校园安全检查",
        matter=CAMPUS,
        launch=together,
    )
    yield visit(
        "dcdf-campus-d2",
        "990101.emergency",
        on(11, 6),
        "990101.school-4",
        topic="校园安全检查",
        matter=CAMPUS,
        emergency=True,
    )


def _loans() -> Iterator[Fact]:
    """SEC-01: cadres lent upwards from a township and from a village."""
    for id_, number, person, at, label in (
        ("jd-from-town", 21, "p_town_0001", town(1), "跟班学习"),
        ("jd-from-village", 22, "p_village_0001", "990101005201.village", "以干代训"),
    ):
        loan = f"{YEAR}-借调-{number}"
        kind = "村居干部" if at.endswith(".village") else "公务员"
        to = "990101.agriculture"
        yield started(f"{id_}-ks", loan, person, on(4, 1), at=at, to=to, label=label, person_kind=kind)
        yield ended(f"{id_}-js", loan, person, on(7, 31), to=to)


def _teachers() -> Iterator[Fact]:
    """SEC-05: without all consents; beyond three months by a short return; with a long return; exactly three months."""
    to = "990101.education"
    yield started(
        "jx-no-consent-ks",
        f"{YEAR}-教师-21",
        "p_teacher_0101",
        on(4, 8),
        at="990101.school-2",
        to=to,
        person_kind="教师",
        major_task=True,
        consents=CONSENTS[:1],
        label="抽调",
    )
    yield ended("jx-no-consent-js", f"{YEAR}-教师-21", "p_teacher_0101", on(5, 30), to=to)
    for name, number, person, school, first, last in (
        ("jx-bridged-1", 22, "p_teacher_0102", "990101.school-1", on(3, 3), on(5, 19)),
        ("jx-bridged-2", 23, "p_teacher_0102", "990101.school-1", on(5, 23), on(6, 20)),
        ("jx-split-1", 24, "p_teacher_0103", "990101.school-3", on(3, 3), on(5, 23)),
        ("jx-split-2", 25, "p_teacher_0103", "990101.school-3", on(6, 13), on(8, 29)),
        ("jx-three-months", 26, "p_teacher_0104", "990101.school-4", on(9, 1), on(11, 30)),
    ):
        yield started(
            f"{name}-ks",
            f"{YEAR}-教师-{number}",
            person,
            first,
            at=school,
            to=to,
            person_kind="教师",
            major_task=True,
            consents=CONSENTS,
            label="借用",
        )
        yield ended(f"{name}-js", f"{YEAR}-教师-{number}", person, last, to=to)


def _demands() -> Iterator[Fact]:
    """RPT-01 and RPT-03: around the National Day holidays; 周报 with and without a basis; one entered by mistake."""
    office = "990101.gov-office"
    duty, state = "国庆假期值班和安全检查情况", "工作情况"
    yield demand("bs-one-workday", office, on(9, 30), on(10, 9), subject=duty, kind=state)
    yield demand("bs-two-workdays", "990101.office", on(9, 30), on(10, 10), subject="国庆假期宣传情况", kind=state)
    yield demand(
        "bs-worked-sunday",
        "990101.agriculture",
        on(9, 26),
        on(9, 29),
        subject="秋收进度统计表",
        kind="统计数据",
    )
    yield demand(
        "bs-time-limit",
        "990101.water",
        on(7, 8),
        on(7, 8),
        subject="水库实时蓄水情况",
        kind="统计数据",
        special_time_limit=True,
    )
    yield demand(
        "bs-weekly",
        "990101.ecology",
        on(10, 9),
        None,
        subject="秸秆禁烧情况",
        kind=state,
        period="周",
        channel="微信群",
    )
    yield demand(
        "bs-weekly-demanded",
        "990101.health",
        on(11, 17),
        None,
        subject="流感监测情况",
        kind="统计数据",
        period="周",
        basis_level="上级",
    )
    mistaken = demand(
        "bs-daily-mistaken", "990101.housing", on(8, 4), None, subject="工地停工情况", kind=state, period="日"
    )
    yield mistaken
    yield withdrawal(
        mistaken, id_="ch-bs-daily", known=mistaken.time + timedelta(days=1), reason="误将内部值班记录录入"
    )


def _certificates() -> Iterator[Fact]:
    """CRT-01: what 村居 must not issue; what others issue; what is on no list."""
    village = "990101001201.village"
    civil, people = "990101.civil-affairs", "990101.human-resources"
    yield certificate("zm-alive", civil, on(8, 21), "健在证明", "村居", "高龄津贴申领", village=village)
    yield certificate(
        "zm-marriage", people, on(4, 16), "婚姻状况", "村居", "抚恤待遇申领", village="990101003202.village"
    )
    yield certificate("zm-alive-police", civil, on(8, 22), "健在证明", "公安", "高龄津贴申领")
    yield certificate(
        "zm-unlisted", "990101.agriculture", on(5, 8), "养殖场选址意见", "村居", "养殖备案", village=village
    )
