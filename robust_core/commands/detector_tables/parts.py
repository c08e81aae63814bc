"""The parts of ``evaluate-detectors``, in their order: name, what makes each, and how it is printed."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from robust_core.commands.detector_tables import text

if TYPE_CHECKING:
    from robust_core.evaluation.detector_tables.bench import DetectorBench
    from robust_core.evaluation.detector_tables.rows import DetectorTable

TABLES = "robust_core.evaluation.detector_tables"


@dataclass(frozen=True)
class DetectorPart:
    """A part of the tables.

    Args:
        name: of the part, and of the function in ``module`` that makes it.
        module: of ``evaluation.detector_tables``, imported when the part is made and not before.
        title: the heading of the table.
        write: makes the text of the table.
    """

    name: str
    module: str
    title: str
    write: Callable[[Any], str]

    @property
    def maker(self) -> "Callable[[DetectorBench], DetectorTable]":
        return getattr(import_module(f"{TABLES}.{self.module}"), self.name)

    def text(self, table: "DetectorTable") -> str:
        """The table below its heading."""
        return f"{self.name}: {self.title} ({table.n} test pictures)\n{self.write(table)}"


PARTS = {
    part.name: part
    for part in (
        DetectorPart("adversaries", "parts", "each detector against its own adversary", text.rows),
        DetectorPart("depth", "parts", "the same by attachment point", text.rows),
        DetectorPart(
            "eps", "parts", "detectability, fit at one eps and tested at another", text.eps
        ),
        DetectorPart(
            "transfer",
            "parts",
            "detectability, fit to one adversary and tested on another",
            text.transfer,
        ),
        DetectorPart(
            "several",
            "parts",
            "detectability, by the detector for one adversary and by the one for all",
            text.several,
        ),
        DetectorPart("sigma", "parts", "detectability of the dynamic adversary", text.sigma),
        DetectorPart(
            "full_knowledge",
            "pairs",
            "shares of right, unflagged pictures that end up fooling",
            text.full_knowledge,
        ),
        DetectorPart(
            "unseen",
            "parts",
            "attacks that a detector was not trained on, slow ones on fewer pictures",
            text.unseen,
        ),
        DetectorPart("roc", "roc", "area under the curve", text.roc),
        DetectorPart(
            "reject",
            "reject",
            "what happens to flagged pictures at the calibrated threshold",
            text.reject,
        ),
    )
}
