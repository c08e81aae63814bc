"""Boundary: a random walk along the boundary that comes nearer to the picture with every step it keeps."""

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import count

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, per_picture
from robust_core.attacks.black_box.hunt import Driver, Prey
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


@dataclass
class Steps:
    """Both steps of one picture, as shares of its distance, and how often moves of them were kept."""

    sideways: float
    towards: float
    spheres: Rate = field(default_factory=lambda: Rate(10))
    moves: Rate = field(default_factory=lambda: Rate(20))

    @property
    def turn(self) -> tuple[float, float]:
        """How much of the change, and of a direction as long to its side, there is in the turned change."""
        longer = math.sqrt(1 + self.sideways**2)
        return 1 / longer, self.sideways / longer

    def turned(self, kept: bool) -> None:
        """The sideways part alone was beyond the goal, or not."""
        factor = self.spheres(kept, 0.2, 0.5)
        self.sideways, self.towards = min(1.0, self.sideways * factor), self.towards * factor

    def moved(self, kept: bool) -> None:
        """A whole move was."""
        self.towards = min(0.5, self.towards * self.moves(kept, 0.1, 0.25))


def at(images: Tensor, change: Tensor, aside: Tensor, shares: Tensor) -> Tensor:
    """Each picture with so much of its change and of the direction aside; ``shares`` ``[n, 2]``."""
    along, across = (per_picture(each, images) for each in shares.unbind(1))
    return images.addcmul(change, along).addcmul_(aside, across)


@dataclass(frozen=True, kw_only=True)
class Boundary(ByLabels):
    """The boundary attack (Brendel et al., 2018, algorithm 1 and section 2.3).

    A move goes sideways by ``spherical_step`` of the distance, in a random direction on the sphere around
    the picture, and then towards the picture by ``source_step`` of it. It is kept if it ends beyond the
    goal, so that the distance never grows. Both steps adapt: the first so that about half of the sideways
    moves alone stay beyond the goal, the second to the share of whole moves that do. A sideways move that
    clipping to [0, 1] brings nearer is kept as well. The walk begins where bisection from the start meets
    the boundary.
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

    def hunt(self, driver: Driver) -> None:
        driver.run([self.begin(each) for each in driver.prey])
        self.walk(driver)

    def walk(self, driver: Driver) -> None:
        """Move all pictures in step, each from its nearest view beyond the goal, by steps of its own."""
        rows = driver.distance.isfinite().nonzero().squeeze(1)
        steps = {i: Steps(self.spherical_step, self.source_step) for i in rows.tolist()}
        images = driver.images[rows]
        change = driver.best[rows] - images
        for number in count(1):
            before = driver.distance[rows]
            going = [
                place
                for place, (i, far) in enumerate(zip(rows.tolist(), before.tolist(), strict=True))
                if driver.prey[i].left and far > TINY and steps[i].towards > END
            ]
            if not going:
                return
            if len(going) < len(rows):
                rows, images, change, before = (
                    each[going] for each in (rows, images, change, before)
                )
            own = [steps[i] for i in rows.tolist()]
            aside = self.aside([driver.prey[i] for i in rows.tolist()], change)
            turn = change.new_tensor([each.turn for each in own])
            if number % EVERY == 0:
                reached = driver.view(rows, at(images, change, aside, turn))
                for each, kept in zip(own, reached.tolist(), strict=True):
                    each.turned(kept)
            left = turn.new_tensor([[1 - each.towards] for each in own])
            reached = driver.view(rows, at(images, change, aside, turn * left))
            for each, kept in zip(own, reached.tolist(), strict=True):
                each.moved(kept)
            nearer = (driver.distance[rows] < before).nonzero().squeeze(1)
            change[nearer] = driver.best[rows[nearer]] - images[nearer]

    def aside(self, prey: list[Prey], change: Tensor) -> Tensor:
        """A random direction ``[n, C, H, W]`` for each change, at right angles to it and as long."""
        noise = torch.stack([each.within(each.normal(*each.image.shape)) for each in prey])
        distance = self.size(change)
        along = torch.linalg.vecdot(noise.flatten(1), change.flatten(1))
        noise.addcmul_(change, per_picture(-along / distance**2, change))
        return noise.mul_(per_picture(distance / self.size(noise).clamp_min(TINY), noise))
