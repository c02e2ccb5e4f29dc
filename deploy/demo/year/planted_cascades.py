"""Meetings upon meetings: 二次会议, 层层开会 and 层层套开, and those that only seem so; ``key.toml`` has the answers."""

from collections.abc import Iterator
from typing import Final

from deploy.demo.year.dice import on
from deploy.demo.year.facts import Fact
from deploy.demo.year.places import MOVED_TOWN, town
from deploy.demo.year.planned_meeting import ON_SITE, VIDEO, planned

PROVINCE: Final = "99.office"
CITY: Final = "9901.office"


def facts() -> Iterator[Fact]:
    """Yield the planted meetings about which another meeting decides."""
    yield from _second_meetings()
    yield from _again_in_townships()
    yield from _moved_township()
    yield from _cascades()


def _second_meetings() -> Iterator[Fact]:
    """MTG-06: held again in the county after the province's video meeting had reached it."""
    forest = "春季森林草原防火"
    yield planned(
        "hy-province-forest",
        PROVINCE,
        on(4, 8),
        topic="全省春季森林草原防火视频会议",
        matter=forest,
        minutes=75,
        reach_level=3,
        **VIDEO,
    )
    yield planned(
        "hy-second",
        "990101.emergency",
        on(4, 11),
        topic="全县春季森林草原防火工作部署会议",
        matter=forest,
        minutes=90,
        **ON_SITE,
    )
    yield planned(
        "hy-same-session",
        "990101.agriculture",
        on(4, 8),
        at=(10, 30),
        topic="全县贯彻春季森林草原防火视频会议精神安排会",
        matter=forest,
        minutes=25,
        **ON_SITE,
    )
    yield planned(
        "hy-much-later",
        "990101.office",
        on(4, 24),
        topic="全县春季森林草原防火工作推进会议",
        matter=forest,
        minutes=60,
        **ON_SITE,
    )
    grain = "夏粮收购准备"
    yield planned(
        "hy-province-grain",
        PROVINCE,
        on(6, 3),
        topic="全省夏粮收购准备视频会议",
        matter=grain,
        minutes=60,
        reach_level=2,
        **VIDEO,
    )
    yield planned(
        "hy-not-reached", "990101.agriculture", on(6, 6), topic="全县夏粮收购准备会议", matter=grain, **ON_SITE
    )


def _again_in_townships() -> Iterator[Fact]:
    """MTG-07: held again in townships after the county's video meeting had reached them."""
    flood = "防汛备汛"
    yield planned(
        "hy-county-flood",
        "990101.water",
        on(5, 12),
        topic="全县防汛备汛视频会议",
        matter=flood,
        minutes=80,
        reach_level=4,
        **VIDEO,
    )
    yield planned("hy-town-again", town(1), on(5, 15), topic="云岭镇防汛备汛工作会议", matter=flood, **ON_SITE)
    yield planned(
        "hy-town-arranges",
        town(2),
        on(5, 15),
        topic="石桥镇防汛备汛工作会议",
        matter=flood,
        new_arrangement="划定三处低洼易涝点的转移路线，明确物资前置点",
        **ON_SITE,
    )
    yield planned("hy-moved-before", MOVED_TOWN, on(5, 16), topic="白石镇防汛备汛工作会议", matter=flood, **ON_SITE)


def _moved_township() -> Iterator[Fact]:
    """MTG-07 before and after 白石镇 changed its superior on 1 July."""
    straw = "秸秆禁烧"
    yield planned(
        "hy-county-straw",
        "990101.agriculture",
        on(9, 9),
        topic="全县秸秆禁烧视频会议",
        matter=straw,
        minutes=55,
        reach_level=4,
        **VIDEO,
    )
    yield planned("hy-moved-after", MOVED_TOWN, on(9, 12), topic="白石镇秸秆禁烧工作会议", matter=straw, **ON_SITE)
    park = "园区周边环境整治"
    yield planned(
        "hy-park-video",
        "9901A0.gov",
        on(10, 14),
        topic="高新区园区周边环境整治视频会议",
        matter=park,
        minutes=50,
        reach_level=4,
        **VIDEO,
    )
    yield planned("hy-moved-again", MOVED_TOWN, on(10, 17), topic="白石镇园区周边环境整治会议", matter=park, **ON_SITE)


def _cascades() -> Iterator[Fact]:
    """MTG-09: one topic at three levels after a video meeting; at two; and after a meeting on site."""
    season = "秋季学校疾病防控"
    yield planned(
        "hy-cascade-top",
        PROVINCE,
        on(8, 19),
        topic="全省秋季学校疾病防控视频会议",
        matter=season,
        minutes=70,
        actual_attendees=40,
        reach_level=1,
        **VIDEO,
    )
    yield planned(
        "hy-cascade-city",
        CITY,
        on(8, 21),
        topic="全市秋季学校疾病防控视频会议",
        matter=season,
        minutes=65,
        actual_attendees=65,
        reach_level=2,
        **VIDEO,
    )
    yield planned(
        "hy-cascade-county",
        "990101.health",
        on(8, 26),
        topic="全县秋季学校疾病防控会议",
        matter=season,
        actual_attendees=120,
        **ON_SITE,
    )
    water = "节水型社会建设"
    yield planned(
        "hy-two-levels-top",
        CITY,
        on(3, 25),
        topic="全市节水型社会建设视频会议",
        matter=water,
        minutes=50,
        reach_level=2,
        **VIDEO,
    )
    yield planned("hy-two-levels", "990101.water", on(3, 28), topic="全县节水型社会建设会议", matter=water, **ON_SITE)
    homes = "乡村建设现场观摩"
    yield planned(
        "hy-on-site-top", PROVINCE, on(10, 21), topic="全省乡村建设现场观摩会", matter=homes, minutes=200, **ON_SITE
    )
    yield planned(
        "hy-on-site-city", CITY, on(10, 24), topic="全市乡村建设现场观摩会", matter=homes, minutes=180, **ON_SITE
    )
    yield planned(
        "hy-on-site-county",
        "990101.housing",
        on(10, 29),
        topic="全县乡村建设现场观摩会",
        matter=homes,
        minutes=150,
        **ON_SITE,
    )
