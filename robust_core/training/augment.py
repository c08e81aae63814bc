"""Random shifts, crops and mirror images, a batch at a time, from an explicit generator."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.training.objectives.base import Rows


def augment(
    images: Tensor,
    shift: int,
    mirror: bool,
    generator: torch.Generator,
    own: Rows | None = None,
) -> Tensor:
    """Shift each picture by up to ``shift`` pixels (zero padding) and mirror half of them.

    Here and below numbers are drawn for the whole batch, of which ``images`` are the rows ``own`` (None:
    all of it).
    """
    n, channels, height, width = images.shape
    own = own or Rows(0, n, n)
    if shift:
        padded = F.pad(images, (shift,) * 4)
        size = (2, own.whole, 1)
        drawn = torch.randint(0, 2 * shift + 1, size, generator=generator, device="cpu")
        top, left = map(own.of, drawn)
        rows = (top + torch.arange(height, device="cpu")).view(n, 1, height, 1)
        columns = (left + torch.arange(width, device="cpu")).view(n, 1, 1, width)
        picture = torch.arange(n, device="cpu").view(n, 1, 1, 1)
        channel = torch.arange(channels, device="cpu").view(1, channels, 1, 1)
        images = padded[picture, channel, rows, columns]
    if mirror:
        drawn = torch.rand(own.whole, generator=generator, dtype=torch.float32, device="cpu")
        chosen = own.of(drawn) < 0.5
        images = torch.where(chosen.view(n, 1, 1, 1), images.flip(3), images)
    return images


SHAPES = (3 / 4, 4 / 3)
"""Width over height of a random crop."""


def crops(
    images: Tensor,
    side: int,
    shares: tuple[float, float],
    generator: torch.Generator,
    own: Rows | None = None,
) -> Tensor:
    """Of each picture a random part, scaled to ``side`` x ``side``: Inception's crops.

    Szegedy et al. (2015), section 6: the part has a share of the area within ``shares`` and a shape within
    ``SHAPES``, both uniform (the shape on a logarithmic scale), and lies anywhere.
    """
    n, _, height, width = images.shape
    rows = own or Rows(0, n, n)

    def uniform(low: float, high: float) -> Tensor:
        values = torch.rand(rows.whole, generator=generator, dtype=torch.float32, device="cpu")
        return low + (high - low) * rows.of(values)

    area = uniform(*shares)
    shape = uniform(*map(math.log, SHAPES)).exp()
    # As shares of the picture's width and height: their product is the share of the area.
    wide = (area * shape * height / width).sqrt().clamp(max=1)
    high = (area / shape * width / height).sqrt().clamp(max=1)
    left = (1 - wide) * uniform(-1, 1)
    top = (1 - high) * uniform(-1, 1)
    zero = torch.zeros_like(wide)
    placing = torch.stack([wide, zero, left, zero, high, top], dim=1).view(n, 2, 3)
    grid = F.affine_grid(placing, [n, 1, side, side], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)
