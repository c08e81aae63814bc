"""The ideas of the page, in the order in which they are taught; a link opens one by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.first_principles import (
    all_pixels,
    boundary,
    dimension,
    evil,
    fgsm,
    layers,
    one_pixel,
    surface,
    two_pixels,
)
from robust_core.dashboard.first_principles.places import Places


@dataclass(frozen=True)
class Idea:
    """``choose`` makes the controls and returns what was chosen; ``show`` draws that."""

    title: str
    choose: Callable[[Places], Any]
    show: Callable[[Any], None]


def _idea(title: str, module: ModuleType) -> Idea:
    return Idea(title, module.choose, module.show)


IDEAS = {
    "evil": _idea("Being evil", evil),
    "fgsm": _idea("FGSM", fgsm),
    "one-pixel": _idea("One pixel", one_pixel),
    "two-pixels": _idea("Two pixels", two_pixels),
    "all-pixels": _idea("All pixels", all_pixels),
    "dimension": _idea("Dimension", dimension),
    "boundary": _idea("Boundary", boundary),
    "surface": _idea("Loss surface", surface),
    "layers": _idea("Eyes and layers", layers),
}


def choose() -> Idea:
    """The row of buttons at the top."""
    titles = {name: idea.title for name, idea in IDEAS.items()}
    name = choose_one("Idea", titles, "idea", "evil", label_visibility="collapsed")
    return IDEAS[name]
