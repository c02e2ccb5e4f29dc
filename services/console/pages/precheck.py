"""发前核查: a draft is judged by the rules before it goes out. Nothing of it is stored or logged."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import JsonValue

from contracts.secrecy import is_marked
from kit.auth import Role
from kit.clock import now
from kit.errors import NotFound, Rejected
from services.console.answers.ledger import Act
from services.console.answers.monitor import Sheet
from services.console.backend import Part, Service, attempt
from services.console.desk import Desk, desk_of
from services.console.drafts import BY_KEY, DRAFTS, Draft
from services.console.filled import PREFIX, Entries, Filled, check, fill
from services.console.pages.ledgers import in_order
from services.console.session import OPERATORS, User, posted, signed_in
from services.console.wording import number

router = APIRouter()

ALLOWED: Final = (Role.OFFICE, *OPERATORS)
DraftKey = Annotated[str, Path(pattern=r"^[a-z]{1,20}$")]
_MOST_CHARACTERS: Final = 200_000


@router.get("/precheck", dependencies=[Depends(signed_in(*ALLOWED))])
async def first_form() -> Response:
    """Go to the first form."""
    return RedirectResponse(f"/precheck/{DRAFTS[0].key}", status_code=303)


@router.get("/precheck/{key}")
async def form(request: Request, user: Annotated[User, Depends(signed_in(*ALLOWED))], key: DraftKey) -> Response:
    """Show an empty form."""
    return await _page(desk_of(request, user), _draft(key))


@router.post("/precheck/{key}")
async def judge(request: Request, user: Annotated[User, Depends(posted(*ALLOWED))], key: DraftKey) -> Response:
    """Judge the draft of a filled-in form."""
    desk, draft = desk_of(request, user), _draft(key)
    sent = await request.form()
    entries = {name: [value for value in sent.getlist(name) if isinstance(value, str)] for name in sent}
    refuse_secrets((text for texts in entries.values() for text in texts), _MOST_CHARACTERS)
    units = (await desk.names()).units
    keys = {unit.name: unit.unit_id for unit in units.values()}
    filled = await desk.state.worker.run(fill, draft, entries, keys)  # reading a long body takes up to seconds
    data, errors = await _complete(desk, draft, filled)
    unit = (entries.get("unit_id") or [""])[0].strip()
    unit = keys.get(unit, unit)
    if not unit:
        errors["unit_id"] = "必须填写"
    elif units and unit not in units and unit not in user.units:
        errors["unit_id"] = "没有登记的单位，请从列表中选择"
    if errors:
        return await _page(desk, draft, entries=entries, errors=errors)
    known = units.get(unit)
    body: dict[str, JsonValue] = {
        "type": draft.type_name,
        "jurisdiction": known.jurisdiction if known and known.jurisdiction else user.jurisdiction,
        "unitid": unit,
        "time": (filled.at or now()).isoformat(),
        "data": {**data},
    }
    result = await attempt(desk.post(Service.MONITOR, "/v1/precheck", Sheet, body))
    return await _page(desk, draft, entries=entries, filled=filled, result=result)


def _draft(key: str) -> Draft:
    if key not in BY_KEY:
        raise NotFound("没有这种核查表。")
    return BY_KEY[key]


def refuse_secrets(texts: Iterable[str], most: int) -> None:
    """Raise ``Rejected`` for a 密级标志 or for more characters than ``most``; the text is never shown."""
    for text in texts:
        if is_marked(text):
            raise Rejected("内容带有密级标志。涉密内容不得在本系统中处理，本次提交未被保存。", code="secret")
        if len(text) > most:
            raise Rejected(f"正文过长，超过 {number(most)} 字，请只粘贴正文部分。", code="too_large")


async def _complete(desk: Desk, draft: Draft, filled: Filled) -> tuple[dict[str, JsonValue], dict[str, str]]:
    """Turn act ids into references; return the data and what is wrong with the form."""
    data, errors = dict(filled.data), dict(filled.errors)
    for field, act_id in filled.acts.items():
        try:
            act = await desk.get(Service.LEDGER, f"/v1/acts/{act_id}", Act)
        except Rejected:
            errors[field] = "台账中没有这个编号"
            continue
        event = act.history[0].event if act.history else {}
        data[field] = {"source": event.get("source"), "id": event.get("id")}
    if filled.acts and not errors:
        errors |= check(draft, data)
    return data, errors


async def _page(
    desk: Desk,
    draft: Draft,
    *,
    entries: Entries | None = None,
    errors: Mapping[str, str] | None = None,
    filled: Filled | None = None,
    result: Part[Sheet] | None = None,
) -> Response:
    """Draw the form; the body of a document is never drawn again."""
    shown = {name: texts for name, texts in (entries or {}).items() if name != f"{PREFIX}body"}
    own = sorted(desk.user.units)
    return await desk.page(
        "precheck.html",
        status=422 if errors else 200,
        current=result.value.current if result and result.value else None,
        draft=draft,
        drafts=DRAFTS,
        prefix=PREFIX,
        entries=shown or ({"unit_id": own[:1]} if own else {}),
        errors=errors or {},
        measured=filled.measured if filled else None,
        result=result,
        verdicts=in_order(result.value.verdicts) if result and result.value else [],
    )
