"""Being evil: the same derivative that fits a line to points moves a point away from the line.

Châtel, Adversarial examples in deep learning (2017). The model is ``a x + b``, the loss of a point ``(y -
(a x + b))^2``. The learner moves ``a`` and ``b`` down its slope, the attacker moves ``x`` up.
"""

from dataclasses import dataclass

import numpy as np

POINTS = 12
TRUE = (0.8, 0.4)
NOISE = 0.25
FAR = 2.0
"""Points have x from minus this to this."""


@dataclass(frozen=True)
class Line:
    """``y = a x + b``."""

    a: float
    b: float

    def __call__(self, x):
        """``a x + b``, of a number or an array."""
        return self.a * x + self.b

    def loss(self, x, y):
        """``(y - (a x + b))^2``."""
        return (y - self(x)) ** 2


@dataclass(frozen=True)
class Derivatives:
    """Of the loss at one point, in ``a``, ``b`` and ``x``."""

    a: float
    b: float
    x: float


BAD = Line(-0.6, -1.2)
"""The line before it is fitted."""


def derivatives(line: Line, x: float, y: float) -> Derivatives:
    """``2x(ax+b-y)``, ``2(ax+b-y)`` and ``2a(ax+b-y)``: all 0 where the point is on the line."""
    off = 2 * (line(x) - y)
    return Derivatives(x * off, off, line.a * off)


def points(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """``x`` and ``y``, ``[POINTS]`` each, around the line ``TRUE``."""
    rng = np.random.default_rng(seed)
    x = np.linspace(-FAR, FAR, POINTS) + rng.uniform(-0.12, 0.12, POINTS)
    return x, Line(*TRUE)(x) + NOISE * rng.standard_normal(POINTS)


def mean_loss(line: Line, x: np.ndarray, y: np.ndarray) -> float:
    """The average loss of points ``[N]``, which the learner lowers."""
    return float(line.loss(x, y).mean())


def largest_rate(x: np.ndarray) -> float:
    """``1/L`` for the mean loss: at any smaller rate every epoch lowers it.

    ``L`` is the larger eigenvalue of its second derivatives, ``2 mean([[x^2, x], [x, 1]])``.
    """
    m, s = float(x.mean()), float((x**2).mean())
    return 1 / float(np.linalg.eigvalsh(2 * np.array([[s, m], [m, 1.0]])).max())


def learn(x: np.ndarray, y: np.ndarray, start: Line, rate: float, epochs: int) -> list[Line]:
    """Gradient descent on the mean loss: ``epochs + 1`` lines, the first of them ``start``.

    Raises ``ValueError`` for a rate that is not above 0, or fewer than 0 epochs.
    """
    _check(rate=rate, steps=epochs, name="epochs")
    lines = [start]
    for _ in range(epochs):
        line = lines[-1]
        off = 2 * (line(x) - y)
        lines.append(
            Line(line.a - rate * float((x * off).mean()), line.b - rate * float(off.mean()))
        )
    return lines


def attack(line: Line, x: float, y: float, size: float, steps: int, *, sign: bool) -> list[float]:
    """Gradient ascent in ``x`` alone: ``steps + 1`` values, the first of them ``x`` itself.

    Each step is ``size dl/dx``, or with ``sign`` ``size sign(dl/dx)``, as FGSM's. A point on the line
    does not move: to first order nothing can be gained there. Raises ``ValueError`` for a size that is not
    above 0, or fewer than 0 steps.
    """
    _check(rate=size, steps=steps, name="steps")
    path = [x]
    for _ in range(steps):
        slope = derivatives(line, path[-1], y).x
        path.append(path[-1] + size * (float(np.sign(slope)) if sign else slope))
    return path


def _check(*, rate: float, steps: int, name: str) -> None:
    if not rate > 0:
        raise ValueError(f"the size of a step must be above 0; got {rate!r}")
    if not isinstance(steps, int) or steps < 0:
        raise ValueError(f"{name} must be a whole number of at least 0; got {steps!r}")
