"""The margin of the goal at a picture, its gradient, and whether the goal is reached there."""

from typing import NamedTuple

import torch
from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.attacks.scale import spread
from robust_core.goals import Aim

LEAST = 1e-5
"""Margin that a success needs, as a share of the spread of the logits: on the boundary itself rounding
decides on which side of it a picture is."""


class Look(NamedTuple):
    """What one pass tells of N pictures: the ``margin`` ``[N]`` (how far beyond the goal), its gradient
    ``uphill`` ``[N, C, H, W]``, and the ``logits`` ``[N, K]``.

    The first two are in the picture's own unit (``Oracle.factor``).
    """

    margin: Tensor
    uphill: Tensor
    logits: Tensor


def look(oracle: Oracle, x: Tensor, aim: Aim) -> Look:
    """The margin at ``x`` and its gradient, by one forward and one backward pass, recorded."""
    leaf, logits = oracle.follow(x, aim)
    oracle.count("iterations")
    oracle.record(x, aim, "margin", logits.detach())
    z = logits.detach().requires_grad_()
    margin = aim.margin(z) * (1 if oracle.factor is None else oracle.factor)
    (slope,) = torch.autograd.grad(margin.sum(), z)
    margin = margin.detach()
    uphill = oracle.pull(logits, leaf, slope).nan_to_num(nan=0.0)
    vanished = (margin < 0) & ~uphill.flatten(1).any(1)
    if vanished.any():
        oracle.count("zero_gradients", vanished)
    return Look(margin, uphill, z.detach())


def least(logits: Tensor) -> Tensor:
    """The margin ``[N]`` that a success needs, in logits."""
    return LEAST * spread(logits)


def across(logits: Tensor, aim: Aim) -> Tensor:
    """Which pictures have reached the goal by more than logits differ between batches, bool ``[N]``."""
    return aim.success(logits) & (aim.margin(logits) >= least(logits))
