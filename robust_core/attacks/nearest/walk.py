"""What FMN, DDN and sigma-zero share: a walk of so many steps that keeps the nearest success."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.base import LARGEST, Attack
from robust_core.attacks.margins import Look, across, look
from robust_core.attacks.nearest.best import Nearest, annealed
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.parameters import parameter

LAST = 0.01
"""The last step, as a share of the first."""


def step_parameter(default: float, length: str = "an L2 length") -> float:
    """The length of the first step."""
    return parameter(
        default,
        f"First step, {length}; falls to a hundredth.",
        above=0.0,
        high=LARGEST,
        unit="[0, 1]",
    )


@dataclass
class Walk(Rows):
    """Pictures on their way: where they are in the batch, clean and now, and the radii ``eps`` ``[n]``.

    Sigma-zero has a threshold instead of a radius.
    """

    rows: Tensor
    images: Tensor
    x: Tensor
    eps: Tensor


@dataclass(frozen=True, kw_only=True)
class Walking(Attack):
    """Base of attacks of a fixed number of steps, each with a radius and a step along the gradient.

    Returns the nearest picture seen that reached the goal, or the clean one if there was none. A picture
    that is there at no distance takes one pass.
    """

    steps: int = parameter(100, "Number of steps.", low=1, high=100_000)
    step_size: float = step_parameter(1.0)

    @property
    def observations(self) -> int:
        return self.steps

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        best = Nearest(images)
        rows = torch.arange(len(images), device=images.device)
        now = Walk(rows, images, images.clone(), torch.zeros_like(best.distance))
        own = aim
        for k in range(self.steps):
            with oracle.within(now.rows):
                now.x = oracle.keep(now.x)
                seen = self.see(oracle, now.x, own, k)
            reached = across(seen.logits, own, seen.ahead)
            length = self.length(now.x - now.images)
            best.offer(now.rows, now.x, length, reached)
            if k + 1 == self.steps:
                break
            self.advance(now, seen, reached, best.distance[now.rows], k)
            if k == 0 and reached.any():
                now = now[~reached]
                own = aim[now.rows]
            if not len(now.rows):
                break
        return best.x

    def see(self, oracle: Oracle, x: Tensor, aim: Aim, k: int) -> Look:
        """One pass at ``x``; after the last step nobody needs the gradient."""
        if k + 1 < self.steps:
            return look(oracle, x, aim)
        logits = oracle.logits(x, aim)
        oracle.record(x, aim, "margin", logits)
        ahead = aim.margin(logits)
        return Look(ahead, x, logits, ahead)

    def advance(self, now: Walk, seen: Look, reached: Tensor, nearest: Tensor, k: int) -> None:
        """Step ``k``: the next radii and iterates. ``nearest`` is the least distance so far."""
        raise NotImplementedError

    def size(self, k: int) -> float:
        """Length of step ``k``, from 0."""
        return annealed(1, LAST, k, self.steps) * self.step_size

    def length(self, change: Tensor) -> Tensor:
        """Distance of a change from none, ``[n]``: what is to be small."""
        raise NotImplementedError
