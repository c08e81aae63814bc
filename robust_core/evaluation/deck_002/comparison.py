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
        for attack, steps, printed in (*wanted, (PGD, max(STEPS), None))
    ]


def _ours(
    found: Measured, space: str, eps: float, attack: str | None, steps: int | None
) -> dict[str, Row]:
    if attack is None or steps is None:
        return {}
    sizes = ["eps"] if attack == FGSM else STEP_SIZES
    return {step: found.row(space, eps, attack, steps, step) for step in sizes}


def explained(found: Measured, space: str, eps: float) -> str:
    """Why the deck's PGD is weaker than its FGSM, by our own figures, in a sentence."""
    fgsm = found.row(space, eps, FGSM, 1)
    short = found.row(space, eps, PGD, 6, "eps/10")
    long = found.row(space, eps, PGD, max(STEPS), "eps/4")
    shares = [f"{100 * row.top1 / found.n:.1f} %" for row in (fgsm, short, long)]
    why = (
        ": they go only 0.6 eps, so PGD is weaker than a single step of eps"
        if short.top1 > fgsm.top1
        else ", although they go only 0.6 eps"
    )
    return (
        f"FGSM leaves {shares[0]} right. Six steps of PGD of eps/10 leave {shares[1]}{why}. Twenty "
        f"steps of eps/4 leave {shares[2]}."
    )
