"""What the tables of the detectors say, part by part, in ``assets/results/detectors.json``.

A part of the file is an object whose keys are ``command`` and the fields of its table here, in their
order; rows likewise. ``Figures`` are those of ``detectors.measure.Answers.figures``; they are None where
nothing was successful, and ``eps`` is None where an attack has none.
"""

from dataclasses import asdict, dataclass, field
from typing import Self

from robust_core.detectors.measure import Figures
from robust_core.evaluation.detector_tables.reading import read

Matrix = list[list[Figures]]
"""``[i][j]``: the detector i against the adversary of the detector j."""


@dataclass(frozen=True, kw_only=True)
class DetectorTable:
    """A table over the first ``n`` test pictures."""

    n: int

    def to_json(self) -> dict:
        """As it is in the file."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """From what is in the file. Raises ``ValueError`` where that does not fit the fields."""
        return read(cls, value)


@dataclass(frozen=True, kw_only=True)
class OwnAdversaryRow:
    """A static detector against its own adversary, also after rounding to 8 bits.

    ``at_threshold`` are its figures at the calibrated threshold, all others those at score 0.5.
    """

    detector: str
    point: str
    adversary: str
    eps: float | None
    parameters: dict
    floats: Figures
    eight_bit: Figures
    at_threshold: Figures
    threshold: float
    n_train: int
    epochs: int


@dataclass(frozen=True, kw_only=True)
class OwnAdversaryTable(DetectorTable):
    """Static detectors, each against its own adversary."""

    rows: list[OwnAdversaryRow]


@dataclass(frozen=True, kw_only=True)
class EpsMatrix:
    """Detectors of one adversary at several eps, each against each eps."""

    eps: list[float]
    detectors: list[str]
    matrix: Matrix


@dataclass(frozen=True, kw_only=True)
class EpsTable(DetectorTable):
    """An ``EpsMatrix`` for each adversary, which is in the file beside ``n``."""

    adversaries: dict[str, EpsMatrix]

    def to_json(self) -> dict:
        return {"n": self.n, **{name: asdict(one) for name, one in self.adversaries.items()}}

    @classmethod
    def from_json(cls, value: object) -> Self:
        others = value.items() if isinstance(value, dict) else ()
        matrices = {name: one for name, one in others if isinstance(one, dict)}
        return read(cls, {**dict(others), "adversaries": matrices})


@dataclass(frozen=True, kw_only=True)
class Adversary:
    """An attack by its name, and its eps."""

    adversary: str
    eps: float | None


@dataclass(frozen=True, kw_only=True)
class TransferTable(DetectorTable):
    """The detector of each adversary against each adversary."""

    adversaries: list[Adversary]
    detectors: list[str]
    matrix: Matrix


@dataclass(frozen=True, kw_only=True)
class SharedDetector:
    """How one detector does in a comparison."""

    detector: str
    point: str
    n_train: int
    epochs: int
    floats: Figures
    eight_bit: Figures


@dataclass(frozen=True, kw_only=True)
class SharedRow:
    """An adversary: the detector of its ``own`` beside the one for ``several`` adversaries."""

    adversary: str
    eps: float | None
    parameters: dict
    own: SharedDetector
    several: SharedDetector


@dataclass(frozen=True, kw_only=True)
class SharedTable(DetectorTable):
    """``detector`` is the name of the one for several adversaries."""

    detector: str
    rows: list[SharedRow]


@dataclass(frozen=True, kw_only=True)
class SigmaCurve:
    """A detector by its ``name``, and its figures at each sigma."""

    name: str
    rows: list[Figures]


@dataclass(frozen=True, kw_only=True)
class SigmaTable(DetectorTable):
    """Curves of a ``static`` and a ``dynamic`` detector, against a dynamic adversary of one size."""

    eps: float
    steps: int
    step_size: float | None
    sigmas: list[float]
    detectors: dict[str, SigmaCurve]


@dataclass(frozen=True, kw_only=True)
class UnseenRow:
    """A detector against an attack that it was not fitted to.

    ``floats`` are its figures at score 0.5, which are in the file beside the other keys.
    """

    detector: str
    attack: str
    eps: float | None
    parameters: dict
    floats: Figures
    at_threshold: Figures
    threshold: float


@dataclass(frozen=True, kw_only=True)
class UnseenTable(DetectorTable):
    """Detectors against attacks that they were not fitted to."""

    rows: list[UnseenRow]

    def to_json(self) -> dict:
        return {"n": self.n, "rows": [_beside(asdict(row), "floats") for row in self.rows]}

    @classmethod
    def from_json(cls, value: object) -> Self:
        rows = value.get("rows") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(rows, list):
            return read(cls, value)
        nested = [row | {"floats": row} if isinstance(row, dict) else row for row in rows]
        return read(cls, value | {"rows": nested})


def _beside(row: dict, key: str) -> dict:
    """``row`` with the keys of ``row[key]`` in its place."""
    flat: dict = {}
    for name, value in row.items():
        flat |= value if name == key else {name: value}
    return flat


@dataclass(frozen=True, kw_only=True)
class FullKnowledgeRow:
    """What an attack on a classifier and its detector achieves on the first ``n`` pictures.

    Only the ``of`` pictures that were right and not flagged before it count. Of these
    ``fools_classifier`` is the share that is classified wrong after it, ``fools_both`` the share that is
    also not flagged at the calibrated threshold, and ``fools_both_8bit`` the same after rounding to
    8 bits. ``mean_l2`` is over those that fool both. Shares and means over no pictures are None.
    """

    detector: str
    attack: str
    eps: float | None
    norm: str
    steps: int | None
    parameters: dict
    n: int
    of: int
    fools_classifier: float | None
    fools_both: float | None
    fools_both_8bit: float | None
    mean_l2: float | None


@dataclass(frozen=True, kw_only=True)
class FullKnowledgeTable(DetectorTable):
    """Detectors against attackers aware of them."""

    rows: list[FullKnowledgeRow]


@dataclass(frozen=True, kw_only=True)
class RocRow:
    """The ROC curve of a detector against an adversary, as ``roc.curve`` gives it.

    The lists are empty and ``auc`` is None where no picture was successful.
    """

    detector: str
    adversary: str
    eps: float | None
    false_positives: list[float]
    true_positives: list[float]
    low: list[float]
    high: list[float]
    auc: float | None
    n_genuine: int
    n_adversarial: int


@dataclass(frozen=True, kw_only=True)
class RocTable(DetectorTable):
    """ROC curves."""

    rows: list[RocRow]


@dataclass(frozen=True, kw_only=True)
class RejectRow:
    """Shares by threshold, under a ``static`` and an ``adaptive`` adversary of one size.

    ``second`` are those of each model to which flagged pictures can go (``second.shares``); older files
    have none.
    """

    detector: str
    threshold: float
    attack: str
    eps: float
    steps: int
    step_size: float | None
    thresholds: list[float]
    static: dict[str, list[float]]
    adaptive: dict[str, list[float]]
    second: dict[str, dict[str, list[float]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SecondModel:
    """The hyper-parameters of a defence, and the weights of the model behind it."""

    parameters: dict
    weights: str
    weights_sha256: str | None


@dataclass(frozen=True, kw_only=True)
class RejectTable(DetectorTable):
    """``sigma`` is that of the adaptive adversary; ``second`` says what the second models are."""

    sigma: float
    second: dict[str, SecondModel] = field(default_factory=dict)
    rows: list[RejectRow]


TABLES: dict[str, type[DetectorTable]] = {
    "adversaries": OwnAdversaryTable,
    "depth": OwnAdversaryTable,
    "eps": EpsTable,
    "transfer": TransferTable,
    "several": SharedTable,
    "sigma": SigmaTable,
    "full_knowledge": FullKnowledgeTable,
    "unseen": UnseenTable,
    "roc": RocTable,
    "reject": RejectTable,
}
"""The table of each part of the file."""
