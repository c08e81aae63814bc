"""Randomised smoothing: a radius in L2 within which the vote under Gaussian noise cannot change.

Cohen, Rosenfeld and Kolter, 2019, "Certified adversarial robustness via randomized smoothing". The smoothed
classifier ``g(x)`` is the class that the base classifier most often gives to ``x + noise``. Where that
class has a probability of at least p > 1/2, no change with an L2 norm below ``sigma * ppf(p)`` makes ``g``
return another one (theorem 1 with 1 - p for the others), whatever the base classifier is.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import scipy  # its parts are loaded where they are first used
import torch
from torch import Tensor

from robust_core.attacks.balls import own_generators
from robust_core.certify import voting
from robust_core.certify.binomial import lower
from robust_core.certify.checks import between, votes_of, whole, within
from robust_core.certify.voting import NoiseStream, one_picture, tally
from robust_core.contract import Asked, check_pictures
from robust_core.modes import evaluating
from robust_core.progress import Progress, part


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What smoothing guarantees for one picture; wrong in at most ``alpha`` of certificates."""

    label: int | None
    """The guaranteed class; None: it abstains, which is neither a class nor an error."""
    radius: float
    """Certified L2 radius in [0, 1] pixel units, within which ``label`` stays; 0 where it abstains."""
    p_lower: float
    """Lower bound of the probability of ``guess`` under noise."""
    counts: tuple[int, ...]
    """The ``n`` votes by class that bound it, not the ones that chose ``guess``."""
    n: int
    alpha: float
    sigma: float
    """Standard deviation of the noise in [0, 1] pixel units."""
    guess: int
    """The class that ``p_lower`` is about: ``label``, unless it abstains."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What belongs beside it, in sentences: that no votes of this number could have proved anything."""
        return tuple(filter(None, [voting.too_few(self.n, self.alpha)]))


class Certified(Protocol):
    """What any certificate states: the class, and the radius within which it stays."""

    @property
    def label(self) -> int | None: ...
    @property
    def radius(self) -> float: ...


def radius(p_lower: float, *, sigma: float) -> float:
    """``sigma * ppf(p_lower)``, the standard normal's quantile; 0 for ``p_lower`` of 1/2 or less.

    Infinite for a probability of 1, which no number of draws proves. Raises ``ValueError`` unless
    0 <= p_lower <= 1 and sigma >= 0.
    """
    p_lower = within("p_lower", p_lower, 0, 1)
    sigma = within("sigma", sigma, 0)
    return sigma * float(scipy.special.ndtri(p_lower)) if p_lower > 0.5 and sigma > 0 else 0.0


def largest_radius(n: int, alpha: float, sigma: float) -> float:
    """The largest radius possible, with all ``n`` draws agreeing: ``sigma * ppf(alpha ** (1 / n))``.

    0 where ``n`` is too small to prove anything. Raises ``ValueError`` for bad arguments.
    """
    n = whole("n", n, 1)
    alpha = between("alpha", alpha, 0, 1)
    return radius(alpha ** (1 / n), sigma=sigma)


def predict(counts: Sequence[int] | Tensor, alpha: float) -> int | None:
    """The class with the most of the votes ``[K]``, or None where chance could have chosen it (PREDICT).

    A two-sided binomial test of the two highest counts against a fair coin: a returned class differs from
    that of the smoothed classifier in at most ``alpha`` of cases (proposition 1). Raises ``ValueError``
    for bad counts or a bad alpha.
    """
    found = votes_of("counts", counts)
    alpha = between("alpha", alpha, 0, 1)
    second, first = sorted(found)[-2:]
    decided = scipy.stats.binomtest(first, first + second, 0.5).pvalue <= alpha
    return found.index(first) if decided else None


def certificate(
    selection_counts: Sequence[int] | Tensor,
    counts: Sequence[int] | Tensor,
    *,
    sigma: float,
    alpha: float,
) -> Certificate:
    """What the votes prove (CERTIFY, section 3.2.2).

    Args:
        selection_counts: votes ``[K]`` that choose the class, on the first draws.
        counts: votes ``[K]`` on separate draws. Bounding the winner with the same votes that chose it
            would overclaim.
        sigma: standard deviation of the noise that both were made with.
        alpha: how often the bound may be wrong.

    Raises:
        ValueError: bad counts or counts of different lengths, a negative sigma, a bad alpha.
    """
    selection = votes_of("selection_counts", selection_counts)
    found = votes_of("counts", counts)
    if len(selection) != len(found):
        raise ValueError(
            f"selection_counts and counts must be of the same classes; got {len(selection)} and "
            f"{len(found)}"
        )
    sigma = within("sigma", sigma, 0)
    guess = selection.index(max(selection))
    n = sum(found)
    p_lower = lower(found[guess], n, alpha)
    return Certificate(
        label=guess if p_lower > 0.5 else None,
        radius=radius(p_lower, sigma=sigma),
        p_lower=p_lower,
        counts=found,
        n=n,
        alpha=float(alpha),
        sigma=sigma,
        guess=guess,
    )


