"""The committed measurements of the suite, read for pages and docs/."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from robust_core import attacks, zoo
from robust_core.evaluation.transfer.measure import Cell, CraftedRow, LearntRow, Stage
from robust_core.evaluation.transfer.plan import FAMILIES, NAME, PARTS, SUBSTITUTE
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError

FILE = RESULTS / f"{NAME}.json"
COMMAND = f"python -m robust_core evaluate --suite {NAME}"


@dataclass(frozen=True)
class Matrix:
    """One attack at one setting: ``rows`` by source, in the zoo's order. All have the same targets.

    ``lacking`` are the sources that were not measured yet, or have other weights now.
    """

    data: str
    attack: str
    eps: float | None
    confidence: float | None
    rows: tuple[CraftedRow, ...]
    lacking: tuple[str, ...]

    @property
    def targets(self) -> list[str]:
        return [cell.target for cell in self.rows[0].targets]

    @property
    def n(self) -> int:
        """Pictures that each source was attacked on."""
        return self.rows[0].n

    @property
    def made(self) -> str:
        """``PGD in Linf, eps 8/255, 20 steps``."""
        kind, parameters = attacks.get(self.attack), self.rows[0].parameters
        where = " in Linf" if kind.norm == "linf" else ""
        steps = f", {parameters['steps']} steps" if "steps" in parameters else ""
        return f"{kind.title}{where}, {self.setting}{steps}"

    @property
    def setting(self) -> str:
        """``eps 8/255`` or ``confidence 40``."""
        return setting(self.eps, self.confidence)

    def cell(self, source: str, target: str) -> Cell:
        """One cell. Raises ``KeyError`` where there is none."""
        for row in self.rows:
            if row.source == source:
                for cell in row.targets:
                    if cell.target == target:
                        return cell
        raise KeyError((source, target))


def setting(eps: float | None, confidence: float | None) -> str:
    """``eps 8/255``, ``eps 0.1`` or ``confidence 40``."""
    if eps is None:
        return f"confidence {confidence:g}"
    of_255 = 255 * eps
    whole = abs(of_255 - round(of_255)) < 1e-9 and of_255 < 32
    return f"eps {round(of_255)}/255" if whole else f"eps {eps:g}"


@dataclass(frozen=True)
class Report:
    """The plan's rows, made with the weights that are bundled now; none of a missing or damaged file."""

    crafted: tuple[CraftedRow, ...] = ()
    learnt: tuple[LearntRow, ...] = ()
    command: str = COMMAND

    def families(self) -> list[str]:
        """The data sets with a matrix."""
        return [data for data in FAMILIES if any(row.data == data for row in self.crafted)]

    def matrices(self, data: str) -> list[Matrix]:
        """The matrices of a family, by attack and setting. Raises ``ValueError`` for an unknown one."""
        if data not in FAMILIES:
            raise ValueError(f"data must be one of {', '.join(FAMILIES)}; got {data!r}")
        models = FAMILIES[data].models
        found: dict[tuple, list[CraftedRow]] = {}
        for row in self.crafted:
            if row.data == data:
                found.setdefault((row.attack, row.eps, row.confidence), []).append(row)
        order = list(FAMILIES[data].pictures)
        keys = sorted(found, key=lambda key: (order.index(key[0]), key[1] or 0, key[2] or 0))
        made = []
        for attack, eps, confidence in keys:
            rows = found[attack, eps, confidence]
            rows = sorted(rows, key=lambda row: models.index(row.source))
            lacking = tuple(name for name in models if name not in {row.source for row in rows})
            made.append(Matrix(data, attack, eps, confidence, tuple(rows), lacking))
        return made


def load(path: Path | None = None) -> Report:
    """What ``path`` holds, by default the committed file; read again only where it has changed."""
    path = path or FILE
    try:
        parts = _read(path, path.stat().st_mtime_ns)
        bundled = {name: entry.get("sha256") for name, entry in zoo.index().items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZooError):
        return Report()

    def kept(row: CraftedRow | LearntRow) -> bool:
        if not all(bundled.get(name) == sha for name, sha in row.weights.items()):
            return False
        if not isinstance(row, CraftedRow):
            return True
        family = FAMILIES[row.data]
        return set(family.models) <= set(row.weights) and row.n == family.pictures[row.attack]

    return Report(
        crafted=tuple(row for part in FAMILIES for row in parts.get(part, ()) if kept(row)),
        learnt=tuple(row for row in parts.get(SUBSTITUTE, ()) if kept(row)),
    )


@lru_cache(maxsize=4)
def _read(path: Path, stamp: int) -> dict[str, tuple[Any, ...]]:
    value = json.loads(path.read_text(encoding="utf-8"))
    return {
        part: tuple(to_row(part, row) for row in table["rows"])
        for part, table in value["parts"].items()
        if part in PARTS
    }


def to_row(part: str, row: dict[str, Any]) -> CraftedRow | LearntRow:
    """A row from the file. Raises ``KeyError`` or ``TypeError`` for a missing or an unknown key."""
    row = {key: value for key, value in row.items() if key != "seconds"}
    if part == SUBSTITUTE:
        stages: list[dict[str, Any]] = [_with_tuples(stage) for stage in row["stages"]]
        parts = {"stages": tuple(Stage(**stage) for stage in stages)}
        return LearntRow(**{**_with_tuples(row), **parts})
    return CraftedRow(**{**row, "targets": tuple(Cell(**cell) for cell in row["targets"])})


def _with_tuples(value: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(part) if isinstance(part, list) else part for key, part in value.items()}
