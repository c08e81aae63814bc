"""What query-based attacks share: each picture's own random numbers, and queries about many views."""

import math

import torch
from torch import Tensor

from robust_core.attacks.balls import own_generators
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.parameters import parameter

VALUES = 3 * 2**16
"""Pixel values that the CPU is asked about at once: 64 pictures of CIFAR-10. Larger batches are slower."""
TIMES = 32
"""How many times as many an accelerator is asked about."""


def queries_parameter(default: int) -> int:
    return parameter(
        default, "Query budget: the most forward passes for a picture.", low=1, high=1_000_000
    )


def seed_parameter() -> int:
    return parameter(0, "Seed of the random directions.", low=0, high=2**31 - 1)


class Draws:
    """A generator for each of N pictures, seeded by its own pixels: the same numbers in any batch.

    A picture's numbers depend on how many it has drawn before, and on nothing else.
    """

    def __init__(self, images: Tensor, seed: int) -> None:
        self.generators = list(own_generators(images, seed, 0))

    def normal(self, rows: Tensor, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Normal numbers ``[n, *shape]`` for the pictures ``rows`` ``[n]``; drawn on the CPU."""
        drawn = [
            torch.randn(shape, generator=self.generators[row], dtype=like.dtype, device="cpu")
            for row in rows.tolist()
        ]
        return torch.stack(drawn).to(like.device)


def ask(oracle: Oracle, x: Tensor, rows: Tensor, aim: Aim) -> Tensor:
    """Answers ``[R, K]`` about ``x`` ``[R, C, H, W]``, views of the pictures ``rows`` ``[R]``.

    In passes of a bounded size. A picture may be there several times: each is a query.
    """
    size = VALUES * (1 if x.device.type == "cpu" else TIMES) // math.prod(x.shape[1:])
    size = max(8, min(size, 4096))
    if len(x) <= size:
        with oracle.within(rows):
            return oracle.logits(x, aim[rows])
    parts = []
    for views, chosen in zip(x.split(size), rows.split(size), strict=True):
        with oracle.within(chosen):
            parts.append(oracle.logits(views, aim[chosen]))
    return torch.cat(parts)
