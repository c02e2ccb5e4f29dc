"""Who issued a real document: unit id, level and place from the issuer's name and the national division codes. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from contracts.documents import IssuerRank
from contracts.jurisdiction import NATION, Level, level_of, path_of
from contracts.reference import UnitKind

STATE_COUNCIL: Final = "00.state-council"
_SHANGHAI: Final = "31"
_MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
"""直辖市: the four digits between city and district are placeholders of the code."""
_CENTRAL: Final = {"国务院": STATE_COUNCIL, "国务院办公厅": "00.state-council-office"}
_DEPARTMENTS: Final = {"上海市住房和城乡建设管理委员会": "31.housing", "上海市公安局": "31.police"}
_AREA: Final = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:自治区|新区|街道|[省市区县镇乡])(?!市)")
_CALLED: Final = {"古美路街道": "古美街道"}
"""Places that call themselves otherwise than the division code does."""
_PARTY_OFFICE: Final = re.compile(r"^中共(?P<place>.+?)委办公[厅室]、(?P<gov>.+)$")
_OFFICE: Final = re.compile(r"^(?P<place>.+?)(?:人民)?政府办公[厅室]$")
_STREET: Final = re.compile(r"^(?P<place>.+?街道)办事处$")
_GOVERNMENT: Final = re.compile(r"^(?P<place>.+?)人民政府$")


class Places:
    """The divisions by code, found by the names in an issuer's name."""

    def __init__(self, divisions: Iterable[tuple[str, str]]) -> None:
        """Keep (code, name) of every division."""
        self.names = dict(divisions)
        self._codes: dict[str, list[str]] = {}
        for code, name in self.names.items():
            self._codes.setdefault(name, []).append(code)

    def find(self, text: str) -> str | None:
        """Return the one code whose own and superiors' names make up ``text``; ``None`` when none or several do."""
        bare = text.replace("人民政府", "")
        parts = _AREA.findall(bare)
        if not parts or "".join(parts) != bare:
            return None
        parts = [_CALLED.get(part, part) for part in parts]
        found = [code for code in self._codes.get(parts[-1], ()) if self._has(code, parts[:-1])]
        return found[0] if len(found) == 1 else None

    def _has(self, code: str, parts: list[str]) -> bool:
        above = {self.names[one] for one in path_of(code)[:-1] if one in self.names}
        return all(part in above for part in parts)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An office that issued a document."""

    unit: str
    name: str
    kind: UnitKind
    place: str
    rank: IssuerRank | None
    with_units: tuple[str, ...] = ()
    """Units that issued it together with this one."""

    @property
    def level(self) -> Level:
        """The administrative level of its place."""
        return level_of(self.place)

    @property
    def superior(self) -> str | None:
        """Its own government for an office or department, the next higher government for a government."""
        if self.unit == STATE_COUNCIL:
            return None
        if not self.unit.endswith(".gov"):
            return STATE_COUNCIL if self.place == NATION else f"{self.place}.gov"
        higher = path_of(self.place)[-2]
        if higher[:2] in _MUNICIPALITIES:
            higher = higher[:2] if len(higher) == 4 else higher  # noqa: PLR2004 - 市辖区 and 县 are no governments
        return STATE_COUNCIL if higher == NATION else f"{higher}.gov"

    def above(self, places: Places) -> Iterator["Issuer"]:
        """Yield its superiors, nearest first."""
        here: Issuer = self
        while here.superior is not None:
            here = _government(here.superior, places)
            yield here


def read_issuer(name: str, places: Places) -> Issuer | None:
    """Return the issuer of that name; ``None`` when its place cannot be told for sure."""
    if name in _CENTRAL:
        unit = _CENTRAL[name]
        central_office = unit != STATE_COUNCIL
        rank: IssuerRank = "办公厅室" if central_office else "党委政府"
        return Issuer(unit, name, "办公室" if central_office else "政府", NATION, rank)
    if name == "中共中央办公厅、国务院办公厅":
        return Issuer("00.party-office", "中共中央办公厅", "办公室", NATION, "办公厅室", ("00.state-council-office",))
    if name in _DEPARTMENTS:
        return Issuer(_DEPARTMENTS[name], name, "部门", _SHANGHAI, "部门")
    return _local(name, places)


def _local(name: str, places: Places) -> Issuer | None:
    if (found := _PARTY_OFFICE.match(name)) and (place := places.find(found["place"])):
        return Issuer(
            f"{place}.party-office",
            name.split("、", maxsplit=1)[0],
            "办公室",
            place,
            "办公厅室",
            (f"{place}.gov-office",),
        )
    if (found := _OFFICE.match(name)) and (place := places.find(found["place"])):
        return Issuer(f"{place}.gov-office", name, "办公室", place, "办公厅室")
    if (found := _STREET.match(name)) and (place := places.find(found["place"])):
        return Issuer(f"{place}.gov", name, "乡镇街道", place, None)
    if (found := _GOVERNMENT.match(name)) and (place := places.find(found["place"])):
        return Issuer(f"{place}.gov", name, "乡镇街道" if len(place) == 9 else "政府", place, "党委政府")  # noqa: PLR2004 - 乡 level
    return None


def _government(unit: str, places: Places) -> Issuer:
    if unit == STATE_COUNCIL:
        return Issuer(STATE_COUNCIL, "国务院", "政府", NATION, "党委政府")
    place = unit.removesuffix(".gov")
    return Issuer(unit, f"{places.names[place]}人民政府", "政府", place, "党委政府")
