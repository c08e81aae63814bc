"""PixelDP: a radius from differential privacy of a noise layer with respect to the picture.

Lecuyer, Atlidakis, Geambasu, Hsu and Jana, 2019, "Certified robustness to adversarial examples with
differential privacy". A layer g is followed by Gaussian noise, the mechanism of differential privacy: a
class's probability then changes little when the picture does. All radii here are in L2.
``sensitivity`` is the most that g's output moves in L2 for a change of the picture of norm 1
(``Delta_{2,2}``, with the normalisation in it; 1 for noise on the picture itself).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robust_core.certify import voting
from robust_core.certify.binomial import lower, upper
from robust_core.certify.checks import between, votes_of, whole, within
from robust_core.certify.voting import one_picture, tally
from robust_core.contract import Asked
from robust_core.modes import evaluating
from robust_core.progress import Progress

LARGEST_EPS = 1.0
"""The Gaussian mechanism is proved for eps up to this value (Dwork and Roth, 2014, theorem A.1)."""
DELTAS = np.geomspace(1e-12, 0.3, 4000)
"""The deltas among which a certificate looks for the best."""


@dataclass(frozen=True, kw_only=True)
class PixelDPCertificate:
    """What PixelDP guarantees for one picture; wrong in at most ``alpha`` of certificates."""

    label: int
    """The class with the most votes. It is guaranteed only where ``radius`` is above 0."""
    radius: float
    """Certified L2 radius in [0, 1] pixel units, within which ``label`` stays; 0: no guarantee."""
    p_lower: float
    """Lower bound of the probability of ``label`` under noise."""
    p_upper: float
    """Upper bound of the probability of the best other class."""
    counts: tuple[int, ...]
    """The ``n`` votes by class."""
    n: int
    alpha: float
    sigma: float
    """Standard deviation of the layer's noise."""

    @property
    def notices(self) -> tuple[str, ...]:
        """As of ``smoothing.Certificate``."""
        return tuple(filter(None, [too_few(self.n, self.alpha, len(self.counts))]))


def gaussian_sigma(eps: float, delta: float, sensitivity: float, radius: float) -> float:
    """Deviation of the noise that makes a layer (eps, delta)-private for changes up to ``radius``.

    ``sqrt(2 ln(1.25 / delta)) * sensitivity * radius / eps`` (section 3.2). Raises ``ValueError`` unless
    0 < eps <= 1, 0 < delta < 1, sensitivity > 0 and radius >= 0.
    """
    per_unit = attack_bound(1.0, sensitivity, eps, delta)
    return within("radius", radius, 0) / per_unit


def attack_bound(sigma: float, sensitivity: float, eps: float, delta: float) -> float:
    """The change of the picture for which noise of deviation ``sigma`` is (eps, delta)-private.

    ``sigma * eps / (sensitivity * sqrt(2 ln(1.25 / delta)))``, the inverse of ``gaussian_sigma``. Raises
    ``ValueError`` unless sigma >= 0, sensitivity > 0, 0 < eps <= 1 and 0 < delta < 1.
    """
    sigma = within("sigma", sigma, 0)
    sensitivity = between("sensitivity", sensitivity, 0)
    eps, delta = _privacy(eps, delta)
    return sigma * eps / (sensitivity * math.sqrt(2 * math.log(1.25 / delta)))


def holds(p_lower: float, p_upper: float, eps: float, delta: float) -> bool:
    """Whether the label of an (eps, delta)-private network is stable (proposition 2).

    ``p_lower > e^(2 eps) * p_upper + (1 + e^eps) * delta``. Raises ``ValueError`` for arguments outside
    [0, 1], or an eps or delta of 0.
    """
    p_lower = within("p_lower", p_lower, 0, 1)
    p_upper = within("p_upper", p_upper, 0, 1)
    eps, delta = _privacy(eps, delta)
    return p_lower > math.exp(2 * eps) * p_upper + (1 + math.exp(eps)) * delta


