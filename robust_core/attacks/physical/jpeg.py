"""JPEG that an attack can differentiate: the standard's arithmetic in torch, rounding straight through.

Colours to luma and chroma, chroma at half the size (4:2:0), blocks of 8 x 8 by their cosine transform,
coefficients divided by the tables of ITU-T T.81, annex K, and rounded. Every rounding counts as the
identity in the backward pass; all else is linear and differentiated as it is. Entropy coding is lossless
and left out. Agrees with Pillow's files up to a few levels (tested).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168736, -0.331264, 0.5),
    (0.5, -0.418688, -0.081312),
)
BLOCK = 8


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Pictures ``[n, G, C, H, W]`` in [0, 1] as a JPEG file gives them back, group i at ``quality[i]``.

    ``quality`` ``[n]`` is from 1 to 100, as Pillow's. Three channels are taken as RGB; any other number is
    compressed channel by channel as luma. Same shape, dtype and device; each picture by itself.
    """
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).to(images)
    levels = _rounded(images * 255) - 128
    if images.shape[2] != 3:
        return _restored(_coded(levels, _LUMA, scale))
    turn = torch.tensor(_TO_YCC, dtype=images.dtype, device=images.device)
    planes = torch.einsum("ij,ngjhw->ngihw", turn, levels + 128)
    luma = _coded(planes[:, :, :1] - 128, _LUMA, scale)
    chroma = _halved(planes[:, :, 1:], _CHROMA, scale)
    back = torch.linalg.inv(turn.double().cpu()).to(turn)
    return _restored(
        torch.einsum("ij,ngjhw->ngihw", back, torch.cat([luma + 128, chroma], 2)) - 128
    )


def _rounded(x: Tensor) -> Tensor:
    """The nearest whole number, with the gradient of ``x``."""
    return x + (x.round() - x).detach()


def _restored(levels: Tensor) -> Tensor:
    return (_rounded(levels + 128) / 255).clamp(0, 1)


def _halved(planes: Tensor, table: tuple, scale: Tensor) -> Tensor:
    """``_coded`` at half the size; enlarged again by the triangle filter, as libjpeg does."""
    height, width = planes.shape[-2:]
    flat = _padded(planes.flatten(0, 1), 2)
    small = F.avg_pool2d(flat, 2).unflatten(0, planes.shape[:2])
    coded = _coded(_rounded(small), table, scale).flatten(0, 1)
    large = F.interpolate(coded, scale_factor=2, mode="bilinear", align_corners=False)
    return large[..., :height, :width].unflatten(0, planes.shape[:2])


def _coded(planes: Tensor, table: tuple, scale: Tensor) -> Tensor:
    """Planes ``[n, G, C, H, W]`` around 0 through transform, quantisation and back."""
    height, width = planes.shape[-2:]
    flat = _padded(planes.flatten(0, 1), BLOCK)
    rows, columns = flat.shape[-2] // BLOCK, flat.shape[-1] // BLOCK
    blocks = flat.unflatten(-1, (columns, BLOCK)).unflatten(-3, (rows, BLOCK)).transpose(-3, -2)
    base = torch.tensor(table, dtype=planes.dtype, device=planes.device)
    steps = ((base * scale.view(-1, 1, 1) + 50) / 100).floor().clamp(1, 255)
    steps = steps.repeat_interleave(planes.shape[1], 0).view(-1, 1, 1, 1, BLOCK, BLOCK)
    turn = _cosines(planes)
    found = turn @ blocks @ turn.T
    kept = turn.T @ (_rounded(found / steps) * steps) @ turn
    whole = kept.transpose(-3, -2).flatten(-2).flatten(-3, -2)
    return whole[..., :height, :width].unflatten(0, planes.shape[:2])


def _padded(planes: Tensor, multiple: int) -> Tensor:
    """The last row and column repeated up to a multiple."""
    height, width = planes.shape[-2:]
    return F.pad(planes, (0, -width % multiple, 0, -height % multiple), mode="replicate")


def _cosines(like: Tensor) -> Tensor:
    """The orthonormal cosine transform of eight values, ``[8, 8]``."""
    place = torch.arange(BLOCK, dtype=torch.float64, device="cpu")
    turn = torch.cos(math.pi / BLOCK * (place + 0.5) * place.view(-1, 1)) * 0.5
    turn[0] /= math.sqrt(2)
    return turn.to(like)
