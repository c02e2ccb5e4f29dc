"""Reads routes.toml and channels.toml strictly: a slip is refused at start, in Chinese, with the place of it."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.alerts import Severity
from contracts.event import Key
from contracts.jurisdiction import NATION, Jurisdiction
from services.notify.channels.base import ChannelKind, OpenChannel, Options, Surroundings, kinds
from services.notify.domain.routes import Change, Match, Receiver, Route, Send, Traits, routes_of

LONGEST_WINDOW: Final = timedelta(hours=12)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Pattern = Annotated[str, StringConstraints(pattern=r"^[\w.:/\-]{1,127}\*?$")]
Family = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]
ModelT = TypeVar("ModelT", bound=BaseModel)


class BadConfig(Exception):
    """A configuration file cannot be used; the message is Chinese and names file and place."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """One receiver with the channel that reaches it."""

    receiver: Receiver
    kind: ChannelKind[Any]
    options: Options
    desk: str | None
    """The discipline unit on whose behalf it hears of waiting clues."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Match(_Strict):
    severity: tuple[Severity, ...] = ()
    rule: tuple[Pattern, ...] = ()
    family: tuple[Family, ...] = ()
    jurisdiction: tuple[Jurisdiction, ...] = ()
    change: tuple[Change, ...] = ()


class _Route(_Strict):
    name: Text
    match: _Match
    receivers: Annotated[tuple[Key, ...], Field(min_length=1)]
    send: Send = "immediately"
    window: Annotated[timedelta, Field(ge=timedelta(0), le=LONGEST_WINDOW)] = timedelta(0)
    go_on: bool = False


class _Alert(_Strict):
    severity: Severity
    rule: Key
    jurisdiction: Jurisdiction
    change: Change


class _Case(_Strict):
    name: Text
    alert: _Alert
    routes: tuple[Text, ...]


class _Routes(_Strict):
    routes: Annotated[tuple[_Route, ...], Field(min_length=1)]
    cases: tuple[_Case, ...] = ()


class _Receiver(_Strict):
    name: Key
    channel: Key
    jurisdiction: Jurisdiction = NATION
    daily_budget: Annotated[int, Field(ge=1, le=10_000)] | None = None
    desk: Key | None = None
    options: Mapping[str, Any] = Field(default_factory=dict)


class _Channels(_Strict):
    receivers: Annotated[tuple[_Receiver, ...], Field(min_length=1)]


def load_channels(path: Path) -> dict[str, Addressee]:
    """Return the receivers by name; raise ``BadConfig``."""
    file = _read(path, _Channels)
    _unique(path, "接收方", (receiver.name for receiver in file.receivers))
    return {receiver.name: _addressee(path, receiver) for receiver in file.receivers}


def load_routes(path: Path, addressees: Mapping[str, Addressee]) -> tuple[Route, ...]:
    """Return the routes in order, after their cases have held; raise ``BadConfig``."""
    file = _read(path, _Routes)
    _unique(path, "路由", (route.name for route in file.routes))
    _unique(path, "用例", (case.name for case in file.cases))
    for line in file.routes:
        for name in line.receivers:
            if name not in addressees:
                raise BadConfig(f"{path.name}：路由“{line.name}”的接收方“{name}”没有在接收方文件中定义")
            if addressees[name].desk is not None:
                raise BadConfig(f"{path.name}：接收方“{name}”只接收线索提醒，不能用于路由“{line.name}”")
        if line.send == "daily" and line.window:
            raise BadConfig(f"{path.name}：路由“{line.name}”每日汇总发送，不能再设合并时段 window")
    routes = tuple(_route(line) for line in file.routes)
    _prove(path, routes, file.cases)
    return routes


def receivers_of(addressees: Mapping[str, Addressee]) -> dict[str, Receiver]:
    """Return those who can be told of alerts."""
    return {name: one.receiver for name, one in addressees.items() if one.desk is None}


def desks_told(addressees: Mapping[str, Addressee]) -> dict[str, list[Receiver]]:
    """Return whom to tell that a clue waits, by desk."""
    told: dict[str, list[Receiver]] = {}
    for one in addressees.values():
        if one.desk is not None:
            told.setdefault(one.desk, []).append(one.receiver)
    return told


