"""The committed measurements, one file for each model, read for pages and docs/."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from robust_core import zoo
from robust_core.evaluation.deck_002.measure import CarliniRow, Row
from robust_core.evaluation.deck_002.protocol import NAME
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError


@dataclass(frozen=True)
class Measured:
    """What was measured on one model: counts of the ``n`` pictures, all of which it gets right.

    ``pictures`` are their numbers or file names by class index, ``asked`` how many it was asked about.
    """

    model: str
    data: str
    n: int
    asked: int
    pictures: dict[int, list[int | str]]
    rows: tuple[Row, ...]
    targeted: tuple[Row, ...]
    carlini: CarliniRow
    weights: str
    command: str

    def row(self, space: str, eps: float, attack: str, steps: int, step: str = "eps") -> Row:
        """A row of tables 1 and 2. Raises ``KeyError`` where there is none."""
        wanted = (space, eps, attack, steps, step)
        for row in self.rows:
            if (row.space, row.eps, row.attack, row.steps, row.step) == wanted:
                return row
        raise KeyError(wanted)

    def curve(self, space: str, attack: str) -> tuple[Row, ...]:
        """A line of figure 6, in the order of eps."""
        return tuple(row for row in self.targeted if (row.space, row.attack) == (space, attack))


def file_of(model: str) -> Path:
    """Where the measurements of a model are kept."""
    return RESULTS / f"{NAME}-{model}.json"


def models() -> list[str]:
    """The models that were measured, in the order of the zoo."""
    found = {path.stem.removeprefix(f"{NAME}-") for path in RESULTS.glob(f"{NAME}-*.json")}
    return [name for name in zoo.names() if name in found]


def measured(model: str) -> Measured:
    """What was measured on a model.

    Raises ``ValueError`` where there is nothing, where it is damaged, and where a bundled model has other
    weights now; the sentence says how to measure it.
    """
    path = file_of(model)
    remedy = f"Measure it: `{command(model)}`."
    if not path.is_file():
        raise ValueError(f"{model} has not been measured yet. {remedy}")
    try:
        found, sha = _read(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is damaged. {remedy}") from error
    if model in zoo.bundled() and _sha_of(model) != sha:
        raise ValueError(f"{path.name} was made with other weights than the bundled ones. {remedy}")
    return found


def command(model: str, data: str | None = None, weights: str | None = None) -> str:
    """The command that measures a model; ``data`` is what ``Sample.data`` says about its pictures.

    ``weights`` is the name of the file with weights other than its own.
    """
    known = f" --data {data if data and ' ' not in data else 'FOLDER'}"
    own = model not in zoo.IMAGENET and (data is None or " " not in data)
    other = f" --weights {weights}" if weights else ""
    return f"python -m robust_core evaluate --suite {NAME} --model {model}{other}{'' if own else known}"


def _sha_of(model: str) -> str | None:
    try:
        return zoo.index().get(model, {}).get("sha256")
    except ZooError:
        return None


@lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> tuple[Measured, str | None]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found = Measured(
        model=value["model"],
        data=value["data"],
        n=value["n"],
        asked=value["asked"],
        pictures={int(label): list(names) for label, names in value["pictures"].items()},
        rows=tuple(Row(**row) for row in value["rows"]),
        targeted=tuple(Row(**row) for row in value["targeted"]),
        carlini=CarliniRow(**value["carlini"]),
        weights=value["weights"],
        command=value["command"],
    )
    return found, value["weights_sha256"]
