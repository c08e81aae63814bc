"""HopSkipJump: the direction of the boundary estimated from labels, a step along it, and back."""

import math
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, l2_norm, per_picture
from robust_core.attacks.black_box.hunt import Prey, Search
from robust_core.attacks.black_box.labels import ByLabels, Way
from robust_core.papers import CHEN
from robust_core.parameters import automatic, parameter

PRECISION = 0.01
"""Without a gamma bisection ends within this over sqrt(d) of the distance, in both norms."""
PROBES = (
    r"\hat g = \sum_{b=1}^{B} (\phi_b - \bar\phi)\,u_b,\quad \phi_b = \pm 1\ \text{as}\ x_t +"
    r" \delta u_b\ "
)
L2_STEP = r" x_{t+1} = \mathrm{bisect}\big(x,\ x_t + \xi_t\,\hat g / \lVert\hat g\rVert_2\big)"
LINF_STEP = r" x_{t+1} = \mathrm{bisect}\big(x,\ x_t + \xi_t\,\mathrm{sign}(\hat g)\big)"


def estimate(directions: Tensor, reached: Tensor) -> Tensor:
    """The direction ``[C, H, W]`` across: sum of (phi_b - mean) u_b (Chen et al., 2020, eq. 16).

    ``directions`` ``[B, C, H, W]`` are the u_b, ``reached`` bool ``[B]`` whether a view that far from the
    boundary was beyond the goal: phi_b = 1, else -1. Where all are alike, their mean, with that sign.
    """
    phi = torch.where(reached, 1.0, -1.0).to(directions)
    centred = phi if reached.all() or not reached.any() else phi - phi.mean()
    return torch.einsum("b,b...->...", centred, directions)


@dataclass(frozen=True, kw_only=True)
class HopSkipJump(ByLabels):
    """HopSkipJumpAttack in L2 (Chen et al., 2020, algorithm 2).

    From a view at the boundary, found by bisection, ``samples * sqrt(t)`` probes around it tell the
    direction across the boundary. A step of ``distance / sqrt(t)`` along it is halved until it is beyond
    the goal; then bisection leads back to the boundary. Each iteration needs more probes than the last.

    Bisection ends within a share of the distance, and probes are sqrt(d) times as far away, d being the
    number of values: so that one reaches about as far across the boundary as the view may be off. The
    paper's share is ``1 / d^1.5``, so that probes are at ``1 / d`` of the distance. Ours is
    ``0.01 / sqrt(d)``, as in ART: probes at 1 %, and fewer queries for each bisection of large pictures.
    ``python benchmarks/choices.py --only hopskipjump hopskipjump-linf`` compares them.
    """

    name = "hopskipjump"
    title = "HopSkipJump"
    summary = (
        "Estimates the direction across the boundary from labels, steps along it, and goes back."
    )
    equation = PROBES + r"\text{is adversarial or not},\quad" + L2_STEP
    equation_towards = PROBES + r"\text{is of class } t\text{ or not},\quad" + L2_STEP
    paper = CHEN

    samples: int = parameter(100, "Number of probes in the first iteration.", low=2, high=10_000)
    gamma: float | None = automatic(
        "Sets the distance of the probes and the precision of the bisection; 1 in the paper. Empty: they"
        " follow the distance.",
        1000.0,
    )
    power = 1.5
    """Of d, which gamma is divided by."""

    def search(self, prey: Prey, x: Tensor) -> Search:
        for t in count(1):
            distance = self.length(x - prey.image)
            if distance <= TINY:
                return
            far = self.reach(prey, distance)
            number = min(10_000, int(self.samples * math.sqrt(t)))
            directions = self.directions(prey, number)
            probes = prey.allowed(x + far * directions)
            reached = yield probes
            directions = (probes - x) / far
            way = self.unit(estimate(directions[: len(reached)], reached))
            x = yield from self.step(prey, x, way, distance / math.sqrt(t))
            x = yield from self.approach(prey, x, self.precision(prey))

    def precision(self, prey: Prey) -> float:
        """How near to the boundary bisection comes, as a share of the distance."""
        size = prey.image.numel()
        return PRECISION / math.sqrt(size) if self.gamma is None else self.gamma / size**self.power

    def reach(self, prey: Prey, distance: float) -> float:
        """How far a probe is from the view at the boundary, in L2."""
        return distance * self.precision(prey) * prey.image.numel() ** (self.power - 1)

    def directions(self, prey: Prey, number: int) -> Tensor:
        """Random directions of L2 length 1, ``[number, C, H, W]``."""
        drawn = prey.within(prey.normal(number, *prey.image.shape))
        return drawn / per_picture(l2_norm(drawn).clamp_min(TINY), drawn)

    def unit(self, estimate: Tensor) -> Tensor:
        """The step of length 1 in the norm of the attack along an estimate."""
        return estimate / estimate.norm().clamp_min(TINY)

    def step(self, prey: Prey, x: Tensor, way: Tensor, size: float) -> Way:
        """The step along ``way``, halved until it ends beyond the goal; ``x`` where it vanishes."""
        while True:
            ahead = prey.allowed(x + size * way)
            if ahead.equal(x):
                return x
            shown, reached = yield from prey.view(ahead)
            if reached:
                return shown
            size /= 2


@dataclass(frozen=True, kw_only=True)
class HopSkipJumpLinf(HopSkipJump):
    """HopSkipJumpAttack in Linf (Chen et al., 2020, algorithm 2): the step is the sign of the estimate.

    The way back to the boundary shrinks the cube around the picture in which every value is held. Bisection
    ends within ``1 / d^2`` of the distance in the paper, ``0.01 / sqrt(d)`` here, and probes are d times as
    far away.
    """

    name = "hopskipjump-linf"
    title = "HopSkipJump (Linf)"
    summary = "HopSkipJump with steps that move every value equally far."
    equation = PROBES + r"\text{is adversarial or not},\quad" + LINF_STEP
    equation_towards = PROBES + r"\text{is of class } t\text{ or not},\quad" + LINF_STEP
    norm = "linf"
    power = 2.0

    def unit(self, estimate: Tensor) -> Tensor:
        return estimate.sign()

    def between(self, prey: Prey, x: Tensor, share: float) -> Tensor:
        change = x - prey.image
        radius = share * self.length(change)
        return prey.image + change.clamp(-radius, radius)
