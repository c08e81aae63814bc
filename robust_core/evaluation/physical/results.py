"""The committed measurements of the suite, read for pages and docs/; or a sentence on how to make them."""

import json
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from robust_core import zoo
from robust_core.evaluation.physical.measure import DestructionRow, SignRow, TurnedRow
from robust_core.evaluation.physical.plan import DESTRUCTION, NAME, ROTATION, SIGNS
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError

FILE = RESULTS / f"{NAME}.json"
COMMAND = f"python -m robust_core evaluate --suite {NAME}"
KINDS: dict[str, type] = {DESTRUCTION: DestructionRow, ROTATION: TurnedRow, SIGNS: SignRow}


@dataclass(frozen=True)
class Report:
    """The rows by part, made with the bundled weights; ``lacking`` says how to make them if there are none.

    ``outdated`` are models whose rows were left out, because they have other weights now. Rows of models
    that the zoo does not have are left out, too.
    """

    lacking: str = ""
    destruction: tuple[DestructionRow, ...] = ()
    rotation: tuple[TurnedRow, ...] = ()
    signs: tuple[SignRow, ...] = ()
    outdated: tuple[str, ...] = ()
    command: str = COMMAND

    def destroyed(self, model: str, attack: str, eps: float, transformation: str) -> DestructionRow:
        """One cell of the table. Raises ``KeyError`` where there is none."""
        wanted = (model, attack, eps, transformation)
        for row in self.destruction:
            if (row.model, row.attack, row.eps, row.transformation) == wanted:
                return row
        raise KeyError(wanted)

    def turned(self, model: str, attack: str) -> tuple[TurnedRow, ...]:
        """A curve over the angle, in its order."""
        found = [r for r in self.rotation if (r.model, r.attack) == (model, attack)]
        return tuple(sorted((r for r in found if r.angle is not None), key=lambda r: r.angle or 0))

    def models(self, part: str) -> list[str]:
        """The models of a part, in its order."""
        return list(dict.fromkeys(row.model for row in getattr(self, part)))


@dataclass
class SignRate:
    """Of views with the clean sign right, how many were taken for the target; ``rate`` None for no view."""

    right: int = 0
    fooled: int = 0
    printed: int = 0
    random: int = 0
    rows: list[SignRow] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        return self.fooled / self.right if self.right else None


def sign_rate(rows: tuple[SignRow, ...], poster: str, *, deck: bool) -> SignRate:
    """All views of a poster, from the deck's five places or from the whole grid."""
    found = SignRate()
    for row in rows:
        if row.poster == poster and (row.deck or not deck):
            found.right += row.right
            found.fooled += row.fooled
            found.printed += row.printed
            found.random += row.random
            found.rows.append(row)
    return found


def report(path: Path | None = None) -> Report:
    """What ``path`` holds, by default the committed file; read again only where it has changed."""
    path = path or FILE
    if not path.is_file():
        return Report(f"The physical world has not been measured yet. Measure it with `{COMMAND}`.")
    found = _read(path, path.stat().st_mtime_ns)
    if found is None:
        return Report(f"The file {path.name} is damaged. Delete it and make it again: `{COMMAND}`.")
    parts, weights = found
    bundled = _bundled()
    old = {model for model, sha in weights.items() if bundled.get(model) != sha}
    kept = {
        part: tuple(row for row in rows if row.model not in old) for part, rows in parts.items()
    }
    if not any(kept.values()):
        return Report(f"{path.name} has no rows yet. Make them: `{COMMAND}`.")
    return Report(
        destruction=kept.get(DESTRUCTION, ()),
        rotation=kept.get(ROTATION, ()),
        signs=kept.get(SIGNS, ()),
        outdated=tuple(sorted(old & bundled.keys())),
    )


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> tuple[dict[str, tuple], dict[str, str | None]] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        parts = {
            part: tuple(to_row(part, row) for job in jobs.values() for row in job["rows"])
            for part, jobs in value["parts"].items()
        }
        return parts, dict(value["weights"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def to_row(part: str, row: dict[str, Any]) -> Any:
    """A row from the file; raises ``KeyError`` or ``TypeError`` for an unknown part or a missing key."""
    kind = KINDS[part]
    return kind(**{spec.name: row[spec.name] for spec in fields(kind)})


def _bundled() -> dict[str, str | None]:
    try:
        return {name: entry.get("sha256") for name, entry in zoo.index().items()}
    except ZooError:
        return {}
