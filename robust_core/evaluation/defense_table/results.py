"""The committed table of the defences, read for pages and docs/; or a sentence on how to make it.

``report()`` gives all of it; ``rows`` documents the rows. Rows that were made with other weights than
the bundled ones are left out, and their subjects are named.
"""

import json
from collections.abc import Container
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from pathlib import Path

from robust_core import zoo
from robust_core.evaluation.defense_table.rows import (
    ACCURACY,
    ADAPTIVE,
    AUTO,
    CERTIFIED,
    CLEAN,
    COST,
    CURVES,
    FLAGS,
    KINDS,
    MASKING,
    AccuracyRow,
    CertifiedRow,
    CostRow,
    DefenseTableRow,
    FlagsRow,
    MaskingRow,
)
from robust_core.evaluation.flags import Flag
from robust_core.evaluation.masking import Finding
from robust_core.paths import RESULTS
from robust_core.zoo import weights

FILE = RESULTS / "defenses.json"
COMMAND = "python -m robust_core evaluate --suite defenses --json"


@dataclass(frozen=True)
class Report:
    """The table, as far as it was made with the bundled weights.

    ``lacking`` says why there are no rows and how to make them; it is empty where there are some.
    ``outdated`` are the titles of subjects whose rows were left out. What is missing is None or empty:
    a model that is not trained yet, or a part that was not made.
    """

    parts: dict[str, tuple[DefenseTableRow, ...]]
    lacking: str = ""
    model: str = ""
    data: str = ""
    outdated: tuple[str, ...] = ()
    suite: str = FILE.stem

    @property
    def command(self) -> str:
        """The command that makes all of it."""
        return f"python -m robust_core evaluate --suite {self.suite} --json"

    def rows(self, part: str, subject: str | None = None) -> tuple:
        """Rows of a part, in the order of the file; those of one subject only, where it is given."""
        found = self.parts.get(part, ())
        return tuple(row for row in found if subject in (None, row.subject))

    def subjects(self, part: str) -> dict[str, str]:
        """Titles by subject, for the subjects of a part, in its order."""
        return {row.subject: row.title for row in self.rows(part)}

    def curve(self, subject: str, threat: str, part: str = CURVES) -> tuple[AccuracyRow, ...]:
        """Accuracy against eps, in the order of eps, from the clean one (eps 0) on."""
        rows = [row for row in self.rows(part, subject) if row.threat in (CLEAN, threat)]
        return tuple(sorted(rows, key=lambda row: row.eps))

    def accuracy(
        self, subject: str, threat: str = CLEAN, attack: str | None = None
    ) -> AccuracyRow | None:
        """One cell of the table at its one radius: no attack, or a threat and an attack such as "auto"."""
        rows = self.rows(ACCURACY, subject) + self.rows(AUTO, subject)
        return next((r for r in rows if (r.threat, r.asked) == (threat, attack)), None)

    def strongest(self, subject: str) -> AccuracyRow | None:
        """The aware attack that leaves the least accuracy: PGD, or the ensemble where it was run."""
        rows = (self.accuracy(subject, ADAPTIVE, attack) for attack in ("pgd", "auto"))
        return min(filter(None, rows), key=lambda row: row.accuracy.value, default=None)

    def elsewhere(self, part: str = ACCURACY, subjects: Container[str] | None = None) -> str:
        """Where an unaware attacker attacks the defended network itself, and what it runs there."""
        titles: dict[str, list[str]] = {}
        for row in self.rows(part):
            known = titles.setdefault(row.elsewhere(self.model), [])
            if (subjects is None or row.subject in subjects) and row.title not in known:
                known.append(row.title)
        titles.pop("", None)
        return "; ".join(
            f"{run} on the defended network itself for {' and '.join(names)}"
            for run, names in titles.items()
            if names
        )

    def of_votes(self) -> str:
        """How votes decide an answer; empty where none are counted."""
        votes = {
            row.title: row.parameters["n"] for row in self.rows(ACCURACY) if "n" in row.parameters
        }
        if not votes:
            return ""
        counts = " or ".join(f"{n:,}" for n in dict.fromkeys(votes.values()))
        who = " and ".join(votes)
        return f"{who}: the class with most of {counts} votes, however close; only certificates abstain."

    @property
    def eps(self) -> float | None:
        """The one radius of ``accuracy``, in Linf; None where there is no such row."""
        return next((row.eps for row in self.rows(ACCURACY) if row.eps), None)

    def certified(self, subject: str) -> CertifiedRow | None:
        """Certificates of a subject."""
        return next(iter(self.rows(CERTIFIED, subject)), None)

    def masking(self, subject: str) -> MaskingRow | None:
        """The checklist of a subject."""
        return next(iter(self.rows(MASKING, subject)), None)

    def flags(self, subject: str) -> FlagsRow | None:
        """The run-time flags of a subject."""
        return next(iter(self.rows(FLAGS, subject)), None)

    def cost(self, subject: str) -> CostRow | None:
        """What a prediction of a subject costs."""
        return next(iter(self.rows(COST, subject)), None)


def report(path: Path | None = None) -> Report:
    """What ``path`` holds, by default the committed file; read again only where files have changed."""
    path = path or FILE
    if not path.is_file():
        return Report(
            {}, f"The defences have not been measured yet. Measure them with `{COMMAND}`."
        )
    index = weights.WEIGHTS / "index.json"
    stamp = index.stat().st_mtime_ns if index.is_file() else 0
    return _report(path, path.stat().st_mtime_ns, index, stamp)


@lru_cache(maxsize=8)
def _report(path: Path, stamp: int, index: Path, index_stamp: int) -> Report:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        parts = {
            name: [to_row(name, row) for row in part["rows"]]
            for name, part in value["parts"].items()
        }
        model, data, suite = value["model"], value["data"], value["suite"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        remedy = f"Delete it and make it again: `{COMMAND}`."
        return Report({}, f"The file {path.name} is damaged. {remedy}")
    bundled = _bundled()
    found = {name: tuple(row for row in rows if fits(row, bundled)) for name, rows in parts.items()}
    old = [row.title for rows in parts.values() for row in rows if not fits(row, bundled)]
    lacking = "" if any(found.values()) else f"{path.name} has no rows yet. Make them: `{COMMAND}`."
    return Report(found, lacking, model, data, tuple(dict.fromkeys(old)), suite)


def to_row(part: str, row: dict) -> DefenseTableRow:
    """A row from the file; raises ``KeyError`` or ``TypeError`` for an unknown part or missing key.

    A key with a default may be missing: such rows were made before there was that key.
    """
    kind = KINDS[part]
    values = {
        spec.name: row[spec.name]
        for spec in fields(kind)
        if spec.name in row or spec.default is MISSING
    }
    if kind is MaskingRow:
        values["findings"] = tuple(Finding(**one) for one in values["findings"])
    if kind is FlagsRow:
        values["flags"] = tuple(Flag(**one) for one in values["flags"])
    for name in {"radii", "draws"} & set(values):
        values[name] = tuple(values[name]) if isinstance(values[name], list) else values[name]
    return kind(**values)


def fits(row: DefenseTableRow, bundled: dict[str, str | None]) -> bool:
    """Whether a row was made with the weights whose SHA-256 ``bundled`` has by name."""
    return all(bundled.get(name) == sha for name, sha in row.weights.items())


def _bundled() -> dict[str, str | None]:
    try:
        return {name: entry.get("sha256") for name, entry in zoo.index().items()}
    except weights.ZooError:
        return {}