def radius(p_lower: float, p_upper: float, *, sigma: float, sensitivity: float = 1.0) -> float:
    """The largest L2 change for which some (eps, delta) proves that the label stays (section 3.4).

    The noise is given; eps and delta are chosen afterwards to prove the most, with eps at most 1. For a
    given delta, the condition of ``holds`` is quadratic in e^eps, so its largest eps has a closed form.
    Where that is above 1, the best delta is the one that needs eps = 1, so this one is tried too. Because
    of eps <= 1 no radius is above 0.571 sigma / sensitivity.

    Args:
        p_lower: lower bound of the label's probability, or expected score, under noise.
        p_upper: upper bound of that of every other class.
        sigma: standard deviation of the noise.
        sensitivity: the most that the noisy layer moves in L2 for a change of the picture of norm 1.

    Returns:
        The radius in units of the picture, below which every change is covered; 0 where none is.

    Raises:
        ValueError: probabilities outside [0, 1], a negative sigma, a sensitivity of 0 or less.
    """
    p_lower = within("p_lower", p_lower, 0, 1)
    p_upper = within("p_upper", p_upper, 0, 1)
    sigma = within("sigma", sigma, 0)
    sensitivity = between("sensitivity", sensitivity, 0)
    at_most = math.exp(LARGEST_EPS)
    edge = (p_lower - at_most**2 * p_upper) / (1 + at_most)
    deltas = np.append(DELTAS, np.clip(edge, DELTAS[0], DELTAS[-1]))
    deltas = deltas[2 * deltas < p_lower - p_upper]  # the others fail for every eps
    if not deltas.size:
        return 0.0
    left = p_lower - deltas
    exp_eps = 2 * left / (deltas + np.sqrt(deltas**2 + 4 * p_upper * left))
    eps = np.minimum(np.log(exp_eps), LARGEST_EPS)
    best = float((eps / np.sqrt(2 * np.log(1.25 / deltas))).max())
    return sigma * max(best, 0.0) / sensitivity


def votes(
    noisy: Callable[[Tensor, torch.Generator], Tensor],
    image: Tensor,
    n: int,
    generator: torch.Generator,
    batch: int = 256,
    progress: Progress | None = None,
) -> Tensor:
    """How often each class wins under the network's own noise: int64 ``[K]`` on the CPU.

    Args:
        noisy: ``noisy(x, generator)`` gives logits ``[N, K]`` with one draw of the noise for each of
            pictures ``[N, C, H, W]``. A module is run in eval mode; for a function, the mode of the
            network in it is the caller's responsibility. A CPU generator that fills a multiple of 16
            values for a picture gives the same draws whatever ``batch`` is.
        image: one picture, ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1], on the network's device.
        n: how many draws.
        generator: source of the noise.
        batch: most draws at once.
        progress: called as ``progress(draws done, n)``; what it raises ends it.

    Raises:
        ValueError: a bad picture, n or batch, or a network that returns no logits.
    """
    image = one_picture(image)
    ask = Asked(lambda x: noisy(x, generator))
    with evaluating(noisy), torch.inference_mode():
        return tally(lambda size: ask(image.expand(size, -1, -1, -1)), n, batch, progress)


def too_few(n: int, alpha: float, classes: int) -> str | None:
    """A sentence where ``n`` draws cannot give any certificate (``voting.too_few``), else None.

    There are two bounds for each of ``classes`` classes.
    """
    return voting.too_few(n, alpha, 2 * whole("classes", classes, 2))


def certificate(
    counts: Sequence[int] | Tensor,
    *,
    sigma: float,
    alpha: float = 0.05,
    sensitivity: float = 1.0,
) -> PixelDPCertificate:
    """What the votes prove about the class that has the most of them.

    One set of draws both chooses the label and bounds it. That is sound because both ends of every
    class's interval hold at once: 2 K Clopper-Pearson bounds at ``alpha / (2 K)`` each (Bonferroni), so
    also those of whichever class won. The paper's code has n 500 and alpha 0.05.

    Args:
        counts: votes ``[K]``.
        sigma: standard deviation of the layer's noise.
        alpha: how often the bounds may be wrong.
        sensitivity: that of the layer before the noise.

    Raises:
        ValueError: counts, sigma, alpha or sensitivity that are not allowed.
    """
    found = votes_of("counts", counts)
    alpha = between("alpha", alpha, 0, 1)
    n = sum(found)
    each = alpha / (2 * len(found))
    label = found.index(max(found))
    p_lower = lower(found[label], n, each)
    p_upper = upper(max(found[:label] + found[label + 1 :]), n, each)
    return PixelDPCertificate(
        label=label,
        radius=radius(p_lower, p_upper, sigma=sigma, sensitivity=sensitivity),
        p_lower=p_lower,
        p_upper=p_upper,
        counts=found,
        n=n,
        alpha=alpha,
        sigma=within("sigma", sigma, 0),
    )


def _privacy(eps: float, delta: float) -> tuple[float, float]:
    if within("eps", eps, 0, LARGEST_EPS) == 0:
        raise ValueError(f"eps must be a number above 0 and at most {LARGEST_EPS:g}; got {eps!r}")
    return float(eps), between("delta", delta, 0, 1)
