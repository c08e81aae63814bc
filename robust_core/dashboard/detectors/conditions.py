"""Under which conditions detectors were measured, in words for below their charts."""

from collections.abc import Sequence

from robust_core import attacks, zoo
from robust_core.attacks import Dynamic
from robust_core.dashboard.detectors.charts import adversary_title
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import (
    FullKnowledgeRow,
    OwnAdversaryRow,
    OwnAdversaryTable,
    SharedRow,
)
from robust_core.words.detectors import steps_of, title


def steps(rows: Sequence[OwnAdversaryRow | SharedRow]) -> str:
    """`` BIM: 10 steps of 1/255.``, for attacks of several steps of a chosen size, in their order."""
    told = {
        row.adversary: steps_of(
            row.parameters.get("steps"),
            row.parameters["step_size"],
            attacks.get(row.adversary).norm,
        )
        for row in rows
        if "step_size" in row.parameters
    }
    words = "; ".join(f"{adversary_title(name)}: {each}" for name, each in told.items())
    return f" {words}." if words else ""


def steps_of_dynamic(rows: Sequence[FullKnowledgeRow]) -> str:
    """`` The dynamic adversary takes 10 steps of 1/255.``; empty where it is not among the attacks."""
    told = {
        steps_of(row.steps, row.parameters.get("step_size"))
        for row in rows
        if row.attack == Dynamic.name
    }
    words = " or ".join(sorted(filter(None, told)))
    return f" The dynamic adversary takes {words}." if words else ""


def pictures(model: str) -> str:
    """Whose pictures a classifier was measured on, with their size where it is not that of CIFAR-10."""
    record = zoo.spec(model).record
    height, width = record.size
    return record.title + (f", {height} × {width}" if model != results.MODEL else "")


def trained_on(names: list[str], model: str) -> str:
    """How many pictures each of some detectors was trained on, in their order."""
    own: MeasuredPart[OwnAdversaryTable] = results.part("adversaries", model=model)
    measured = {} if own.lacking else {row.detector: row.n_train for row in own.value.rows}
    try:
        entries = zoo.index()
    except zoo.ZooError:
        return "unknown"
    counts = [entries.get(name, {}).get("n", measured.get(name)) for name in names]
    return ", ".join("unknown" if n is None else f"{n:,}" for n in counts)


def names() -> dict[str, str]:
    """What bundled detectors are called; nothing where the index is damaged."""
    try:
        return {n: title(e) for n, e in zoo.index().items() if n in zoo.detectors()}
    except zoo.ZooError:
        return {}
