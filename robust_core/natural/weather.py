"""Fog and rain: small seeded drawings of weather in front of pictures of any size and channels.

After the idea of Hendrycks and Dietterich (2019), whose fog is a fractal too; the arithmetic is ours and
does not reproduce their benchmark. Seeds decide the drops and the swathes alone: every picture of a batch
is seen through the same weather, so that a picture alone is what it is in a batch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.physical.transformation import generator_of

WHITE = 0.9
"""The colour of fog."""
STREAK = 0.85
"""The colour of a drop's streak."""
DROPS = 0.03
"""Share of the pixels in which a streak begins, in the heaviest rain."""
SLANT = 0.35
"""How far a streak moves to the side on its way down, as a share of that way."""
LENGTH = 0.16
"""Of a streak, as a share of the height."""
OPAQUE = 0.7
DIM = 0.4
"""Of the light, how much the heaviest rain takes."""


def fog(images: Tensor, density: float, seed: int = 0) -> Tensor:
    """Pictures ``[N, C, H, W]`` in [0, 1] behind swathes of fog that take ``density`` of them at most.

    Every value moves towards ``WHITE``, by at least half of ``density``, which is from 0 to 1.
    """
    thick = density * (0.5 + 0.5 * swathes(images.shape[2], images.shape[3], seed))
    return images + thick.to(images) * (WHITE - images)


def swathes(height: int, width: int, seed: int = 0) -> Tensor:
    """A smooth random field in [0, 1], ``[H, W]``: random grids of 2, 4, 8, ..., each half as strong."""
    generator = generator_of(seed, "fog")
    total = torch.zeros(1, 1, height, width, dtype=torch.float32, device="cpu")
    weight, side = 1.0, 2
    while side <= max(2, min(height, width, 32)):
        coarse = torch.rand(
            1, 1, side, side, generator=generator, dtype=torch.float32, device="cpu"
        )
        total += weight * F.interpolate(
            coarse, (height, width), mode="bilinear", align_corners=True
        )
        weight, side = weight / 2, side * 2
    field = total[0, 0] - total.min()
    return field / field.max().clamp_min(1e-6)


def rain(images: Tensor, strength: float, seed: int = 0) -> Tensor:
    """Pictures ``[N, C, H, W]`` in [0, 1] in rain of ``strength`` from 0 to 1: less light, pale streaks.

    More rain has all the drops of less rain, and others.
    """
    hidden = OPAQUE * streaks(images.shape[2], images.shape[3], strength, seed).to(images)
    dim = images * (1 - DIM * strength)
    return dim + hidden * (STREAK - dim)


def streaks(height: int, width: int, strength: float, seed: int = 0) -> Tensor:
    """How much of a streak is in each pixel, in [0, 1], ``[H, W]``; a streak fades towards its top."""
    length = max(2, round(LENGTH * height))
    above = length + height
    chance = torch.rand(
        above, 2 * width, generator=generator_of(seed, "rain"), dtype=torch.float32, device="cpu"
    )
    drops = (chance < DROPS * strength).float()
    found = torch.zeros(height, width, dtype=torch.float32, device="cpu")
    for back in range(length):  # a drop ``back`` rows below this pixel has passed it
        side = width // 2 + round(SLANT * back)
        part = drops[back : back + height, side : side + width]
        found = torch.maximum(found, part * (1 - back / length))
    return found
