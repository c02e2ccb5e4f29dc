"""预警: the list, the dossier of one alert, and handing it over."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field

from kit.auth import Role
from services.console.answers.dossier import AlertFile
from services.console.answers.monitor import Alert, Rule
from services.console.answers.notify import Clue
from services.console.answers.shape import Page
from services.console.backend import Service, attempt
from services.console.desk import desk_of
from services.console.live import position
from services.console.session import WATCHERS, User, posted, signed_in

router = APIRouter()

_PAGE: Final = 50
AlertKey = Annotated[str, Path(pattern=r"^[a-z2-7]{26}$")]


class Filters(BaseModel):
    """What the list can be narrowed to; texts as a form sends them, where empty means all."""

    model_config = ConfigDict(frozen=True)

    state: str = Field("standing", pattern="^(standing|retracted|all)$")
    severity: str = Field("", pattern="^(serious|warning|info)?$")
    rule: str = Field("", max_length=40)
    jurisdiction: str = Field("", max_length=12)
    unit: str = Field("", max_length=128)
    act: str = Field("", max_length=26)
    after: str = Field("", max_length=400)

    def params(self) -> dict[str, str | int | None]:
        """Return them as the monitor's query."""
        return {name: value or None for name, value in self.model_dump().items()}

    @property
    def live(self) -> bool:
        """Whether new alerts belong on this page: it is the first one and shows what stands."""
        return not self.after and not self.act and not self.unit and self.state != "retracted"


@router.get("/alerts")
async def alerts(
    request: Request, user: Annotated[User, Depends(signed_in(*WATCHERS))], filters: Annotated[Filters, Query()]
) -> Response:
    """Show one page of alerts, the newest first, and keep it current."""
    desk = desk_of(request, user)
    after = await position(desk) if filters.live else ""
    page, rules = await asyncio.gather(
        attempt(desk.get(Service.MONITOR, "/v1/alerts", Page[Alert], **filters.params(), limit=_PAGE)),
        attempt(desk.get(Service.MONITOR, "/v1/rules", Page[Rule])),
    )
    return await desk.page(
        "alerts.html",
        current=page.value.current if page.value else None,
        page=page,
        rules=rules.value.items if rules.value else (),
        filters=filters,
        live_after=after,
    )


@router.get("/alerts/{alert_id}")
async def alert_file(
    request: Request, user: Annotated[User, Depends(signed_in(*WATCHERS))], alert_id: AlertKey
) -> Response:
    """Show all that an alert rests on."""
    desk = desk_of(request, user)
    found, clues = await asyncio.gather(
        desk.get(Service.MONITOR, f"/v1/alerts/{alert_id}", AlertFile),
        attempt(desk.get(Service.NOTIFY, "/v1/clues", Page[Clue], alert=alert_id)),
    )
    handed = [clue for clue in clues.value.items if clue.alert_id == alert_id] if clues.value else []
    return await desk.page(
        "alert.html",
        current=found.current,
        alert=found,
        handed=handed,
        may_hand_over=user.role is Role.OPERATOR and found.state == "standing",
    )


@router.post("/alerts/{alert_id}/hand-over")
async def hand_over(
    request: Request,
    user: Annotated[User, Depends(posted(Role.OPERATOR))],
    alert_id: AlertKey,
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Turn the alert into a clue for the discipline desk."""
    desk = desk_of(request, user)
    clue = await desk.post(Service.NOTIFY, "/v1/clues", Clue, {"alert_id": alert_id, "note": note.strip() or None})
    return RedirectResponse(f"/clues/{clue.clue_id}", status_code=303)
