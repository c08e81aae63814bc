"""The discrete cosine transform: an orthonormal basis of pictures, from smooth to fine."""

import math

import torch
from torch import Tensor


def basis(size: int, like: Tensor) -> Tensor:
    """The orthonormal DCT-II of ``size`` values, ``[size, size]``: row k has k half waves."""
    place = torch.arange(size, dtype=torch.float64, device="cpu")
    waves = torch.cos(math.pi / size * (place + 0.5) * place[:, None]) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves.to(like)


def blocks(height: int, width: int, share: float) -> Tensor:
    """The block of each frequency, int64 ``[height, width]``, the smoothest in block 0.

    Block 0 is the lowest ``share`` of both axes; each further block is a frame around the previous ones, a
    quarter as wide (Guo et al., 2019: 28 of 224 frequencies, in strides of 7).
    """
    rank = torch.zeros(height, width, dtype=torch.int64, device="cpu")
    for axis, size in enumerate((height, width)):
        first = max(1, round(size * share))
        stride = max(1, first // 4)
        place = (torch.arange(size, device="cpu") - first).clamp_min(-stride)
        frame = place.div(stride, rounding_mode="floor") + 1
        rank = torch.maximum(rank, frame[:, None] if axis == 0 else frame)
    return rank


def smooth(coefficients: Tensor, height: int, width: int) -> Tensor:
    """Pictures ``[..., height, width]`` of the lowest frequencies, given as ``[..., h, w]``."""
    down = basis(height, coefficients)[: coefficients.shape[-2]]
    across = basis(width, coefficients)[: coefficients.shape[-1]]
    return down.T @ coefficients @ across
