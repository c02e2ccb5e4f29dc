"""What each kind of ledger means: one pure function from a row to a fact for each template."""

from collections.abc import Callable, Mapping
from typing import Final

from services.intake.imports.drafts import Draft
from services.intake.imports.kinds import documents, meetings
from services.intake.imports.rows import Row

TRANSLATORS: Final[Mapping[str, Callable[[Row], Draft]]] = {
    "documents": documents.translate,
    "meetings": meetings.translate,
}
"""Kind of a template -> how its rows become facts."""
