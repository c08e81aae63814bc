"""What deck 002 did and printed, and what is run here: attacks, radii, steps, step sizes.

The deck says neither the scale of its eps nor the step size of its attacks. So both scales are run, and
four step sizes.
"""

from dataclasses import dataclass

from robust_core.evaluation.suites import DECK_002

NAME = DECK_002
MODEL = "imagenette-resnet"
"""The model that is measured where none is named."""
SOURCE = "A. Madan, S. Anand, Robust Deep Learning, IIIT Delhi (deck 002)"
PICTURES = 150
CLASSES = 30
"""The deck has 30 classes of 5 pictures; where there are fewer classes, each gives more."""

NORMALISED = "normalised"
PIXELS = "pixels"
SPACES = (NORMALISED, PIXELS)
"""Whether eps is in units of a channel's standard deviation, or of the range of a pixel, [0, 1]."""

FGSM, BIM, PGD = "fgsm", "bim", "pgd"
EPS = (0.1, 0.6)
"""Of tables 1 and 2."""
STEP_SIZES = {"eps": 1.0, "eps/4": 0.25, "eps/10": 0.1, "eps/40": 0.025}
"""Shares of eps. Six of the last add up to 0.15 eps."""
STEPS = {BIM: (1, 2, 6), PGD: (1, 2, 6, 20)}
FIGURE_EPS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
FIGURE_STEPS = 6
FIGURE_STEP_SIZE = "eps/4"
"""Of the targeted BIM of figure 6, for which the deck gives neither."""


@dataclass(frozen=True)
class Printed:
    """A row of the deck's table at ``eps``: percentages, as printed. Natural pictures have no attack."""

    eps: float
    attack: str | None
    steps: int | None
    top1: float
    top5: float


TABLES = (
    Printed(0.1, None, None, 100, 100),
    Printed(0.1, FGSM, 1, 2.6, 19.3),
    Printed(0.1, BIM, 1, 2.6, 26),
    Printed(0.1, PGD, 6, 30, 72.6),
    Printed(0.6, None, None, 100, 100),
    Printed(0.6, FGSM, 1, 2, 7.9),
    Printed(0.6, BIM, 2, 0.6, 10.6),
    Printed(0.6, PGD, 6, 12.6, 33.9),
)
"""Tables 1 and 2. All are k of 150 pictures, cut after the first decimal."""
CARLINI = {"target": (100.0, 100.0), "accuracy": (100.0, 51.73)}
"""Table 3, top-1 and top-5: "Adv target acc" and "Accuracy"."""
