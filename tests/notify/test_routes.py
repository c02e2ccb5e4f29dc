"""Routing files: the shipped ones hold, and each bad one is refused with the message in its first line."""

import shutil
from pathlib import Path

import pytest

from services.notify import routing
from services.notify.config import Settings
from services.notify.domain.routes import Match, Receiver, Route, Traits, routes_of, told_by
from services.notify.routing import BadConfig, load_channels, load_routes

FILES = Path(__file__).parent / "configs"
SHIPPED = Path(routing.__file__).parent


def test_what_ships_can_be_used() -> None:
    addressees = load_channels(SHIPPED / "channels.toml")
    assert [route.name for route in load_routes(SHIPPED / "routes.toml", addressees)] == ["控制台实时显示"]
    assert list(addressees) == ["console"]


def test_the_settings_name_what_ships() -> None:
    assert Settings.model_fields["routes_file"].default == SHIPPED / "routes.toml"
    assert Settings.model_fields["channels_file"].default == SHIPPED / "channels.toml"


@pytest.mark.parametrize("file", sorted(FILES.glob("*.toml")), ids=lambda file: file.stem)
def test_a_file_is_taken_or_refused_in_chinese(file: Path, tmp_path: Path) -> None:
    kind, _, variant = file.stem.partition("-")
    first = file.read_text("utf-8").splitlines()[0]
    channels = FILES / "channels-good.toml"
    shutil.copy(file, tmp_path / f"{kind}.toml")

    def load() -> object:
        if kind == "channels":
            return load_channels(tmp_path / "channels.toml")
        return load_routes(tmp_path / "routes.toml", load_channels(channels))

    if variant == "good":
        assert load()
        return
    with pytest.raises(BadConfig) as refused:
        load()
    assert str(refused.value) == first.removeprefix("# ")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"^none\.toml：文件无法读取$"):
        load_channels(tmp_path / "none.toml")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes("name = '县'".encode("gbk"))
    with pytest.raises(BadConfig, match=r"^gbk\.toml：文件不是 UTF-8 编码$"):
        load_channels(tmp_path / "gbk.toml")


ALERT = Traits("warning", "DOC-01", "990101001", "raised")


@pytest.mark.parametrize(
    ("match", "takes"),
    [
        (Match(), True),
        (Match(severity=("serious",)), False),
        (Match(severity=("serious", "warning")), True),
        (Match(rule=("DOC-01",)), True),
        (Match(rule=("DOC-0",)), False),
        (Match(rule=("DOC-*",)), True),
        (Match(family=("doc",)), True),
        (Match(family=("mtg",)), False),
        (Match(jurisdiction=("990101",)), True),
        (Match(jurisdiction=("990102", "99")), True),
        (Match(jurisdiction=("990101001001",)), False),
        (Match(jurisdiction=("00",)), True),
        (Match(change=("retracted",)), False),
        (Match(severity=("warning",), change=("retracted",)), False),
    ],
)
def test_a_route_takes_an_alert_when_every_condition_holds(match: Match, takes: bool) -> None:
    assert match.takes(ALERT) is takes


def test_the_first_route_takes_an_alert_unless_it_goes_on() -> None:
    first, second, third = (Route(name, Match(), ("x",), go_on=name == "1") for name in "123")
    assert routes_of(ALERT, [first, second, third]) == [first, second]


def test_a_receiver_hears_by_the_first_route_that_names_it_and_only_of_its_place() -> None:
    routes = [Route("1", Match(), ("county", "other"), go_on=True), Route("2", Match(), ("county", "province"))]
    places = {"county": "990101", "other": "990102", "province": "99"}
    receivers = [Receiver(name, "console", place, None) for name, place in places.items()]
    told = told_by(ALERT, routes, receivers)
    assert {name: route.name for name, route in told.items()} == {"county": "1", "province": "2"}
