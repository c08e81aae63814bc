"""Down and up one curve: training goes against the slope, an attack along it; on stairs nobody moves.

"The curve needs to be smooth enough for the gradient descent to work" (Châtel, 2017).
"""

import math
from collections.abc import Callable

import numpy as np

ENDS = (-3.4, 3.4)
"""Where the curve is shown."""
START = 0.55
RATE, STEPS = 0.25, 14
STAIR = 0.4
"""Height of a step of the stairs."""

Curve = Callable[[float], float]


def smooth(t: float) -> float:
    """A valley and two hills of different heights."""
    return 1.9 - 1.2 * math.cos(1.2 * t + 1.0) + 0.3 * math.sin(2.4 * t)


def slope(t: float) -> float:
    """The derivative of ``smooth``."""
    return 1.44 * math.sin(1.2 * t + 1.0) + 0.72 * math.cos(2.4 * t)


def stairs(t: float) -> float:
    """The same curve, rounded down to a multiple of ``STAIR``."""
    return STAIR * math.floor(smooth(t) / STAIR)


def flat(t: float) -> float:
    """The derivative of ``stairs``: 0 wherever there is one."""
    return 0.0


def walk(derivative: Curve, start: float, rate: float, steps: int, *, up: bool) -> list[float]:
    """``steps`` steps of ``rate`` times the derivative, against it or ``up``; ``[start, ...]``.

    Raises ``ValueError`` for a rate that is not above 0, or fewer than 0 steps.
    """
    if not rate > 0:
        raise ValueError(f"rate must be above 0; got {rate!r}")
    if steps < 0:
        raise ValueError(f"steps must be at least 0; got {steps!r}")
    path = [start]
    for _ in range(steps):
        path.append(path[-1] + (rate if up else -rate) * derivative(path[-1]))
    return path


def drawn(curve: Curve, points: int = 1361) -> tuple[np.ndarray, np.ndarray]:
    """Places and values ``[points]``, for a line."""
    t = np.linspace(*ENDS, points)
    return t, np.array([curve(each) for each in t])
