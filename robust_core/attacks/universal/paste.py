"""Pasting: where a patch lies, its mask, and the pictures with it, differentiable in the patch.

Pixels of the patch have mask 1 or 0 at its native size. Patch times mask and mask are resampled by the
same affine grid, bilinear, ``align_corners=False``. So a pixel of which the mask covers the share m is
``(1 - m) x + m p``, and where m is 0 the picture is as it was, bit for bit.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

ROUND, SQUARE = "round", "square"
SHAPES = (ROUND, SQUARE)


def native_mask(side: int, shape: str, like: Tensor | None = None) -> Tensor:
    """Ones where a patch of ``side`` x ``side`` pixels is, ``[1, 1, side, side]``.

    Round: the pixels whose centre is within half a side of its centre.
    """
    dtype, device = (like.dtype, like.device) if like is not None else (torch.float32, "cpu")
    if shape == SQUARE:
        return torch.ones(1, 1, side, side, dtype=dtype, device=device)
    way = torch.arange(side, dtype=torch.float64, device="cpu") - (side - 1) / 2
    inside = way.square()[:, None] + way.square() <= (side / 2) ** 2
    return inside.to(device, dtype)[None, None]


def share(side: int, shape: str, size: tuple[int, int]) -> float:
    """The share of the area of pictures (height, width) that a patch covers at its native size."""
    return native_mask(side, shape).sum().item() / (size[0] * size[1])


def native_side(scale: float, shape: str, size: tuple[int, int]) -> int:
    """The side in pixels whose share of the area is nearest to ``scale``, within the picture."""
    about = math.sqrt(scale * size[0] * size[1] * (4 / math.pi if shape == ROUND else 1))
    near = range(max(1, int(about) - 1), int(about) + 3)
    best = min(near, key=lambda side: abs(share(side, shape, size) - scale))
    return min(best, *size)


@dataclass(frozen=True)
class Placement:
    """Where a patch lies on each of N pictures, float64 ``[N]`` each.

    ``row`` and ``column`` are the centre in pixels from the top left corner of the picture; ``zoom`` is
    the side in units of the native one; ``angle`` in degrees, anticlockwise.
    """

    row: Tensor
    column: Tensor
    zoom: Tensor
    angle: Tensor

    def __getitem__(self, rows: Tensor) -> "Placement":
        return Placement(self.row[rows], self.column[rows], self.zoom[rows], self.angle[rows])

    def grid(self, side: int, size: tuple[int, int], like: Tensor) -> Tensor:
        """For each pixel of a picture the place in the patch, in [-1, 1] within: ``[N, H, W, 2]``."""
        height, width = size
        turn = torch.deg2rad(self.angle)
        cos, sin = turn.cos(), turn.sin()
        half = self.zoom * side / 2
        # The picture's own coordinates u = (2 c / W) - 1, v = (2 r / H) - 1 go to the patch's.
        away_x, away_y = width / 2 - self.column, height / 2 - self.row
        top = torch.stack([cos * width / 2, -sin * height / 2, cos * away_x - sin * away_y], 1)
        low = torch.stack([sin * width / 2, cos * height / 2, sin * away_x + cos * away_y], 1)
        theta = torch.stack([top, low], 1) / half[:, None, None]
        theta = theta.to(like.device, like.dtype)
        return F.affine_grid(theta, [len(theta), 1, height, width], align_corners=False)


def sample(patch: Tensor, mask: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Patch times mask ``[N, C, H, W]``, and the mask ``[N, 1, H, W]``, where ``grid`` puts them."""
    both = torch.cat([patch * mask, mask], 1).expand(len(grid), -1, -1, -1)
    found = F.grid_sample(both, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return found[:, :-1], found[:, -1:]


def paste(images: Tensor, patch: Tensor, mask: Tensor, grid: Tensor) -> Tensor:
    """``images`` ``[N, C, H, W]`` with ``patch`` ``[1, C, S, S]`` at ``grid``."""
    shown, cover = sample(patch, mask, grid)
    mixed = (images * (1 - cover) + shown).clamp(0, 1)
    return torch.where(cover > 0, mixed, images)


def paste_exactly(images: Tensor, patch: Tensor, mask: Tensor, top: int, left: int) -> Tensor:
    """As ``paste`` at the native size, not turned, with the very pixels of the patch; the rim cuts it."""
    out = images.clone()
    height, width = images.shape[2:]
    side = patch.shape[2]
    rows = slice(max(0, top), max(0, min(height, top + side)))
    columns = slice(max(0, left), max(0, min(width, left + side)))
    own = (
        ...,
        slice(rows.start - top, rows.stop - top),
        slice(columns.start - left, columns.stop - left),
    )
    place = out[..., rows, columns]
    out[..., rows, columns] = torch.where(mask[own] > 0, patch[own], place)
    return out


def whole(centre: float, side: int) -> int:
    """The first pixel of a patch whose centre is nearest to ``centre``, in pixels from the rim."""
    return math.floor(centre - side / 2 + 0.5)
