"""Warps: pictures seen through a homography, differentiable, batched, of any size and channels.

Coordinates are torch's: -1 and 1 are the outer edges of the first and last pixel, across first, then down.
A matrix maps a place in the result to the place in the picture whose colour it gets.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

CORNERS = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
"""Of a picture, clockwise from the top left."""
NEAREST = 1e-3
"""Least depth, as a share of that of the middle: what is nearer lies behind the eye and is not seen."""


def homography(start: Tensor, end: Tensor) -> Tensor:
    """Matrices ``[n, 3, 3]`` that take four points to four points, ``[n, 4, 2]`` each, in float64.

    No three points may lie on a line.
    """
    start, end = start.double(), end.double()
    x, y = start.unbind(-1)
    u, v = end.unbind(-1)
    one, none = torch.ones_like(x), torch.zeros_like(x)
    rows = torch.cat(
        [
            torch.stack([x, y, one, none, none, none, -u * x, -u * y], -1),
            torch.stack([none, none, none, x, y, one, -v * x, -v * y], -1),
        ],
        -2,
    )
    solved = torch.linalg.solve(rows, torch.cat([u, v], -1))
    return torch.cat([solved, torch.ones_like(solved[:, :1])], -1).view(-1, 3, 3)


def grid(matrices: Tensor, size: tuple[int, int], like: Tensor) -> Tensor:
    """Where each pixel of a result of ``size`` (height, width) looks, ``[n, H, W, 2]``, as ``like``."""
    height, width = size
    across = (torch.arange(width, dtype=torch.float64, device="cpu") + 0.5) * 2 / width - 1
    down = (torch.arange(height, dtype=torch.float64, device="cpu") + 0.5) * 2 / height - 1
    rows, columns = torch.meshgrid(down, across, indexing="ij")
    places = torch.stack([columns, rows, torch.ones_like(rows)], -1)
    seen = torch.einsum("nij,hwj->nhwi", matrices.double().cpu(), places)
    depth = seen[..., 2:]
    flat = seen[..., :2] / depth.clamp_min(NEAREST)
    return torch.where(depth < NEAREST, 10.0, flat).to(like.device, like.dtype)


def warp(
    images: Tensor,
    matrices: Tensor,
    size: tuple[int, int] | None = None,
    *,
    beyond: str = "border",
) -> Tensor:
    """Pictures ``[n, C, H, W]`` through ``matrices`` ``[n, 3, 3]``, bilinear.

    ``size`` of the result is by default that of the pictures. ``beyond`` the edge the edge itself goes on
    ("border"), or all is 0 ("zeros").
    """
    shape = (images.shape[2], images.shape[3]) if size is None else size
    places = grid(matrices, shape, images)
    return F.grid_sample(images, places, padding_mode=beyond, align_corners=False)
