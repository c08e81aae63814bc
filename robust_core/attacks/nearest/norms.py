"""L1, L2 and Linf as the fast minimum-norm attacks need them: length, dual norm, projection.

A change is ``[N, C, H, W]`` (or any shape with the picture first), a radius ``[N]``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, l2_norm, per_picture


@dataclass(frozen=True)
class Norm:
    """``length`` of a change, ``dual`` norm of a slope, and ``project`` a change onto a ball."""

    name: str
    length: Callable[[Tensor], Tensor]
    dual: Callable[[Tensor], Tensor]
    project: Callable[[Tensor, Tensor], Tensor]


def l1_norm(change: Tensor) -> Tensor:
    """Sum of the absolute values of each picture, ``[N]``."""
    return change.abs().flatten(1).sum(1)


def linf_norm(change: Tensor) -> Tensor:
    """Largest absolute value of each picture, ``[N]``."""
    return change.abs().flatten(1).amax(1)


def onto_l2(change: Tensor, radius: Tensor) -> Tensor:
    """The nearest change of L2 length at most ``radius``."""
    shrink = (radius / l2_norm(change).clamp_min(TINY)).clamp_max(1)
    return change * per_picture(shrink, change)


def onto_linf(change: Tensor, radius: Tensor) -> Tensor:
    """The nearest change of which no value is larger than ``radius``."""
    most = per_picture(radius, change)
    return change.clamp(-most, most)


def onto_l1(change: Tensor, radius: Tensor) -> Tensor:
    """The nearest change whose absolute values sum up to at most ``radius`` (Duchi et al., 2008, fig. 1).

    All values move towards 0 by the same amount; those that are smaller become 0.
    """
    size = change.abs().flatten(1)
    outside = (size.sum(1) > radius).nonzero().squeeze(1)
    if not len(outside):
        return change
    ordered = size[outside].sort(dim=1, descending=True).values
    place = torch.arange(1, size.shape[1] + 1, dtype=size.dtype, device=size.device)
    excess = (ordered.cumsum(1) - radius[outside, None]) / place
    last = (ordered > excess).sum(1, keepdim=True).sub_(1).clamp_min_(0)
    less = excess.gather(1, last).clamp_min_(0)
    result = change.clone()
    shrunk = (size[outside] - less).clamp_min_(0).view_as(change[outside])
    result[outside] = shrunk.copysign_(change[outside])
    return result


L1 = Norm("l1", l1_norm, linf_norm, onto_l1)
L2 = Norm("l2", l2_norm, l2_norm, onto_l2)
LINF = Norm("linf", linf_norm, l1_norm, onto_linf)
