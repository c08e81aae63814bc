"""Robust radii: how far each picture is proved, and how far away an adversarial one was seen."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks.checks import check_batch, check_labels
from robust_core.progress import Progress
from robust_core.verification.boxes import L2, LINF
from robust_core.verification.checks import LP, check_method
from robust_core.verification.record import BROKEN, PROVED, WRONG
from robust_core.verification.verify import SECONDS, verify

STEPS = 12
"""Halvings: with an attack's distance as the first upper end, the gap shrinks to 1/4096 of it."""


@dataclass(frozen=True, kw_only=True)
class Radii:
    """For each of N pictures, in pixel units, float64 ``[N]`` on the CPU.

    ``lower`` is certified: no picture within it gets another class; 0 where the clean picture is wrong, and
    for ``lp``, which proves nothing. ``upper`` is the distance of an adversarial picture that the network
    itself gets wrong; infinite where none was seen. Between the two nothing is known.
    """

    method: str
    norm: str
    lower: Tensor
    upper: Tensor


def radii(
    model: object,
    images: Tensor,
    labels: Tensor,
    method: str = "crown",
    *,
    norm: str = LINF,
    steps: int = STEPS,
    seconds: float = SECONDS,
    progress: Progress | None = None,
) -> Radii:
    """Certified radii by bisection, with an attack's distance as the upper end (DeepFool).

    A proof at one radius is a proof at all smaller ones, so that bisection certifies whatever the
    method's own monotonicity. Arguments are those of ``verify``; ``seconds`` are for each picture and
    step; ``progress`` counts steps. Raises ``ValueError`` as ``verify`` does, and unless ``steps`` is
    from 1 to 50.
    """
    check_method(method, norm)
    check_batch(images)
    labels = check_labels(labels, images)
    if steps not in range(1, 51):
        raise ValueError(f"steps must be a whole number from 1 to 50; got {steps!r}")
    if method == LP:
        record = verify(model, images, labels, 1.0, LP, seconds=seconds, attack=False)
        seen = torch.zeros(len(images), dtype=torch.bool, device="cpu")
        seen[list(record.counterexamples)] = True
        upper = torch.where(seen, record.distance, torch.inf)
        return _told(method, norm, torch.zeros_like(upper), upper, record.mask(WRONG))
    upper = attack_distance(model, images, labels, norm)
    low, high = torch.zeros_like(upper), upper.clamp(max=_largest(images, norm))
    wrong = torch.zeros(len(images), dtype=torch.bool, device="cpu")
    for step in range(steps):
        beat = progress and partial(progress, step, steps)
        if beat is not None:
            beat()
        middle = (low + high) / 2
        rows = (~wrong).nonzero().squeeze(1)
        if not len(rows):
            break
        tried = verify(
            model,
            images[rows],
            labels[rows],
            middle[rows],
            method,
            norm=norm,
            seconds=seconds,
            attack=False,
            progress=_ignoring(beat),
        )
        wrong[rows[tried.mask(WRONG)]] = True
        proved, broken = rows[tried.mask(PROVED)], rows[tried.mask(BROKEN)]
        rest = rows[~tried.mask(PROVED)]
        low[proved] = middle[proved]
        high[rest] = middle[rest]
        upper[broken] = torch.minimum(upper[broken], middle[broken])
    if progress is not None:
        progress(steps, steps)
    return _told(method, norm, low, upper, wrong)


def _told(method: str, norm: str, low: Tensor, upper: Tensor, wrong: Tensor) -> Radii:
    """Both are 0 for a picture that is wrong when clean: it is its own adversarial picture."""
    zero = torch.zeros_like(low)
    return Radii(
        method=method,
        norm=norm,
        lower=torch.where(wrong, zero, low),
        upper=torch.where(wrong, zero, upper),
    )


def radius(
    model: object, images: Tensor, labels: Tensor, method: str = "crown", **settings: Any
) -> Tensor:
    """Certified radii ``[N]``: ``radii(...).lower``. For ``lp``, which certifies none, its upper bounds.

    ``settings`` are those of ``radii``: ``norm``, ``steps``, ``seconds``, ``progress``.
    """
    found = radii(model, images, labels, method, **settings)
    return found.upper if method == LP else found.lower


def _largest(images: Tensor, norm: str) -> float:
    """The distance within which all pictures in [0, 1] are."""
    return 1.0 if norm == LINF else images[0].numel() ** 0.5


def attack_distance(model: object, images: Tensor, labels: Tensor, norm: str) -> Tensor:
    """The distance ``[N]`` at which DeepFool fools the network, float64; infinite where it does not."""
    attack = attacks.create("deepfool" if norm == L2 else "deepfool-linf")
    found = attack.run(model, images, labels)  # type: ignore[arg-type]
    distance = found.l2 if norm == L2 else found.linf
    return torch.where(found.success, distance, torch.inf).double().cpu()


def _ignoring(beat: Callable[[], object] | None) -> Progress | None:
    """``beat`` as a progress, whatever the numbers."""
    return beat and (lambda done, total: beat())
