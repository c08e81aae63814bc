"""The margin of the goal at a picture, its gradient, and whether the goal is reached there."""

import math
from typing import NamedTuple

from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.attacks.scale import spread
from robust_core.goals import Aim

LEAST = 1e-5
"""Margin that a success needs, as a share of the spread of the logits: on the boundary itself rounding
decides on which side of it a picture is."""


class Look(NamedTuple):
    """What one pass tells about N pictures: the ``margin`` ``[N]`` (how far beyond the goal), its gradient
    ``uphill`` ``[N, C, H, W]``, the ``logits`` ``[N, K]``, and the margin in logits, ``ahead`` ``[N]``.

    The first two are in the picture's own unit (``Oracle.factor``).
    """

    margin: Tensor
    uphill: Tensor
    logits: Tensor
    ahead: Tensor

    def of(self, rows: Tensor) -> "Look":
        """What it tells of the pictures ``rows``."""
        return Look(*(part[rows] for part in self))


def look(oracle: Oracle, x: Tensor, aim: Aim) -> Look:
    """The margin at ``x`` and its gradient, by one forward and one backward pass, recorded."""
    leaf, logits = oracle.follow(x, aim)
    oracle.count("iterations")
    oracle.record(x, aim, "margin", logits.detach())
    z = logits.detach()
    ahead, slope = aim.rise(z)
    margin, factor = ahead, oracle.factor
    if factor is not None:
        margin, slope = ahead * factor, slope * factor.unsqueeze(1)
    uphill = oracle.pull(logits, leaf, slope)
    largest = uphill.abs().amax(tuple(range(1, x.ndim)))
    if not all(0 < value < math.inf for value in largest.tolist()):  # nor is NaN
        uphill = uphill.nan_to_num(nan=0.0)
        vanished = (margin < 0) & ~uphill.flatten(1).any(1)
        if vanished.any():
            oracle.count("zero_gradients", vanished)
    return Look(margin, uphill, z, ahead)


def least(logits: Tensor) -> Tensor:
    """The margin ``[N]`` that a success needs, in logits."""
    return LEAST * spread(logits)


def across(logits: Tensor, aim: Aim, ahead: Tensor | None = None) -> Tensor:
    """Which pictures have reached the goal by more than logits differ between batches, bool ``[N]``.

    ``ahead`` ``[N]`` is the margin, where it is known already.
    """
    ahead = aim.margin(logits) if ahead is None else ahead
    return aim.success(logits) & (ahead >= least(logits))
