"""Step schedules of the papers, by attack: field values that the visitor need not look up."""

from collections.abc import Callable
from dataclasses import dataclass

from robust_core.papers import KURAKIN, METZEN
from robust_core.parameters import Paper

OWN = "own"
"""The name of the visitor's own schedule, initially the attack's default."""


@dataclass(frozen=True)
class Preset:
    """``values(eps)`` gives the hyper-parameters; eps is in [0, 1] units, as the page shows it."""

    title: str
    paper: Paper
    values: Callable[[float], dict[str, float]]


def kurakin(eps: float) -> dict[str, float]:
    """Steps of 1/255, min(e + 4, 1.25 e) of them, rounded down, for e = 255 eps (section 2.2)."""
    e = round(255 * eps, 6)
    return {"steps": max(1, int(min(e + 4, 1.25 * e))), "step_size": 1 / 255}


PRESETS: dict[str, dict[str, Preset]] = {
    "bim": {
        "kurakin": Preset("Kurakin et al., 2017", KURAKIN, kurakin),
        "metzen": Preset(
            "Metzen et al., 2017", METZEN, lambda eps: {"steps": 10, "step_size": 1 / 255}
        ),
    },
    "dynamic": {
        "metzen": Preset(
            "Metzen et al., 2017", METZEN, lambda eps: {"steps": 10, "step_size": 1 / 255}
        ),
    },
    "bim-l2": {
        "metzen": Preset(
            "Metzen et al., 2017", METZEN, lambda eps: {"steps": 10, "step_size": 20 / 255}
        ),
    },
}
"""By the attack's name, then by the name used in links."""
