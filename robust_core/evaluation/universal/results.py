"""The committed measurements of universal perturbations and patches, read for pages and docs/."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from robust_core.evaluation.universal.suite import NAME, PARTS, bundled
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError

FILE = RESULTS / f"{NAME}.json"
COMMAND = f"python -m robust_core evaluate --suite {NAME}"
Row = dict[str, Any]
"""A row: see ``suite.Question`` for what it is about, ``fooling`` and ``placing`` for its figures."""


def rows(part: str, path: Path | None = None) -> list[Row]:
    """The rows of a part that were made from the files that are bundled now, in the plan's order.

    Nothing where the file is missing or damaged. Raises ``ValueError`` for an unknown part.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}; got {part!r}")
    path = path or FILE
    try:
        found = _read(path, path.stat().st_mtime_ns)[part]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    try:
        here = bundled()
    except ZooError:
        return []
    return [row for row in found if _is_of(row.get("weights", {}), here)]


def _is_of(used: dict[str, str | None], here: dict[str, str | None]) -> bool:
    """Whether a row names what it was made from, and all of it is here."""
    return bool(used) and all(here.get(name) == sha for name, sha in used.items())


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> dict[str, list[Row]]:
    value = json.loads(path.read_text(encoding="utf-8"))
    return {part: list(table["rows"]) for part, table in value["parts"].items()}
