"""Boundary: a random walk along the boundary that comes nearer to the picture with every step it keeps."""

import math
from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY
from robust_core.attacks.black_box.hunt import Prey, Search
from robust_core.attacks.black_box.labels import ByLabels
from robust_core.papers import BRENDEL_BOUNDARY
from robust_core.parameters import parameter

EVERY = 5
"""How often the sideways part of a move is tested alone."""
FACTOR = 1.5
END = 1e-7
"""Where the step towards the picture is this share of the distance, the walk has converged."""


class Rate:
    """Whether the last ``length`` moves were kept."""

    def __init__(self, length: int) -> None:
        self.kept: deque[bool] = deque(maxlen=length)

    def __call__(self, kept: bool, low: float, high: float) -> float:
        """Record a move; the factor for the steps, as fewer or more moves than wanted are kept."""
        self.kept.append(kept)
        if len(self.kept) < (self.kept.maxlen or 0):
            return 1.0
        share = sum(self.kept) / len(self.kept)
        if low <= share <= high:
            return 1.0
        self.kept.clear()
        return FACTOR if share > high else 1 / FACTOR


@dataclass(frozen=True, kw_only=True)
class Boundary(ByLabels):
    """The boundary attack (Brendel et al., 2018, algorithm 1 and section 2.3).

    A move goes sideways by ``spherical_step`` of the distance, in a random direction on the sphere around
    the picture, and then towards the picture by ``source_step`` of it. It is kept if it ends beyond the
    goal, so that the distance never grows. Both steps adapt: the first so that about half of the sideways
    moves alone stay beyond the goal, the second to the share of whole moves that do. The walk begins where
    bisection from the start meets the boundary.
    """

    name = "boundary"
    title = "Boundary attack"
    summary = "A random walk along the boundary, ever nearer to the picture, by labels alone."
    equation = (
        r"x_{k+1} = x_k + \eta_k\ \text{if still adversarial},\quad \lVert x - x_k - \eta_k\rVert_2 ="
        r" (1 - \epsilon)\,\lVert x - x_k\rVert_2,\quad \lVert\eta_k^{\perp}\rVert_2 = \delta\,"
        r"\lVert x - x_k\rVert_2"
    )
    equation_towards = (
        r"x_{k+1} = x_k + \eta_k\ \text{if still of class } t,\quad \lVert x - x_k - \eta_k\rVert_2 ="
        r" (1 - \epsilon)\,\lVert x - x_k\rVert_2,\quad \lVert\eta_k^{\perp}\rVert_2 = \delta\,"
        r"\lVert x - x_k\rVert_2"
    )
    paper = BRENDEL_BOUNDARY

    spherical_step: float = parameter(
        0.01, "First sideways step, as a share of the distance.", above=0.0, high=1.0
    )
    source_step: float = parameter(
        0.01, "First step towards the picture, as a share of the distance.", above=0.0, high=0.5
    )

    def search(self, prey: Prey, x: Tensor) -> Search:
        sideways, towards = self.spherical_step, self.source_step
        spheres, moves = Rate(10), Rate(20)
        change = x - prey.image
        distance = self.length(change)
        number = 0
        while towards > END:
            turned = self.turned(prey, change, distance, sideways)
            if turned is None:
                return
            number += 1
            if number % EVERY == 0:
                _, reached = yield from prey.view(prey.image + turned)
                factor = spheres(reached, 0.2, 0.5)
                sideways, towards = min(1.0, sideways * factor), towards * factor
            shown, reached = yield from prey.view(prey.image.add(turned, alpha=1 - towards))
            if reached:
                nearer = shown - prey.image
                length = self.length(nearer)
                if length < distance:
                    change, distance = nearer, length
            towards = min(0.5, towards * moves(reached, 0.1, 0.25))

    def turned(self, prey: Prey, change: Tensor, distance: float, step: float) -> Tensor | None:
        """``change``, as long as before, about ``step`` of that to a random side; None: there is none."""
        if distance <= TINY:
            return None
        noise = prey.within(prey.normal(*change.shape))
        along = torch.dot(noise.flatten(), change.flatten()).item()
        noise = noise.sub(change, alpha=along / distance**2)
        length = self.length(noise)
        if length <= TINY:
            return None
        return change.add(noise, alpha=step * distance / length).div_(math.sqrt(1 + step**2))
