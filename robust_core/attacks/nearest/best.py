"""The nearest adversarial picture seen so far, for each picture of a batch; and how steps shrink."""

import math

import torch
from torch import Tensor


class Nearest:
    """The nearest picture that reached the goal so far, for each of N pictures.

    ``x`` ``[N, C, H, W]``, the clean picture where none did, and its ``distance`` ``[N]``, infinite there.
    """

    def __init__(self, images: Tensor) -> None:
        self.x = images.clone()
        self.distance = torch.full_like(images.flatten(1)[:, 0], torch.inf)

    def offer(self, rows: Tensor, x: Tensor, distance: Tensor, reached: Tensor) -> None:
        """Candidates ``x`` for the pictures ``rows`` (indices): those that ``reached`` the goal may win."""
        closer = (reached & (distance < self.distance[rows])).nonzero().squeeze(1)
        if len(closer):
            won = rows[closer]
            self.x[won] = x[closer]
            self.distance[won] = distance[closer]


def annealed(first: float, last: float, step: int, steps: int) -> float:
    """From ``first`` to ``last`` along half a cosine; ``step`` counts from 0."""
    return last + (first - last) * (1 + math.cos(math.pi * step / steps)) / 2
