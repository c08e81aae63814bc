"""Why many small changes add up: along the weights they grow with n, in random directions with its root.

Goodfellow, Shlens, Szegedy (2015), section 3. Of a linear model ``w x~ = w x + w eta``; with ``|eta|`` at
most ``eps`` in each of n values the largest ``w eta`` is ``eps |w|_1``, that of ``eta = eps sign(w)``.
Weights are drawn from a standard normal distribution, values of ``x`` uniformly from [0, 1].
"""

import math
from dataclasses import dataclass

import numpy as np

SIZES = {
    64: "digits, 8 × 8",
    2_352: "deck 003, 28 × 28 × 3",
    3_072: "CIFAR-10, 32 × 32 × 3",
    49_152: "photographs, 128 × 128 × 3",
    150_528: "ImageNet, 224 × 224 × 3",
}
"""Pictures, by the number of their values."""
NUMBERS = (10, 30, 64, 150, 400, 1_000, 2_352, 3_072, 8_000, 20_000, 49_152, 150_528)
DRAWS = 100


@dataclass(frozen=True)
class Activation:
    """What a change does to one activation of ``n`` inputs.

    ``own`` is ``w x``, about its mean over pictures; ``adversarial`` is ``eps |w|_1``; ``random`` are the
    sizes of ``w eta`` for random signs, ``[draws]``.
    """

    n: int
    eps: float
    own: float
    adversarial: float
    random: np.ndarray

    @property
    def typical(self) -> float:
        """The mean over the random signs."""
        return float(self.random.mean())


def activation(n: int, eps: float, seed: int = 0, draws: int = DRAWS) -> Activation:
    """Draw weights, a picture and random signs.

    Raises ``ValueError`` unless n and draws are at least 1 and eps is at least 0.
    """
    if n < 1 or draws < 1:
        raise ValueError(f"n and draws must be at least 1; got {n!r} and {draws!r}")
    if not eps >= 0:
        raise ValueError(f"eps must be at least 0; got {eps!r}")
    rng = np.random.default_rng([seed, n])
    w = rng.standard_normal(n)
    own = float(w @ (rng.random(n) - 0.5))
    random = np.empty(draws)
    for k in range(draws):
        signs = 2 * rng.integers(0, 2, n, dtype=np.int8) - 1
        random[k] = abs(eps * float(w @ signs))
    return Activation(n, eps, own, eps * float(np.abs(w).sum()), random)


def expected_adversarial(n: float, eps: float) -> float:
    """``eps n E|w_i| = eps n sqrt(2/pi)``: linear in n."""
    return eps * n * math.sqrt(2 / math.pi)


def expected_random(n: float, eps: float) -> float:
    """``eps sqrt(n) sqrt(2/pi)``: ``w eta`` is normal, with a variance of ``eps^2 n``."""
    return eps * math.sqrt(n) * math.sqrt(2 / math.pi)


def expected_spread(n: float) -> float:
    """The standard deviation of ``w (x - 1/2)``: ``sqrt(n / 12)``."""
    return math.sqrt(n / 12)


def overtaking(eps: float) -> float:
    """The n from which ``eps sign(w)`` moves the activation further than pictures differ in it.

    Where ``expected_adversarial`` is ``expected_spread``: ``pi / (24 eps^2)``; infinite for eps 0.
    """
    return math.pi / (24 * eps**2) if eps else math.inf
