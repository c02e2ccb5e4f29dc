"""What the contracts' own validators say; it reaches users, so it is Chinese and names the expectation."""

from datetime import date
from typing import Final, TypeVar

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from contracts.secrecy import is_marked

CLASSIFIED: Final = "疑似涉密，已拒收；系统未保存其任何内容。请删去密级标志及涉密内容"
DateT = TypeVar("DateT", bound=date)


def broken(expectation: str) -> PydanticCustomError:
    """Return the error of the field that is being validated; ``expectation`` carries nothing of its value."""
    return PydanticCustomError("contract", "{expectation}", {"expectation": expectation})


def not_before(earlier: str, title: str, value: DateT | None, info: ValidationInfo) -> DateT | None:
    """Return ``value`` unless it lies before the field ``earlier`` of the same model, which is declared above it and called ``title``."""
    begin = info.data.get(earlier)
    if value is not None and begin is not None and value < begin:
        raise broken(f"应不早于{title}({earlier})")
    return value


def unmarked(text: str) -> str:
    """Return a text that a person wrote unless it bears a mark of secrecy."""
    if is_marked(text):
        raise PydanticCustomError("secret", "{expectation}", {"expectation": CLASSIFIED})
    return text
