"""Words for the tables of a classifier of photographs, which stand beside those of the paper's VGG16.

Metzen et al. (2017), section 4.3: ten classes of ImageNet at 224 x 224.
"""

from collections.abc import Mapping, Sequence
from math import sqrt

from robust_core import data, zoo
from robust_core.dashboard.detectors.charts import WEAK
from robust_core.evaluation.detector_tables.rows import EpsMatrix, OwnAdversaryRow
from robust_core.words.numbers import in_255ths

GOOD = 0.85
"""The paper: detectability is at least this much on ImageNet, but for the weakest L2 adversary."""
PAPER_SIDE = 224
PAPER_L2 = (400, 800, 1200)
AT_CHANCE = (
    "In the paper the detector for L2 400 stays at chance, 0.5, while the one for 1200 finds the same "
    "pictures with 0.78. So the change leaves a trace, which training on changes of one grey level alone "
    "did not find."
)


def is_photographs(model: str) -> bool:
    """Whether the tables of a classifier are on the paper's ten classes of ImageNet."""
    return zoo.spec(model).data == "imagenette"


def about_eps(model: str, tables: Mapping[str, EpsMatrix]) -> str:
    """What the paper's eps are, what became of them here, and why one detector is at chance."""
    told = [
        "The paper's tables have these axes, for pixels in 0 to 255: 2, 4, 6 for Fast and Iterative Linf, "
        "400, 800, 1200 for Iterative L2 at 224 × 224. Their values could not be quoted."
    ]
    table = tables.get("bim-l2")
    if table is None:
        return told[0]
    side = data.get(zoo.spec(model).data).size[0]
    radii = ", ".join(in_255ths(eps) for eps in table.eps)
    here, there = (
        ", ".join(f"{root_mean_square(radius, size):.1f}" for radius in each)
        for each, size in (([255 * eps for eps in table.eps], side), (PAPER_L2, PAPER_SIDE))
    )
    told += [
        f"The L2 radii here, {radii} at {side} × {side}, change a value about as much: by {here} of 255 "
        f"in root mean square, theirs by {there}.",
        AT_CHANCE,
    ]
    first, last = table.matrix[0][0]["detectability"], table.matrix[-1][0]["detectability"]
    if first is not None and last is not None:
        told.append(
            f"Here the detector for {in_255ths(table.eps[0])} reaches {first:.2f}, and the one for "
            f"{in_255ths(table.eps[-1])} finds it with {last:.2f}."
        )
    return " ".join(told)


def root_mean_square(radius: float, side: int) -> float:
    """Of the values of a picture of ``side`` x ``side`` that is changed by ``radius`` in L2."""
    return radius / sqrt(3 * side * side)


def about_strong(rows: Sequence[OwnAdversaryRow]) -> str:
    """Of the adversaries that the classifier cannot withstand, how many are found as in the paper."""
    strong = [row for row in rows if row.floats["top1_adversarial"] < WEAK]
    good = sum((row.floats["detectability"] or 0) >= GOOD for row in strong)
    return (
        f" Of {len(strong)} adversaries that leave the classifier under {WEAK:.0%}, {good} "
        f"{'is' if good == 1 else 'are'} detected with at least {GOOD}: the paper's figure on ten "
        "classes of ImageNet, after 500 epochs."
    )
