"""The committed results, and the words for their conditions."""

import json
from typing import Any

from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.paths import RESULTS


def result(name: str) -> dict:
    """What ``assets/results/NAME.json`` holds."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def detector_part(name: str, model: str = results.MODEL) -> MeasuredPart[Any]:
    """A part of the tables of the detectors. Raises ``ValueError`` where it is lacking or outdated."""
    part = results.part(name, model=model)
    if part.lacking:
        raise ValueError(part.lacking)
    return part


def weights_and_device(report: dict) -> str:
    """Which weights were measured, and where."""
    return f"weights `{report['weights_sha256'][:12]}`, {report['device']}"


def machine(report: dict) -> str:
    """Processor, threads and versions that the figures depend on."""
    about = report["machine"]
    threads = f"{about['threads']} thread{'s' * (about['threads'] > 1)}"
    versions = [f"{name} {version}" for name, version in report["versions"].items() if version]
    return ", ".join([about["cpu"], threads, *versions])
