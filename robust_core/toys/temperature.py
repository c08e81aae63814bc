"""What float32 makes of a softmax whose logits are many times too large.

A network distilled at temperature T and deployed at 1 has logits about T times as large (Carlini, Wagner,
2017). The class does not change. The probabilities become exactly 1 and 0, and all gradients through
them become 0. Everything is computed in float32, as a network does it, not by formula.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.losses import naive_cross_entropy


@dataclass(frozen=True)
class LogitPair:
    """Softmax of two logits that are ``gap`` apart, times each ``scale``; all ``[S]``."""

    scales: Tensor
    winner: Tensor
    """Probability of the larger logit in float32; exactly 1 beyond some scale."""
    loser: Tensor
    """Probability of the other one in float32; exactly 0 beyond some larger scale."""
    exact: Tensor
    """The same in float64, which reaches smaller numbers."""


def pair(gap: float, scales: Tensor) -> LogitPair:
    """Two logits, ``gap`` and 0. Raises ``ValueError`` for a gap that is negative or not finite."""
    if not 0 <= gap < float("inf"):
        raise ValueError(f"gap must be a finite number of 0 or more; got {gap!r}")
    scales = _scales(scales)
    logits = torch.stack([gap * scales, torch.zeros_like(scales)], 1)
    found = logits.float().softmax(1)
    return LogitPair(scales, found[:, 0], found[:, 1], logits.double().softmax(1)[:, 1])


@dataclass(frozen=True)
class Shares:
    """Shares of pictures at each ``scale``: ``[S]`` each."""

    scales: Tensor
    certain: Tensor
    """Share whose largest probability is exactly 1."""
    silent: Tensor
    """Share whose gradient of cross-entropy in the logits, through the probabilities, is exactly 0."""
    double: Tensor
    """The same as ``silent``, in float64."""


def shares(logits: Tensor, labels: Tensor, scales: Tensor) -> Shares:
    """Measure logits ``[N, K]`` with labels ``[N]``, multiplied by each of ``scales`` ``[S]``.

    Raises ``ValueError`` for scales that are not positive.
    """
    scales = _scales(scales)
    certain = [(s * logits).softmax(1).amax(1).eq(1).double().mean() for s in scales.tolist()]
    silent, double = (
        torch.stack([_zero_gradients(z, labels, s) for s in scales.tolist()])
        for z in (logits.float(), logits.double())
    )
    return Shares(scales, torch.stack(certain), silent, double)


def _zero_gradients(logits: Tensor, labels: Tensor, scale: float) -> Tensor:
    z = logits.detach().clone().requires_grad_()
    with torch.enable_grad():
        loss = naive_cross_entropy(scale * z, labels)
        (gradient,) = torch.autograd.grad(loss.sum(), z)
    return gradient.eq(0).all(1).double().mean()


def _scales(scales: Tensor) -> Tensor:
    if scales.ndim != 1 or not bool((scales > 0).all()):
        raise ValueError(f"scales must be positive numbers [S]; got {scales!r}")
    return scales.double()
