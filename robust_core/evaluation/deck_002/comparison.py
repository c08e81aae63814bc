"""The deck's tables beside what was measured here, line by line."""

from dataclasses import dataclass

from robust_core.evaluation.deck_002.measure import Row
from robust_core.evaluation.deck_002.protocol import (
    FGSM,
    PGD,
    STEP_SIZES,
    STEPS,
    TABLES,
    Printed,
)
from robust_core.evaluation.deck_002.results import Measured

SHORT = 6
"""The steps of the deck's PGD."""
TITLES = {None: "natural", FGSM: "FGSM", "bim": "BIM", PGD: "PGD"}


@dataclass(frozen=True)
class Line:
    """A method of table 1 or 2: the deck's figures, where it has them, and ours by step size.

    Natural pictures have no row of ours: all are right.
    """

    attack: str | None
    steps: int | None
    printed: Printed | None
    ours: dict[str, Row]

    @property
    def title(self) -> str:
        return TITLES[self.attack]


def lines(found: Measured, space: str, eps: float) -> list[Line]:
    """The lines of the deck's table at ``eps``, then PGD with as many steps as were run."""
    wanted = [(one.attack, one.steps, one) for one in TABLES if one.eps == eps]
    return [
        Line(attack, steps, printed, _ours(found, space, eps, attack, steps))
        for attack, steps, printed in (*wanted, (PGD, max(STEPS[PGD]), None))
    ]


def _ours(
    found: Measured, space: str, eps: float, attack: str | None, steps: int | None
) -> dict[str, Row]:
    if attack is None or steps is None:
        return {}
    sizes = ["eps"] if attack == FGSM else STEP_SIZES
    return {step: found.row(space, eps, attack, steps, step) for step in sizes}


def too_short(found: Measured, space: str, eps: float) -> str | None:
    """The largest step size of which six steps of PGD leave more than FGSM; None where no one does."""
    fgsm = found.row(space, eps, FGSM, 1)
    return next(
        (s for s in STEP_SIZES if found.row(space, eps, PGD, SHORT, s).top1 > fgsm.top1), None
    )


def explained(found: Measured, space: str, eps: float) -> str:
    """Why the deck's PGD is weaker than its FGSM, by our own figures, in sentences."""
    step = too_short(found, space, eps)
    shown = step or list(STEP_SIZES)[-1]
    rows = (
        found.row(space, eps, FGSM, 1),
        found.row(space, eps, PGD, SHORT, shown),
        found.row(space, eps, PGD, max(STEPS[PGD]), "eps/4"),
    )
    fgsm, short, long = (f"{100 * row.top1 / found.n:.1f} %" for row in rows)
    far = f"{SHORT * STEP_SIZES[shown]:g} eps"
    why = (
        f"they add up to {far}, so that PGD is weaker than a single step of eps"
        if step
        else f"though they add up to {far} only, PGD is not weaker than FGSM here"
    )
    return (
        f"FGSM leaves {fgsm} right. Six steps of PGD of {shown} leave {short}: {why}. Twenty steps of "
        f"eps/4 leave {long}."
    )
