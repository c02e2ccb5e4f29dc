"""A book judges only with the signatures of two people; one alone, the same twice, or a file changed since are refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from contracts.rules import RuleReleased
from deploy import cli
from kit.signing import load_private_key
from kit.tokens import Keys, new_key_pair
from services.monitor import release
from services.monitor.app import create_app
from services.monitor.book import shipped
from services.monitor.config import Settings
from services.monitor.facts import book_of
from services.monitor.release import Part, ReleaseRefused
from tests.eventually import eventually

RULES, PACKS = shipped()
BOOK = book_of(RULES, PACKS)
PARTS: tuple[Part, ...] = ("author", "approver")


class Two:
    """Two people with their keys in files."""

    def __init__(self, folder: Path) -> None:
        self.private: dict[Part, Path] = {}
        self.public: dict[Part, Path] = {}
        for part in PARTS:
            private, public = new_key_pair()
            self.private[part], self.public[part] = folder / f"{part}.key", folder / f"{part}.pub"
            self.private[part].write_bytes(private)
            self.private[part].chmod(0o600)
            self.public[part].write_bytes(public)

    @property
    def keys(self) -> dict[Part, Keys]:
        return {part: Keys.load(path) for part, path in self.public.items()}

    def key(self, part: Part) -> Ed25519PrivateKey:
        return load_private_key(self.private[part])


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


def signed(two: Two, book: RuleReleased = BOOK) -> RuleReleased:
    first = release.read(release.sign(book, None, "author", two.key("author")))
    return release.read(release.sign(book, first, "approver", two.key("approver")))


def test_two_signatures_let_a_book_judge(two: Two) -> None:
    found = release.check(BOOK, signed(two), two.keys)
    assert [one.role for one in found.signatures] == ["approver", "author"]
    assert found.model_copy(update={"signatures": ()}) == BOOK


def _flipped(one: RuleReleased) -> RuleReleased:
    first, *rest = one.signatures
    text = ("0" if first.signature[0] != "0" else "1") + first.signature[1:]
    return one.model_copy(update={"signatures": (first.model_copy(update={"signature": text}), *rest)})


def _alone(one: RuleReleased) -> RuleReleased:
    return one.model_copy(update={"signatures": one.signatures[1:]})


def _exchanged(one: RuleReleased) -> RuleReleased:
    first, second = one.signatures
    return one.model_copy(
        update={
            "signatures": (
                first.model_copy(update={"signature": second.signature, "key": second.key}),
                second.model_copy(update={"signature": first.signature, "key": first.key}),
            )
        }
    )


@pytest.mark.parametrize(
    ("forge", "why"),
    [(_flipped, "签名与规则不符"), (_alone, "缺少审批人的签名"), (_exchanged, "不在已知的作者公钥之中")],
)
def test_a_forged_release_is_refused(two: Two, forge: Callable[[RuleReleased], RuleReleased], why: str) -> None:
    with pytest.raises(ReleaseRefused, match=why):
        release.check(BOOK, forge(signed(two)), two.keys)


def test_a_signature_of_one_part_is_none_of_the_other(two: Two) -> None:
    both: dict[Part, Keys] = {
        part: Keys({**two.keys["author"].public, **two.keys["approver"].public}) for part in PARTS
    }
    with pytest.raises(ReleaseRefused, match="签名与规则不符"):
        release.check(BOOK, _exchanged(signed(two)), both)


def test_the_same_key_for_both_eyes_is_refused(two: Two) -> None:
    first = release.read(release.sign(BOOK, None, "author", two.key("author")))
    with pytest.raises(ReleaseRefused, match="同一把密钥"):
        release.sign(BOOK, first, "approver", two.key("author"))
    key = two.key("author")
    mine = signed(two).signatures[1]
    forged = mine.model_copy(
        update={"role": "approver", "signature": key.sign(release._message(BOOK.book, "approver")).hex()}
    )
    again = first.model_copy(update={"signatures": (mine, forged)})
    with pytest.raises(ReleaseRefused, match="同一把密钥"):
        release.check(BOOK, again, dict.fromkeys(PARTS, two.keys["author"]))


@pytest.mark.parametrize(
    ("rules", "packs", "why"),
    [
        (
            {**RULES, "MTG-19.toml": RULES["MTG-19.toml"].replace("value = 90", "value = 60")},
            PACKS,
            "规则 MTG-19 的内容变了",
        ),
        ({name: text for name, text in RULES.items() if name != "N-01.toml"}, PACKS, "规则 N-01 被删除"),
        (RULES, {**PACKS, "zz-new.toml": 'id = "zz-new"\ntitle = "新"\nbasis = "新"'}, "规则包 zz-new 是新增的"),
    ],
    ids=["changed", "deleted", "added"],
)
def test_what_changed_after_signing_is_named(two: Two, rules: dict[str, str], packs: dict[str, str], why: str) -> None:
    present = book_of(rules, packs)
    with pytest.raises(ReleaseRefused, match=why):
        release.check(present, signed(two), two.keys)
    with pytest.raises(ReleaseRefused, match="请先由作者签署"):
        release.sign(present, signed(two), "approver", two.key("approver"))
    anew = release.read(release.sign(present, signed(two), "author", two.key("author")))
    assert [one.role for one in anew.signatures] == ["author"]


def test_a_seal_written_over_does_not_pass(two: Two) -> None:
    one = signed(two)
    forged = one.model_copy(update={"rules": (one.rules[0].model_copy(update={"version": 99}), *one.rules[1:])})
    with pytest.raises(ReleaseRefused, match="在签署之后被改动"):
        release.check(BOOK, forged, two.keys)


@pytest.mark.parametrize("text", ["", "{}", '{"format": "jianfu-release-1"}', "[1]"])
def test_what_is_no_release_is_told_without_its_content(text: str) -> None:
    with pytest.raises(ReleaseRefused, match="不是有效的规则发布"):
        release.read(text)


def test_the_two_commands_sign_and_a_third_checks(
    two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.monitor.policy.check", lambda *_: [])
    monkeypatch.setenv("JIANFU_RELEASE_FILE", str(tmp_path / "release.json"))
    for part in PARTS:
        monkeypatch.setenv(f"JIANFU_RELEASE_{part.upper()}_KEYS", str(two.public[part]))
    assert cli.main(["policy", "release"]) == 1
    assert cli.main(["policy", "sign", "--as", "approver", "--key", str(two.private["approver"])]) == 2
    assert "请先由作者签署" in capsys.readouterr().err
    for part in PARTS:
        assert cli.main(["policy", "sign", "--as", part, "--key", str(two.private[part])]) == 0
    assert "两人均已签署" in capsys.readouterr().out
    assert cli.main(["policy", "release"]) == 0
    assert cli.main(["policy", "release", "--author-keys", str(two.public["approver"])]) == 1
    assert "不能生效：作者签名所用的密钥" in capsys.readouterr().out
    two.private["author"].chmod(0o644)
    assert cli.main(["policy", "sign", "--as", "author", "--key", str(two.private["author"])]) == 2


def test_nothing_is_signed_that_the_lock_does_not_hold(
    two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.monitor.policy.check", lambda *_: ["MTG-19 尚未锁定"])
    line = ["policy", "sign", "--as", "author", "--key", str(two.private["author"])]
    assert cli.main([*line, "--release", str(tmp_path / "r.json")]) == 2
    assert "MTG-19 尚未锁定" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()


def settings(two: Two, path: Path, **servers: Any) -> Settings:
    return Settings(
        **servers,
        JIANFU_PUBLIC_KEY_FILE=two.public["author"],
        JIANFU_RELEASE_FILE=path,
        JIANFU_RELEASE_AUTHOR_KEYS=two.public["author"],
        JIANFU_RELEASE_APPROVER_KEYS=two.public["approver"],
    )


def test_a_release_without_keys_is_no_setting(two: Two, tmp_path: Path) -> None:
    common: dict[str, Any] = {
        "NATS_URL": "nats://x",
        "DATABASE_URL": "postgresql://x",
        "JIANFU_PUBLIC_KEY_FILE": two.public["author"],
    }
    with pytest.raises(ValidationError, match="go together"):
        Settings(**common, JIANFU_RELEASE_FILE=tmp_path / "release.json")


async def test_a_monitor_that_demands_signatures_starts_only_with_them_and_states_them(
    dsn: str, nats_url: str, two: Two, tmp_path: Path
) -> None:
    from tests.monitor.test_statements import said

    path = tmp_path / "release.json"
    app = create_app(settings(two, path, NATS_URL=nats_url, DATABASE_URL=dsn))
    with pytest.raises(ReleaseRefused, match="读不到规则发布文件"):
        async with app.router.lifespan_context(app):
            pass
    first = release.sign(BOOK, None, "author", two.key("author"))
    path.write_text(release.sign(BOOK, release.read(first), "approver", two.key("approver")), "utf-8")
    app = create_app(settings(two, path, NATS_URL=nats_url, DATABASE_URL=dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://monitor") as client,
    ):
        [stated] = await eventually(lambda: said(nats_url, RuleReleased))
        shown = (await client.get("/v1/rules")).json()["release"]
        assert shown["signatures"] == [{"role": one.role, "key": one.key} for one in stated.event.signatures]
        assert shown["book"] == BOOK.book
    assert [one.role for one in stated.event.signatures] == ["approver", "author"]
    content = json.loads(path.read_text("utf-8"))
    content["book"]["packs"][0]["fingerprint"] = "0" * 64
    path.write_text(json.dumps(content), "utf-8")
    app = create_app(settings(two, path, NATS_URL=nats_url, DATABASE_URL=dsn))
    with pytest.raises(ReleaseRefused, match="规则在签署之后被改动"):
        async with app.router.lifespan_context(app):
            pass
