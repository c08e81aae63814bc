"""The committed measurements of the suite, read for pages and docs/; or a sentence on how to make them."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from robust_core import zoo
from robust_core.evaluation.verification import plan
from robust_core.evaluation.verification.measure import Row
from robust_core.paths import RESULTS
from robust_core.zoo.weights import ZooError

FILE = RESULTS / f"{plan.NAME}.json"
COMMAND = f"python -m robust_core evaluate --suite {plan.NAME}"


@dataclass(frozen=True)
class Report:
    """The rows of each job, made with the bundled weights; ``lacking`` says how to make them.

    Jobs of models that have other weights now, or that the zoo does not have, are left out.
    """

    lacking: str = ""
    rows: dict[plan.Job, list[Row]] = field(default_factory=dict)
    command: str = COMMAND

    def jobs(self, part: str) -> list[plan.Job]:
        """Those of a part that were made."""
        return [job for job in self.rows if job.part == part]


def to_row(value: dict) -> Row:
    """A row from its JSON. Raises ``TypeError`` or ``KeyError`` for anything else."""
    return Row(**value)


def report(path: Path = FILE) -> Report:
    """The committed results."""
    return _report(path, path.stat().st_mtime if path.exists() else 0.0)


@lru_cache(maxsize=2)
def _report(path: Path, changed: float) -> Report:
    missing = f"Not measured yet. To measure: {COMMAND}"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        parts = value["parts"]
        found = {
            job: [to_row(row) for row in parts[job.part][job.key]["rows"]]
            for job in plan.jobs()
            if job.key in parts.get(job.part, {}) and _current(job.model, value["weights"])
        }
    except (OSError, ValueError, KeyError, TypeError):
        return Report(lacking=missing)
    return Report(rows=found) if found else Report(lacking=missing)


def _current(model: str, weights: dict[str, str]) -> bool:
    """Whether the zoo still has the weights that a model was measured with."""
    try:
        return zoo.index()[model]["sha256"] == weights.get(model)
    except (ZooError, KeyError):
        return False
