"""Small random turns, scalings, shifts and changes of light of a batch, from an explicit generator."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.training.objectives.base import Rows, check


@dataclass(frozen=True, kw_only=True)
class Jitter:
    """How far each picture may be changed, where things must keep their sides: no mirror images.

    ``turn`` is the largest angle in degrees, to either side. ``zoom`` and ``light`` make a picture, and
    its values, up to ``1 + zoom`` and ``1 + light`` times as large or as small, uniformly on a logarithmic
    scale. ``shift`` is the largest shift along each axis, a share of the side. What comes in from outside
    continues the border. Raises ``ValueError`` for an angle that is not from 0 to 180, and for shares that
    are not from 0 to 1.
    """

    turn: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    light: float = 0.0

    def __post_init__(self) -> None:
        check("turn", self.turn, 0, 180)
        for name in ("zoom", "shift", "light"):
            check(name, getattr(self, name), 0, 1)

    def __call__(
        self, images: Tensor, generator: torch.Generator, own: Rows | None = None
    ) -> Tensor:
        """Changed pictures of ``images``, float32 ``[N, C, H, W]`` in [0, 1] on the CPU.

        They are the rows ``own`` of a batch (None: all of it), for which numbers are drawn.
        """
        n, _, height, width = images.shape
        own = own or Rows(0, n, n)
        drawn = 2 * _uniform(5, own.whole, generator) - 1
        angle, zoom, right, down, light = map(own.of, drawn)
        angle = angle * math.radians(self.turn)
        scale = (-zoom * math.log1p(self.zoom)).exp()
        cosine, sine = angle.cos() * scale, angle.sin() * scale
        # In units of half the width and half the height, where a turn of an oblong picture is no turn.
        shape = height / width
        rows = [cosine, -sine * shape, 2 * self.shift * right]
        rows += [sine / shape, cosine, 2 * self.shift * down]
        placing = torch.stack(rows, dim=1).view(n, 2, 3)
        grid = F.affine_grid(placing, list(images.shape), align_corners=False)
        moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
        factor = (light * math.log1p(self.light)).exp()
        return (moved * factor.view(n, 1, 1, 1)).clamp_(0, 1)


def _uniform(rows: int, n: int, generator: torch.Generator) -> Tensor:
    """Numbers in [0, 1), float32 ``[rows, n]``."""
    return torch.rand(rows, n, generator=generator, dtype=torch.float32, device="cpu")
