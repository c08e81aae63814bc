"""What is said of every adversarial picture: whether it reaches the goal, how far it is, what it took."""

from dataclasses import dataclass, fields
from typing import Any

from robust_core.attacks.base import AttackResult

DISTANCES = ("l0", "l1", "l2", "linf", "tv")


@dataclass(frozen=True)
class Reached:
    """Whether a picture reaches the goal, and its distances from the clean one (``distances``)."""

    success: bool
    l0: float
    l1: float
    l2: float
    linf: float
    tv: float

    @property
    def distances(self) -> dict[str, float]:
        """All five by name."""
        return {name: getattr(self, name) for name in DISTANCES}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What making one picture took: wall time, forward and backward passes, and gradients of zero."""

    seconds: float
    queries: int
    gradients: int
    zero_gradients: int

    @property
    def cost(self) -> dict[str, Any]:
        """All four by name."""
        return {each.name: getattr(self, each.name) for each in fields(Cost)}


def passes_of(record: AttackResult) -> dict[str, int]:
    """The passes of the first picture of an attack, as ``Cost`` names them."""
    return {
        "queries": int(record.queries_forward[0]),
        "gradients": int(record.queries_backward[0]),
        "zero_gradients": int(record.zero_gradients[0]),
    }
