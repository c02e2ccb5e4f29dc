"""Upper documents and what was made of them below (DOC-06, DOC-08, DOC-16); ``key.toml`` has the answers."""

from typing import Any

from contracts.documents import Basis
from contracts.event import ActRef
from deploy.demo.year.dice import Dice, on
from deploy.demo.year.facts import Draft, copied, to_towns
from deploy.demo.year.places import town
from deploy.demo.year.planted_documents import draft


def drafts(dice: Dice) -> list[Draft]:
    """Return the planted documents of two levels."""
    upper = tuple(dice.fingerprint(160))
    city: dict[str, Any] = {"addressees": to_towns("990101.gov")}
    return [
        draft(
            dice, "fw-city-plan", "9901.water", on(1, 3), "关于印发《演示市农村供水保障行动方案》的通知", 2400, **city
        ),
        draft(
            dice,
            "fw-detailed-rules",
            "990101.water",
            on(2, 18),
            "关于印发《青禾县农村供水保障实施细则》的通知",
            2100,
            form="实施细则",
            implements=(Basis(doc_no="示水发〔2025〕1号"),),
            approval_ref="青核〔2025〕1号",
        ),
        draft(
            dice,
            "fw-own-measures",
            "990101.gov-office",
            on(2, 25),
            "关于印发《青禾县农村供水保障任务清单》的通知",
            1800,
            form="任务清单",
            implements=(Basis(doc_no="示水发〔2025〕1号"),),
            approval_ref="青核〔2025〕2号",
        ),
        draft(
            dice,
            "fw-city-demands",
            "9901.emergency",
            on(1, 3),
            "关于印发《演示市工贸企业安全整治方案》的通知",
            2600,
            requires_matching=True,
            **city,
        ),
        draft(
            dice,
            "fw-demanded-rules",
            "990101.emergency",
            on(3, 11),
            "关于印发《青禾县工贸企业安全整治实施细则》的通知",
            2000,
            form="实施细则",
            implements=(Basis(doc_no="示应急发[2025] 001 号"),),
            approval_ref="青核〔2025〕3号",
        ),
        draft(
            dice,
            "fw-city-closes",
            "9901.gov-office",
            on(3, 4),
            "关于规范政务服务事项清单管理的通知",
            2200,
            no_matching=True,
            late_days=41,
            **city,
        ),
        draft(
            dice,
            "fw-matching-anyway",
            "990101.gov-office",
            on(3, 20),
            "关于印发《青禾县政务服务事项清单管理实施方案》的通知",
            1900,
            form="实施方案",
            implements=(Basis(title="关于规范政务服务事项清单管理的通知"),),
            approval_ref="青核〔2025〕4号",
        ),
        draft(
            dice,
            "fw-town-list",
            town(2),
            on(4, 2),
            "关于印发《石桥镇政务服务事项清单》的通知",
            900,
            form="任务清单",
            implements=(Basis(title="关于规范政务服务事项清单管理的通知"),),
            approval_ref="青核〔2025〕5号",
            addressees=to_towns("990101002201.village"),
        ),
        draft(
            dice,
            "fw-province-text",
            "99.agriculture",
            on(1, 3),
            "关于印发《演示省动物疫病防控方案》的通知",
            2800,
            requires_matching=True,
            sketch=upper,
            addressees=to_towns("9901.gov"),
        ),
        draft(
            dice,
            "fw-copied",
            "990101.agriculture",
            on(4, 15),
            "关于印发《青禾县动物疫病防控工作方案》的通知",
            2500,
            form="工作方案",
            sketch=copied(dice, upper, 0.45, 2500),
            implements=(Basis(act=ActRef(id="fw-province-text", source="/99/province-oa")),),
            approval_ref="青核〔2025〕6号",
        ),
        draft(
            dice,
            "fw-own-words",
            town(6),
            on(4, 22),
            "关于印发《东湾镇动物疫病防控工作方案》的通知",
            1500,
            form="工作方案",
            sketch=copied(dice, upper, 0.1, 1500),
            implements=(Basis(doc_no="演农发〔2025〕1号"),),
            approval_ref="青核〔2025〕7号",
            addressees=to_towns("990101006201.village"),
        ),
    ]