def open_channels(
    path: Path, addressees: Mapping[str, Addressee], surroundings: Surroundings
) -> dict[str, OpenChannel]:
    """Return each receiver's channel; raise ``BadConfig`` when a file that its options name cannot be used."""
    channels: dict[str, OpenChannel] = {}
    for name, one in addressees.items():
        try:
            channels[name] = OpenChannel(one.kind.open(one.options, surroundings), one.kind.at_once)
        except ValueError as error:
            raise BadConfig(f"{path.name}：接收方“{name}”：{error}") from None
    return channels


def _addressee(path: Path, receiver: _Receiver) -> Addressee:
    kind = kinds().get(receiver.channel)
    if kind is None:
        known = "、".join(kinds())
        raise BadConfig(f"{path.name}：接收方“{receiver.name}”的渠道“{receiver.channel}”不存在，可用的有：{known}")
    if receiver.desk is not None and not kind.tells_of_clues:
        raise BadConfig(f"{path.name}：接收方“{receiver.name}”的渠道“{receiver.channel}”不能用于线索提醒")
    try:
        options = kind.options.model_validate(receiver.options)
    except ValidationError as error:
        raise BadConfig(f"{path.name}：接收方“{receiver.name}”的 options：{_first(error)}") from None
    budget = receiver.daily_budget or kind.daily_budget
    seen = Receiver(receiver.name, receiver.channel, receiver.jurisdiction, budget)
    return Addressee(seen, kind, options, receiver.desk)


def _route(line: _Route) -> Route:
    asked = line.match
    match = Match(asked.severity, asked.rule, asked.family, asked.jurisdiction, asked.change)
    return Route(line.name, match, line.receivers, line.send, line.window, line.go_on)


def _prove(path: Path, routes: tuple[Route, ...], cases: tuple[_Case, ...]) -> None:
    """Refuse a case that does not hold and a route that no case takes."""
    proved: set[str] = set()
    for case in cases:
        alert = Traits(case.alert.severity, case.alert.rule, case.alert.jurisdiction, case.alert.change)
        taken = [route.name for route in routes_of(alert, routes)]
        if taken != list(case.routes):
            got = "、".join(taken) or "无"
            raise BadConfig(
                f"{path.name}：用例“{case.name}”不成立，应走：{'、'.join(case.routes) or '无'}，实走：{got}"
            )
        proved.update(taken)
    for route in routes:
        if route.name not in proved:
            raise BadConfig(f"{path.name}：路由“{route.name}”没有任何用例能走到")


def _read(path: Path, shape: type[ModelT]) -> ModelT:
    try:
        return shape.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError:
        raise BadConfig(f"{path.name}：文件无法读取") from None
    except UnicodeDecodeError:
        raise BadConfig(f"{path.name}：文件不是 UTF-8 编码") from None
    except tomllib.TOMLDecodeError as error:
        at = _PLACE.search(str(error))
        where = f"第 {at[1]} 行第 {at[2]} 列" if at else "文件末尾"
        raise BadConfig(f"{path.name}：不是有效的 TOML，见{where}") from None
    except ValidationError as error:
        raise BadConfig(f"{path.name}：{_first(error)}") from None


_PLACE: Final = re.compile(r"at line (\d+), column (\d+)")
_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这一项",
    "literal_error": "不是允许的取值",
    "string_pattern_mismatch": "格式不对",
    "too_short": "不能为空",
    "time_delta_parsing": "应为 PT10M 这样的时长",
    "greater_than_equal": "超出范围",
    "less_than_equal": "超出范围",
}


def _first(error: ValidationError) -> str:
    """Return the first fault as place and Chinese message, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    said = first.get("ctx", {}).get("error") if first["type"] == "value_error" else None
    message = str(said) if said else _MESSAGES.get(first["type"], "取值不符合要求")
    return f"{where}：{message}" if where else message


def _unique(path: Path, what: str, names: Iterable[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise BadConfig(f"{path.name}：{what}“{name}”重复")