def votes(
    model: Callable[[Tensor], Tensor],
    image: Tensor,
    *,
    sigma: float,
    n: int,
    generator: torch.Generator,
    batch: int = 256,
    progress: Progress | None = None,
) -> Tensor:
    """How often ``model`` gives each class to the picture under noise: int64 ``[K]`` on the CPU.

    The noise is added to the raw pixels and nothing is clipped: the proof needs unclipped noise. One
    seed gives the same draws whatever ``batch`` is. A module is run in eval mode and left as it was.

    Args:
        model: any callable from pictures ``[N, C, H, W]`` to logits ``[N, K]``.
        image: one picture, ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1], on the model's device.
        sigma: standard deviation of the noise.
        n: how many draws.
        generator: source of the noise.
        batch: most noisy pictures at once.
        progress: called as ``progress(draws done, n)``; what it raises ends it.

    Raises:
        ValueError: a bad picture, sigma, n or batch, or a model that returns no logits.
    """
    image = one_picture(image)
    check_pictures(model, image)
    sigma = within("sigma", sigma, 0)
    noise = NoiseStream(image.shape[1:], image.dtype, generator)
    ask = Asked(model)
    with evaluating(model), torch.inference_mode():
        return tally(
            lambda size: ask(image + sigma * noise.take(size).to(image.device)),
            n,
            batch,
            progress,
        )


def certify(
    model: Callable[[Tensor], Tensor],
    image: Tensor,
    *,
    sigma: float,
    n0: int = 100,
    n: int = 10_000,
    alpha: float = 0.001,
    seed: int = 0,
    batch: int = 256,
    progress: Progress | None = None,
) -> Certificate:
    """The certificate of one picture: ``n0`` draws choose the class, ``n`` others bound it (CERTIFY).

    The noise depends on the picture and ``seed``, so each picture of a test set gets its own draws. The
    arguments are those of ``votes`` and ``certificate``; ``progress`` counts ``n0 + n`` draws. Section 4
    uses n0 100, alpha 0.001 and n 100,000, which raises the largest radius from 3.20 to 3.81 sigma.

    Raises:
        ValueError: as ``votes`` and ``certificate`` do.
    """
    image = one_picture(image)
    check_pictures(model, image)
    n0 = whole("n0", n0, 1)
    n = whole("n", n, 1)
    alpha = between("alpha", alpha, 0, 1)
    (generator,) = own_generators(image, whole("seed", seed, 0), 0)

    def count(draws: int, before: int) -> Tensor:
        return votes(
            model,
            image,
            sigma=sigma,
            n=draws,
            generator=generator,
            batch=batch,
            progress=part(progress, before, n0 + n),
        )

    selection = count(n0, 0)
    return certificate(selection, count(n, n0), sigma=sigma, alpha=alpha)


def certified_accuracy(
    certificates: Sequence[Certified],
    labels: Sequence[int] | Tensor,
    radii: Sequence[float],
) -> list[float]:
    """For each of ``radii`` the share of pictures with the right label and a radius of at least that.

    At radius 0 these are the pictures with the right label and any certificate at all: abstaining is
    never right. Raises ``ValueError`` for no certificates, another number of labels, or radii below 0.
    """
    true = labels.tolist() if isinstance(labels, Tensor) else list(labels)
    if not certificates or len(certificates) != len(true):
        raise ValueError(
            f"labels must be one for each certificate, at least one in all; got {len(true)} labels and "
            f"{len(certificates)} certificates"
        )
    radii = [within("radii", r, 0) for r in radii]
    reached = [
        c.radius if c.label == label and c.radius > 0 else -math.inf
        for c, label in zip(certificates, true, strict=True)
    ]
    return [sum(own >= r for own in reached) / len(reached) for r in radii]
