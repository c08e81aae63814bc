"""Decoupled direction and norm (DDN): the gradient turns the change, a rule of its own sets its length."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, l2_norm, per_picture
from robust_core.attacks.base import LARGEST
from robust_core.attacks.margins import Look, least
from robust_core.attacks.nearest.walk import Walk, Walking
from robust_core.papers import RONY
from robust_core.parameters import automatic, parameter

RULE = (
    r"\delta_{k+1} = \varepsilon_{k+1}\,\frac{\delta_k + \alpha_k g}{\lVert\delta_k + \alpha_k g\rVert_2},"
    r"\quad g = \frac{\nabla L}{\lVert\nabla L\rVert_2},"
    r"\quad\varepsilon_{k+1} = (1 \mp \gamma)\,\varepsilon_k"
)
LEAVING = r",\quad L = \max_{i \ne y} Z_i - Z_y"
REACHING = r",\quad L = Z_t - \max_{i \ne t} Z_i"


@dataclass(frozen=True, kw_only=True)
class DDN(Walking):
    """Decoupled direction and norm, L2 (Rony et al., 2019, algorithm 1), up the margin of the goal.

    The paper goes up the cross-entropy and starts from a length of 1; here it goes up the margin, and
    starts from what the linearised network needs (``benchmarks/choices.py --only ddn`` compares the two
    starts). Changes are not rounded to 8 bits.
    """

    name = "ddn"
    title = "DDN (L2)"
    summary = (
        "Turns the change by the gradient, and sets its length by whether the last one sufficed."
    )
    equation = RULE + LEAVING
    equation_towards = RULE + REACHING
    paper = RONY
    norm = "l2"

    gamma: float = parameter(
        0.05, "Share by which the length changes at each step.", above=0.0, high=0.99
    )
    initial_norm: float | None = automatic(
        "First length; empty: what the linearised network needs. The paper's is 1.",
        LARGEST,
        "[0, 1]",
    )

    def advance(self, now: Walk, seen: Look, reached: Tensor, nearest: Tensor, k: int) -> None:
        if k == 0:
            now.eps = self.first(seen)
        now.eps = torch.where(reached, now.eps * (1 - self.gamma), now.eps * (1 + self.gamma))
        step = self.size(k) / l2_norm(seen.uphill).clamp_min_(TINY)
        change = now.x - now.images
        change = torch.addcmul(change, seen.uphill, per_picture(step, change))
        longer = now.eps / l2_norm(change).clamp_min_(TINY)
        now.x = torch.addcmul(now.images, change, per_picture(longer, change)).clamp_(0, 1)

    def first(self, seen: Look) -> Tensor:
        lack = 2 * least(seen.logits) - seen.margin
        guess = (lack / l2_norm(seen.uphill)).nan_to_num(nan=1.0, posinf=1.0)
        return guess if self.initial_norm is None else guess.fill_(self.initial_norm)

    def length(self, change: Tensor) -> Tensor:
        return l2_norm(change)
