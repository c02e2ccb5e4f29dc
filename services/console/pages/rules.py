"""规则: the live rules with their clauses, parameters and cases, the packs that adopt them, and who signed the release."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.console.answers.monitor import Rule, RuleBook
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.session import EVERYBODY, User, signed_in

router = APIRouter()


class Filters(BaseModel):
    """What the rule book can be narrowed to; empty means all."""

    model_config = ConfigDict(frozen=True)

    q: str = Field("", max_length=100)
    grade: str = Field("", pattern="^(serious|warning|info|hint)?$")
    """A severity, or hints, which have none."""
    pack: str = Field("", max_length=40)

    def admits(self, rule: Rule) -> bool:
        """Tell whether a rule is asked for; the keyword may stand in its id, its title or a clause."""
        texts = (rule.rule, rule.title, *(text for one in rule.sources for text in (one.document, one.quote)))
        return (
            any(self.q.strip().casefold() in text.casefold() for text in texts)
            and self.grade in ("", "hint" if rule.mode == "hint" else rule.severity)
            and (not self.pack or any(pack.id == self.pack for pack in rule.packs))
        )


@router.get("/rules")
async def rule_book(
    request: Request, user: Annotated[User, Depends(signed_in(*EVERYBODY))], filters: Annotated[Filters, Query()]
) -> Response:
    """Show every live rule that is asked for."""
    desk = desk_of(request, user)
    book = await attempt(desk.get(Service.MONITOR, "/v1/rules", RuleBook))
    rules = [rule for rule in book.value.items if filters.admits(rule)] if book.value else []
    return await desk.page("rules.html", book=book, rules=rules, filters=filters)


@router.get("/rules/{rule_id}")
async def rule(
    request: Request,
    user: Annotated[User, Depends(signed_in(*EVERYBODY))],
    rule_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_\-.]{1,40}$")],
) -> Response:
    """Show one rule with its cases."""
    desk = desk_of(request, user)
    return await desk.page("rule.html", rule=await desk.get(Service.MONITOR, f"/v1/rules/{rule_id}", Rule))
