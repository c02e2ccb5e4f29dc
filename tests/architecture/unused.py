"""Name code that nothing uses: ``python -m tests.architecture.unused`` exits with 1 if there is any.

Vulture looks at the Python of the product without its tests: what only a test uses is unused. It cannot see fields that
are read as data nor names used in templates; those are left out here, so that no list of them has to be kept.
"""

import ast
import re
import sys
from pathlib import Path

from vulture import Vulture
from vulture.core import Item

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "kit", "services", "deploy")

DECORATORS = [
    *("@*.get", "@*.post", "@*.put", "@*.delete", "@*.subscriber", "@*.exception_handler"),
    *("@*_validator", "@*_serializer", "@computed_field"),
]
"""A framework calls what carries one of these."""

CALLED_BY_OTHERS = {
    "PoolConnectionProxy": "named in a quoted type",
    "capture_signals": "uvicorn calls it",
    "send_400_response": "likewise",
    "freeze_panes": "openpyxl reads it",
    "media_type": "Starlette reads it",
    "_split_lines": "argparse calls it",
    "_fill_text": "likewise",
}
"""Names and who uses them."""


def unused(root: Path) -> list[str]:
    """Give one line for each definition below ``root`` that nothing uses."""
    scan = Vulture(ignore_decorators=DECORATORS, ignore_names=list(CALLED_BY_OTHERS))
    scan.scavenge([str(root / package) for package in PACKAGES])
    shown = set(
        re.findall(r"[A-Za-z_]\w*", "".join(path.read_text("utf-8") for path in root.rglob("templates/**/*.html")))
    )
    return [
        f"{item.filename}:{item.first_lineno}: {item.message}"
        for item in scan.get_unused_code(min_confidence=60)
        if item.name not in shown and not _is_field(item)
    ]


def _is_field(item: Item) -> bool:
    """Tell whether an item stands in the body of a class as data."""
    if item.typ != "variable":
        return False
    tree = ast.parse(Path(item.filename).read_text("utf-8"))
    return any(
        isinstance(line, ast.AnnAssign | ast.Assign) and line.lineno == item.first_lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for line in node.body
    )


def main() -> int:
    """Print what is unused."""
    found = unused(ROOT)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
