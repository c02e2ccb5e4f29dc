"""Documents that break a rule, and documents that only seem to; ``key.toml`` says what comes of each."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from contracts.documents import DocumentIssued
from contracts.event import ActRef
from deploy.demo.events import moment
from deploy.demo.year.dice import YEAR, Dice, on
from deploy.demo.year.facts import Draft, Fact, copied, correction, sketched, to_towns
from deploy.demo.year.places import OFFICE, town

SKIPPED: Final = {"990101.human-resources": 4}
"""Unit -> a number that was never issued nor voided (DOC-02)."""
VOID: Final = {"990101.education": 6}
"""Unit -> a number that was given and then voided: no gap."""
AMENDED: Final = (OFFICE, f"{YEAR}-发文-年中追加")
"""The unit that amends its plan in July, and the item that the amendment adds."""
TOWNS_1_TO_6: Final = to_towns(*(town(number) for number in range(1, 7)))
TOWNS_7_TO_12: Final = to_towns(*(town(number) for number in range(7, 13)))


def drafts(dice: Dice) -> list[Draft]:
    """Return the planted documents of 2025."""
    return [*_plans(dice), *_lengths(dice), *_repeats(dice), *_contacts(dice)]


def draft(  # noqa: PLR0913 - a document has these parts
    dice: Dice,
    id_: str,
    unit: str,
    day: date,
    heading: str,
    characters: int = 1500,
    *,
    item: str | None = "",
    **fields: Any,
) -> Draft:
    """Return a planted document; its own plan item is made from its day unless ``item`` says otherwise."""
    own = f"{YEAR}-发文-{day:%m%d}" if item == "" else item
    sketch: Sequence[int] = fields.pop("sketch", None) or sketched(dice, characters)
    late_days: int = fields.pop("late_days", 0)
    given = {"addressees": TOWNS_1_TO_6, "char_count": characters, **fields}
    return Draft(unit, day, heading, own, tuple(sketch), given, id=id_, late_days=late_days)


def _plans(dice: Dice) -> list[Draft]:
    """DOC-01: outside the plan; excused by approval; answering; added by the amendment."""
    unit, added = AMENDED
    return [
        draft(dice, "fw-unplanned", "990101.health", on(5, 20), "关于开展“卫生先进单位”评比活动的通知", item=None),
        draft(
            dice,
            "fw-unplanned-approved",
            "990101.gov-office",
            on(7, 9),
            "关于启动防汛Ⅳ级应急响应的通知",
            item=None,
            approval_ref="青政办批〔2025〕17号",
        ),
        draft(
            dice, "fw-reply", "990101.gov", on(6, 4), "关于同意设立河口街道便民服务点的批复", item=None, genre="批复"
        ),
        draft(dice, "fw-amended-item", unit, on(8, 12), "关于做好灾后恢复重建有关工作的通知", item=added),
    ]


def _lengths(dice: Dice) -> list[Draft]:
    """DOC-22: the limits of 5000 and 4000, the exception, and the day from which the text was known."""
    agriculture, emergency = "990101.agriculture", "990101.emergency"
    return [
        draft(dice, "fw-over-5000", agriculture, on(9, 16), "关于印发《青禾县高标准农田建设管护办法》的通知", 5613),
        draft(
            dice,
            "fw-over-4000",
            emergency,
            on(10, 21),
            "关于印发《冬季安全生产专项行动方案》的通知",
            4180,
            doc_class="专项",
        ),
        draft(dice, "fw-exactly-5000", "990101.housing", on(9, 10), "关于印发《青禾县物业管理工作规程》的通知", 5000),
        draft(
            dice,
            "fw-exactly-4000",
            "990101.health",
            on(9, 24),
            "关于印发《秋冬季传染病防控专项方案》的通知",
            4000,
            doc_class="专项",
        ),
        draft(
            dice,
            "fw-general-6000",
            OFFICE,
            on(8, 20),
            "关于进一步加强基层治理工作的意见",
            6000,
            doc_class="综合",
            genre="意见",
        ),
        draft(
            dice,
            "fw-before-publication",
            "990101.gov-office",
            on(7, 15),
            "关于印发《青禾县商贸流通体系建设方案》的通知",
            5300,
        ),
    ]


def _repeats(dice: Dice) -> list[Draft]:
    """DOC-15: the same text again within 90 days, later, to others, or as a correction."""
    text = sketched(dice, 2000)
    again = copied(dice, text, 0.92, 2000)
    unit, heading = "990101.gov-office", "关于做好夏季防溺水工作的通知"
    same: dict[str, Any] = {"addressees": TOWNS_1_TO_6}
    return [
        draft(dice, "fw-first", unit, on(5, 27), heading, 2000, sketch=text, **same),
        draft(dice, "fw-again", unit, on(6, 24), "关于进一步做好夏季防溺水工作的通知", 2000, sketch=again, **same),
        draft(
            dice,
            "fw-to-others",
            unit,
            on(6, 25),
            "关于做好夏季防溺水工作的通知（乡镇组）",
            2000,
            sketch=again,
            addressees=TOWNS_7_TO_12,
        ),
        draft(
            dice,
            "fw-correcting",
            unit,
            on(6, 5),
            "关于更正夏季防溺水工作通知的通知",
            2000,
            sketch=copied(dice, text, 0.88, 2000),
            corrects=ActRef(id="fw-first"),
            **same,
        ),
        draft(dice, "fw-after-90-days", unit, on(9, 29), "关于做好秋季防溺水工作的通知", 2000, sketch=again, **same),
    ]


def _contacts(dice: Dice) -> list[Draft]:
    """DOC-19: no telephone; and one that a correction strips of it."""
    return [
        draft(
            dice,
            "fw-without-phone",
            "990101.market",
            on(5, 13),
            "关于开展电动自行车销售门店登记的通知",
            has_contact_phone=False,
        ),
        draft(dice, "fw-corrected-contact", "990101.civil-affairs", on(6, 17), "关于调整高龄津贴发放流程的通知"),
    ]


def amendments(documents: Sequence[Fact]) -> list[Fact]:
    """Return the corrections of planted documents."""
    fact = next(one for one in documents if one.id == "fw-corrected-contact")
    if not isinstance(fact.event, DocumentIssued):
        raise TypeError(fact.id)
    mended = fact.event.model_copy(update={"has_contact_name": False, "has_contact_phone": False})
    return [correction(fact, mended, id_="gz-fw-contact", known=moment(on(6, 23), 11), reason="核对印发件，附注栏为空")]


def of_2019() -> Fact:
    """Return a document of 2019 from an old ledger: longer than any limit, and no limit was law then."""
    event = DocumentIssued(
        heading="关于印发《青禾县2019年基层减负年工作方案》的通知",
        doc_no="青办发[2019]12号",
        doc_no_raw="青办发[2019]12号",
        dated=date(2019, 4, 3),
        issuer_name="中共青禾县委办公室",
        genre="通知",
        carrier="红头",
        doc_class="其他",
        char_count=7020,
        has_contact_name=True,
        has_contact_phone=True,
    )
    known = moment(on(3, 3), 15)
    return Fact("fw-2019-12", event, moment(date(2019, 4, 3), 10), OFFICE, source="/99/ledger-import", recorded=known)
