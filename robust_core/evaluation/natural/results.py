"""The committed rows of the suite, read for pages and docs/."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from robust_core import zoo
from robust_core.evaluation.natural.measure import Row
from robust_core.evaluation.natural.plan import COMMAND, NAME, PARTS
from robust_core.natural.changes import CHANGES
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError

FILE = RESULTS / f"{NAME}.json"


@dataclass(frozen=True)
class Report:
    """The rows made with the weights that are bundled now; none of a missing or damaged file."""

    rows: tuple[Row, ...] = ()
    command: str = COMMAND

    def models(self, data: str) -> list[str]:
        """Those of a data set that every change was measured for, in the order of the file."""
        names = dict.fromkeys(row.model for row in self.rows if row.data == data)
        return [name for name in names if len(self.of(name)) == len(CHANGES)]

    def of(self, model: str) -> dict[str, Row]:
        """The rows of a model by change, in the order of the changes."""
        mine = {row.change: row for row in self.rows if row.model == model}
        return {name: mine[name] for name in CHANGES.names() if name in mine}


def mean_accuracy(rows: Sequence[Row]) -> float:
    """Mean over changes and strengths, as the corruption benchmarks count."""
    return sum(row.mean for row in rows) / len(rows)


def report(path: Path | None = None) -> Report:
    """What ``path`` holds, by default the committed file; read again only where it has changed."""
    path = path or FILE
    if not path.is_file():
        return Report()
    bundled = _bundled()
    found = _read(path, path.stat().st_mtime_ns)
    return Report(tuple(row for row, weights in found if bundled.get(row.model) == weights))


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> tuple[tuple[Row, str | None], ...]:
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
        return tuple(
            (to_row(part, row), row["weights"])
            for part in PARTS
            for row in parts.get(part, {"rows": []})["rows"]
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return ()


def to_row(part: str, row: dict[str, Any]) -> Row:
    """A row from the file; raises ``KeyError`` or ``TypeError`` for a missing key or another shape."""
    values: dict[str, Any] = {spec.name: row[spec.name] for spec in fields(Row)}
    values |= {name: tuple(values[name]) for name in ("strengths", "right", "same")}
    return Row(**values)


def _bundled() -> dict[str, str | None]:
    try:
        return {name: entry.get("sha256") for name, entry in zoo.index().items()}
    except ZooError:
        return {}
