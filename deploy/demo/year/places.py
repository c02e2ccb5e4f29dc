"""Places and units of the scripted year: a county with its townships, villages and schools, and the organs above."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contracts.jurisdiction import Level, level_of
from contracts.reference import UnitKind

COUNTY: Final = "990101"
CITY: Final = "9901"
PROVINCE: Final = "99"
PARK: Final = "9901A0"
"""高新区, to which one township moves in mid-year."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An office, a township, a village or a school."""

    id: str
    name: str
    kind: UnitKind
    superior: str | None
    code: str = ""
    """机关代字 of its documents."""

    @property
    def place(self) -> str:
        """Its jurisdiction: the first part of its id."""
        return self.id.split(".", maxsplit=1)[0]

    @property
    def level(self) -> Level:
        """The level of its jurisdiction."""
        return level_of(self.place)


_ABOVE: Final = (
    Unit("99.party", "中共演示省委", "党委", None, "演委"),
    Unit("99.gov", "演示省人民政府", "政府", None, "演政"),
    Unit("99.office", "中共演示省委办公厅", "办公室", "99.party", "演办发"),
    Unit("99.emergency", "演示省应急管理厅", "部门", "99.gov", "演应急"),
    Unit("99.agriculture", "演示省农业农村厅", "部门", "99.gov", "演农发"),
    Unit("99.discipline", "演示省纪委监委", "纪检监察", "99.party"),
    Unit("9901.party", "中共演示市委", "党委", "99.party", "示委"),
    Unit("9901.gov", "演示市人民政府", "政府", "99.gov", "示政发"),
    Unit("9901.office", "中共演示市委办公室", "办公室", "9901.party", "示办发"),
    Unit("9901.gov-office", "演示市人民政府办公室", "办公室", "9901.gov", "示政办发"),
    Unit("9901.emergency", "演示市应急管理局", "部门", "9901.gov", "示应急发"),
    Unit("9901.water", "演示市水务局", "部门", "9901.gov", "示水发"),
    Unit("9901.discipline", "演示市纪委监委", "纪检监察", "9901.party"),
    Unit("9901A0.gov", "演示高新技术产业开发区管委会", "政府", "9901.gov", "示高管发"),
)
_COUNTY: Final = (
    Unit("990101.party", "中共青禾县委", "党委", "9901.party", "青发"),
    Unit("990101.gov", "青禾县人民政府", "政府", "9901.gov", "青政发"),
    Unit("990101.office", "中共青禾县委办公室", "办公室", "990101.party", "青办发"),
    Unit("990101.gov-office", "青禾县人民政府办公室", "办公室", "990101.gov", "青政办发"),
    Unit("990101.organization", "中共青禾县委组织部", "部门", "990101.party", "青组发"),
    Unit("990101.discipline", "青禾县纪委监委", "纪检监察", "990101.party"),
    Unit("990101.education", "青禾县教育局", "部门", "990101.gov", "青教发"),
    Unit("990101.emergency", "青禾县应急管理局", "部门", "990101.gov", "青应急发"),
    Unit("990101.agriculture", "青禾县农业农村局", "部门", "990101.gov", "青农发"),
    Unit("990101.health", "青禾县卫生健康局", "部门", "990101.gov", "青卫发"),
    Unit("990101.civil-affairs", "青禾县民政局", "部门", "990101.gov", "青民发"),
    Unit("990101.housing", "青禾县住房和城乡建设局", "部门", "990101.gov", "青住建发"),
    Unit("990101.water", "青禾县水务局", "部门", "990101.gov", "青水发"),
    Unit("990101.market", "青禾县市场监督管理局", "部门", "990101.gov", "青市监发"),
    Unit("990101.culture", "青禾县文化和旅游局", "部门", "990101.gov", "青文旅发"),
    Unit("990101.ecology", "青禾县生态环境局", "部门", "990101.gov", "青环发"),
    Unit("990101.human-resources", "青禾县人力资源和社会保障局", "部门", "990101.gov", "青人社发"),
    Unit("990101.flood-hq", "青禾县防汛抗旱指挥部", "议事协调机构", "990101.gov"),
    Unit("990101.service-hall", "青禾县政务服务中心", "事业单位", "990101.gov"),
    Unit("990101.school-1", "青禾县第一小学", "学校", "990101.education"),
    Unit("990101.school-2", "青禾县第二小学", "学校", "990101.education"),
    Unit("990101.school-3", "青禾县实验中学", "学校", "990101.education"),
    Unit("990101.school-4", "青禾县清溪中学", "学校", "990101.education"),
)
TOWN_NAMES: Final = (
    ("云岭镇", "云政发"),
    ("石桥镇", "石政发"),
    ("清溪镇", "清政发"),
    ("白石镇", "白政发"),
    ("柳河镇", "柳政发"),
    ("东湾镇", "东政发"),
    ("马家镇", "马政发"),
    ("大营乡", "大政发"),
    ("双泉乡", "双政发"),
    ("金坪乡", "金政发"),
    ("黄坡乡", "黄政发"),
    ("河口街道", "河街发"),
)
_VILLAGES: Final = ("上河", "新庄", "南坪")


def _towns() -> Iterator[Unit]:
    for number, (name, code) in enumerate(TOWN_NAMES, 1):
        office = f"{name}办事处" if name.endswith("街道") else f"{name}人民政府"
        yield Unit(f"{COUNTY}{number:03d}.town", f"青禾县{office}", "乡镇街道", "990101.gov", code)


def _villages() -> Iterator[Unit]:
    for number, (name, _) in enumerate(TOWN_NAMES, 1):
        for serial, village in enumerate(_VILLAGES, 201):
            town = f"{COUNTY}{number:03d}"
            kind = "社区居民委员会" if name.endswith("街道") else "村民委员会"
            yield Unit(f"{town}{serial}.village", f"{name}{village}{kind}", "村居", f"{town}.town")


TOWNS: Final = tuple(_towns())
VILLAGES: Final = tuple(_villages())
SCHOOLS: Final = tuple(unit for unit in _COUNTY if unit.kind == "学校")
UNITS: Final = {unit.id: unit for unit in (*_ABOVE, *_COUNTY, *TOWNS, *VILLAGES)}
MOVED_TOWN: Final = "990101004.town"
"""白石镇: below the county until June, below 高新区 from July on."""
OFFICE: Final = "990101.office"


def town(number: int) -> str:
    """Return the id of the n-th township."""
    return TOWNS[number - 1].id


def short_name(unit: str) -> str:
    """Return the name of a township as titles use it."""
    return TOWN_NAMES[int(unit[6:9]) - 1][0]
