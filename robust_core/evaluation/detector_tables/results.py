"""The committed result on the detectors, read part by part; or a sentence on how to make it."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from robust_core import zoo
from robust_core.evaluation.detector_tables.rows import TABLES, DetectorTable
from robust_core.paths import RESULTS
from robust_core.zoo import weights

FILE = RESULTS / "detectors.json"
MODEL = "cifar10-resnet32"
"""The classifier whose detectors the file is about; those of others have a file of their own."""
COMMAND = "python -m robust_core evaluate-detectors"
Table = TypeVar("Table", bound=DetectorTable)


@dataclass(frozen=True)
class MeasuredPart(Generic[Table]):
    """One part of the result, or why there is none: where it is ``lacking``, ``value`` is None.

    ``model``, ``data`` and ``command`` say under which conditions it holds.
    """

    value: Table
    lacking: str
    model: str = ""
    data: str = ""
    command: str = ""

    @property
    def conditions(self) -> str:
        """Pictures, model and command, for a line below a chart."""
        pictures = f"{self.value.n:,} pictures of {self.data}"
        return f"{pictures}, {self.model}. Made by: `{self.command}`"


def file_of(model: str) -> Path:
    """The committed file on the detectors of a classifier."""
    return FILE if model == MODEL else FILE.with_stem(f"{FILE.stem}-{model}")


def models() -> list[str]:
    """The classifiers on whose detectors there is a file."""
    there = sorted(FILE.parent.glob(f"{FILE.stem}-*.json"))
    others = [path.stem.removeprefix(f"{FILE.stem}-") for path in there]
    return [MODEL] * FILE.is_file() + others


def model_of(model: str) -> str:
    """The classifier whose tables stand for ``model``: its own, where there are any, else ``MODEL``."""
    return model if file_of(model).is_file() else MODEL


def parts_of(model: str) -> list[str]:
    """The parts of the file on a classifier, in its order; none where it is missing or damaged."""
    path = file_of(model)
    report = _read(path, path.stat().st_mtime_ns) if path.is_file() else None
    return list(report["parts"]) if report else []


def command_for(name: str, model: str) -> str:
    """The command that makes a part."""
    return f"{COMMAND}{'' if model == MODEL else f' --model {model}'} --part {name}"


def part(name: str, path: Path | None = None, *, model: str = MODEL) -> MeasuredPart[Any]:
    """The part ``name`` of ``path``, by default of the committed file on ``model``: its table in ``rows``.

    It is used only if it was made with the bundled weights, of the classifier and of those detectors
    that are bundled.
    """
    path = path or file_of(model)
    command = command_for(name, model)
    how = f"Measure it with `{command}`."
    if not path.is_file():
        return MeasuredPart(None, f"This has not been measured yet. {how}")
    stamp = path.stat().st_mtime_ns
    damaged = f"The file {path.name} is damaged. Delete it and make it again: `{command}`."
    report = _read(path, stamp)
    if report is None:
        return MeasuredPart(None, damaged)
    written = report["parts"].get(name)
    if not written:
        return MeasuredPart(None, f"This has not been measured yet. {how}")
    if not _fits(report, name):
        return MeasuredPart(
            None, f"This was measured with other weights than the bundled ones. {how}"
        )
    value = _table(path, stamp, name)
    if value is None:
        return MeasuredPart(None, damaged)
    return MeasuredPart(value, "", report["model"], report["data"], written.get("command", command))


def _fits(report: dict, name: str) -> bool:
    try:
        index = zoo.index()
    except weights.ZooError:
        return False
    used = report.get("conditions", {}).get(name, {}).get("detectors", {})
    return report["weights_sha256"] == index.get(report["model"], {}).get("sha256") and all(
        detector in index and index[detector]["sha256"] == sha for detector, sha in used.items()
    )


@lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> dict | None:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        {report[key] for key in ("model", "data", "weights_sha256")}
        return report if isinstance(report["parts"], dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=32)
def _table(path: Path, stamp: int, name: str) -> DetectorTable | None:
    """The table of a part; None where its rows are not what the code makes."""
    report = _read(path, stamp)
    try:
        return None if report is None else TABLES[name].from_json(report["parts"][name])
    except ValueError:
        return None
