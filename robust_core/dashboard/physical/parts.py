"""The parts of the page, one of which is drawn."""

from collections.abc import Callable

from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.physical import (
    camera,
    camouflage,
    photographs,
    plausible,
    printing,
    turning,
)
from robust_core.dashboard.request import Chosen
from robust_core.zoo import Description

TITLES = {
    "turning": "Turning",
    "photograph": "Through a photograph",
    "camouflage": "Camouflage",
    "plausible": "Are they plausible?",
    "print": "Print it",
    "camera": "Show it to the camera",
}
DRAWN: dict[str, Callable[[Description, Chosen, str], None]] = {
    "turning": turning.draw,
    "photograph": photographs.draw,
    "camouflage": camouflage.draw,
    "plausible": plausible.draw,
    "print": printing.draw,
    "camera": camera.draw,
}


def choose() -> str:
    """Which part."""
    return choose_one("What happens to the picture", TITLES, "part", "turning")
