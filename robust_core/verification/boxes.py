"""What a perturbed picture may be: a ball around the picture, within the pixels' own range."""

from dataclasses import dataclass

import torch
from torch import Tensor

LINF, L2 = "linf", "l2"
NORMS = (LINF, L2)


@dataclass(frozen=True)
class Ball:
    """All pictures in [0, 1] within ``eps`` ``[N]`` of ``centre`` ``[N, C, H, W]`` in a norm.

    ``low`` and ``high`` are the smallest box around it: the ball itself for Linf.
    """

    centre: Tensor
    eps: Tensor
    norm: str = LINF

    @property
    def low(self) -> Tensor:
        return (self.centre - self._sides).clamp(min=0)

    @property
    def high(self) -> Tensor:
        return (self.centre + self._sides).clamp(max=1)

    @property
    def _sides(self) -> Tensor:
        return self.eps.view(-1, *[1] * (self.centre.ndim - 1))

    def __len__(self) -> int:
        return len(self.centre)

    def __getitem__(self, rows: Tensor | slice) -> "Ball":
        return Ball(self.centre[rows], self.eps[rows], self.norm)

    def least(self, rows: Tensor, pictures: Tensor | None = None) -> Tensor:
        """The least value of linear forms ``rows`` ``[R, C, H, W]`` over the ball, ``[R]``.

        ``pictures`` int64 ``[R]`` says whose ball each row is about; None: one row for each picture. In
        L2 it is the larger of the least over the ball and the least over its box: both are lower bounds.
        """
        low, high, centre, eps = self.low, self.high, self.centre, self.eps
        if pictures is not None:
            low, high, centre, eps = (x[pictures] for x in (low, high, centre, eps))
        in_box = least_in_box(rows, low, high)
        if self.norm == LINF:
            return in_box
        flat = rows.flatten(1)
        in_ball = (flat * centre.flatten(1)).sum(1) - eps * flat.norm(dim=1)
        return torch.maximum(in_box, in_ball)


def least_in_box(rows: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The least value of linear forms ``[R, ...]`` over boxes of the same shape, ``[R]``."""
    centre, radius = (low + high) / 2, (high - low) / 2
    return (rows * centre - rows.abs() * radius).flatten(1).sum(1)
