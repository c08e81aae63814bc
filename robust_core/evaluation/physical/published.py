"""What was published about attacks in the physical world, to be shown beside our simulations as such."""

from dataclasses import dataclass

KURAKIN_SOURCE = (
    "Kurakin, Goodfellow, Bengio (2017), tables 1 and 2: Inception-v3, average case, printed"
)
RP2_SOURCE = "Eykholt et al. (2018), as deck 001 quotes them; LISA-CNN where no network is named"


@dataclass(frozen=True)
class Printed:
    """Photographs of prints: accuracy on those of adversarial pictures and destruction rate, in per cent.

    Both top-1; ``prefiltered`` is the destruction rate of attacks chosen for their confidence.
    """

    attack: str
    eps: int
    """In 255ths."""
    accuracy: float
    destruction: float
    prefiltered: float


KURAKIN = (
    Printed("fgsm", 16, 36.4, 12.5, 5.1),
    Printed("fgsm", 8, 49.0, 33.3, 14.6),
    Printed("bim", 16, 49.0, 40.4, 60.0),
    Printed("bim", 8, 51.0, 52.1, 64.7),
    Printed("least-likely", 16, 60.0, 72.2, 87.5),
    Printed("least-likely", 8, 69.6, 86.3, 88.9),
)
SYNTHETIC = {
    "light": "brightness and contrast destroy under 5 % (fast, basic) and under 20 % (least likely)",
    "blur": "up to 80 to 90 % for the iterative methods, never all",
    "noise": "up to 80 to 90 % for the iterative methods, never all",
    "jpeg": "up to 80 to 90 % for the iterative methods, never all",
}
"""At eps 16, by stage of a transformation (section 3.4)."""


@dataclass(frozen=True)
class Poster:
    """A column of deck 001's table: what was put on which sign, and the share of 15 views that it won."""

    title: str
    success: float


RP2 = {
    "poster": Poster("Subtle Poster", 100.0),
    "poster-right-turn": Poster("Subtle Poster Right Turn", 73.33),
    "graffiti": Poster("Camouflage Graffiti", 66.67),
    "art": Poster("Camouflage Art (LISA-CNN)", 100.0),
}
RP2_GTSRB = Poster("Camouflage Art (GTSRB-CNN)", 80.0)
