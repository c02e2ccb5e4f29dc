"""What a sender says of a ledger file beside the file itself."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form

from contracts.event import Key
from contracts.jurisdiction import Jurisdiction
from kit.errors import Rejected
from services.intake.imports import templates
from services.intake.imports.templates import Template


@dataclass(frozen=True, slots=True)
class ImportForm:
    """Whose ledger it is, of which kind and year."""

    template: Template
    jurisdiction: str
    unit: str
    year: int
    dry_run: bool


async def _form(
    kind: Annotated[str, Form(max_length=40)],
    jurisdiction: Annotated[Jurisdiction, Form()],
    unit: Annotated[Key, Form()],
    year: Annotated[int, Form(ge=2000, le=2100)],
    dry_run: Annotated[bool, Form()] = False,  # noqa: FBT002 - it comes by name
) -> ImportForm:
    known = templates.load()
    if kind not in known:
        listed = "、".join(f"{name}({template.title})" for name, template in known.items())
        raise Rejected(f"台账种类应为以下之一：{listed}", code="invalid", field="kind")
    return ImportForm(known[kind], jurisdiction, unit, year, dry_run)


ImportFormOf = Annotated[ImportForm, Depends(_form)]
"""The form of a request."""
