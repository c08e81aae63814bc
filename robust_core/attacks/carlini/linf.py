"""Carlini and Wagner's Linf attack: a bound on every value, tightened as long as the attack succeeds."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import per_picture
from robust_core.attacks.carlini.l2 import LEAVING, REACHING, Adam, Carlini, Nearest
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.parameters import automatic, parameter

LARGEST_CONST = 1e10
TIGHTEN = 0.95
LEAST_BOUND = 1e-5
WIDER = 1.5
"""The first bound, as a multiple of what a linear model needs."""
SHARE = 0.05
"""The first constant, as a share of the one at which the classes pull as hard on the average value as the
bound does on a value beyond it."""
LARGER = 4.0
LARGEST = 16.0
"""A constant that fails grows by the first factor, at most to the second in all."""


RULE = (
    r"\min_\delta\; c \cdot f(x + \delta) + \sum_i \max(|\delta_i| - \tau, 0),"
    r"\quad \tau \leftarrow 0.95\,\lVert\delta\rVert_\infty"
)


@dataclass
class Search(Rows):
    """Each picture's bound (tau), constant, and the largest constant to try: all ``[N]``."""

    bound: Tensor
    const: Tensor
    largest: Tensor

    def next(self, won: Tensor, lost: Tensor, size: Tensor, found: Tensor) -> None:
        """After a round: ``won`` within ``size``, or ``lost``; ``found``: there was a success before."""
        both = lost & ~found & (self.bound < 1)
        wider = torch.where(both, (2 * self.bound).clamp_max(1), self.bound)
        self.bound = torch.where(won, TIGHTEN * size, wider)
        self.const = torch.where(lost, LARGER * self.const, self.const)
        self.largest = torch.where(both, LARGER * self.largest, self.largest)

    def goes_on(self) -> Tensor:
        """Which pictures have another bound or constant to try."""
        return (self.bound > LEAST_BOUND) & (self.const <= self.largest)


@dataclass(frozen=True, kw_only=True)
class CWLinf(Carlini):
    """Carlini and Wagner's Linf attack (2017, section VI.C).

    Minimises ``const * max(confidence - margin, 0) + sum_i max(|x'_i - x_i| - tau, 0)``: a penalty on
    the largest value alone would push one value back and forth. Once the goal is reached within tau,
    tau becomes 0.95 times the largest change, and the search goes on from there; where it is not
    reached in ``steps``, the constant grows fourfold, at most twice; as long as there was no success, tau
    doubles as well, as often as needed. The step of Adam shrinks with tau.

    The authors start from a tau of 1, fix the step and double the constant from 1e-5 to 20. Here the first
    pass tells how far a linear model would have to go, and how steep it is: the first tau and constant
    follow from that, so that neither the scale of the logits nor that of the distance matters, and no
    rounds are spent on bounds that are far too wide (``benchmarks/minimum_norm.py --attack cw-linf`` counts
    the passes).

    Returns the successful picture with the smallest Linf change, or the clean one if there was none.
    """

    name = "cw-linf"
    title = "Carlini-Wagner (Linf)"
    summary = "Tightens a bound on every value for as long as the network is fooled."
    equation, equation_towards = RULE + LEAVING, RULE + REACHING
    norm = "linf"

    steps: int = parameter(60, "Maximum number of steps within one bound.", low=1, high=100_000)
    learning_rate: float = parameter(
        0.1, "Step of Adam, as a share of the bound.", above=0.0, high=10.0
    )
    initial_const: float | None = automatic(
        "Initial weight of the classes against the bound; empty: by the slope of a linear model.",
        LARGEST_CONST,
    )
    rounds: int = parameter(
        100, "Maximum number of pairs of bound and constant to try.", low=1, high=10_000
    )

    @property
    def observations(self) -> int:
        return self.rounds * self.steps

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        rows = torch.arange(len(images), device=images.device)
        rounds = torch.zeros_like(rows)
        nearest = Nearest(images)
        adam = Adam.at(images)
        search = None
        while len(rows):
            x, slope, lack, uphill, reached = self.visit(oracle, adam.w, rows, aim)
            if search is None:
                search = self.first_guess(lack, uphill)
            delta = x - images[rows]
            size = delta.abs().flatten(1).amax(1)
            nearest.offer(rows, x, size, reached)
            over = delta.abs() > per_picture(search.bound, delta)
            gradient = self.downhill(uphill, search.const, lack) + delta.sign() * over
            adam.step(gradient * slope, self.learning_rate * search.bound)
            won = reached & (size <= search.bound)
            lost = ~won & (adam.age >= self.steps)
            if (won | lost).any():
                search.next(won, lost, size, nearest.distance[rows].isfinite())
                # From the last success, or from the clean picture where there was none.
                adam.restart(won | lost, nearest.x[rows[won | lost]])
                rounds = rounds + (won | lost)
                on = search.goes_on() & (rounds < self.rounds)
                rows, adam, search, rounds = rows[on], adam[on], search[on], rounds[on]
        return nearest.x

    def first_guess(self, lack: Tensor, uphill: Tensor) -> Search:
        """The first bound and constant of each picture, from its first pass."""
        slope = uphill.abs().flatten(1)
        bound = (WIDER * lack / slope.sum(1)).nan_to_num(nan=1.0, posinf=1.0)
        mean = slope.sum(1) / (slope > 0).sum(1)
        const = (SHARE / mean).nan_to_num(nan=1.0, posinf=1.0).clamp_max(LARGEST_CONST)
        if self.initial_const is not None:
            const.fill_(self.initial_const)
        return Search(bound.clamp_(LEAST_BOUND, 1), const, LARGEST * const)
