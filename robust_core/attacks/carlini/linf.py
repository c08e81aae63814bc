"""Carlini and Wagner's Linf attack: a bound on every value, tightened as long as the attack succeeds."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import per_picture
from robust_core.attacks.carlini.l2 import LEAVING, REACHING, Adam, Carlini, to_box
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.parameters import parameter

TIGHTEN = 0.9
LEAST_BOUND = 1e-5
LARGEST_CONST = 20.0


RULE = (
    r"\min_\delta\; c \cdot f(x + \delta) + \sum_i \max(|\delta_i| - \tau, 0),"
    r"\quad \tau \leftarrow 0.9\,\lVert\delta\rVert_\infty"
)


@dataclass(frozen=True, kw_only=True)
class CWLinf(Carlini):
    """Carlini and Wagner's Linf attack (2017, section VI.C).

    Minimises ``const * max(confidence - margin, 0) + sum_i max(|x'_i - x_i| - tau, 0)``: a penalty on
    the largest value alone would push one value back and forth. Once the goal is reached within tau,
    tau becomes 0.9 times the largest change, and the search goes on from there; where it is not
    reached in ``steps``, the constant doubles, up to 20. The step of Adam shrinks with tau (theirs is
    fixed), so that it is fine enough for a network fooled at 0.003 and for one fooled at 0.3. Returns
    the successful picture with the smallest Linf change, or the clean one if there was none.
    """

    name = "cw-linf"
    title = "Carlini-Wagner (Linf)"
    summary = "Tightens a bound on every value for as long as the network is fooled."
    equation = RULE + LEAVING
    equation_towards = RULE + REACHING
    norm = "linf"

    steps: int = parameter(100, "Most steps within one bound.", low=1, high=100_000)
    learning_rate: float = parameter(
        0.1, "Step of Adam, as a share of the bound.", above=0.0, high=10.0
    )
    initial_const: float = parameter(
        0.1, "Initial weight of the classes against the bound.", above=0.0, high=LARGEST_CONST
    )
    rounds: int = parameter(100, "Most pairs of bound and constant to try.", low=1, high=10_000)

    @property
    def observations(self) -> int:
        return self.rounds * self.steps

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        best = images.clone()
        smallest = torch.full_like(images.flatten(1)[:, 0], torch.inf)
        rows = torch.arange(len(images), device=images.device)
        adam = Adam.at(images)
        bound = torch.ones_like(smallest)
        const = torch.full_like(bound, self.initial_const)
        rounds = torch.zeros_like(rows)
        while len(rows):
            x, slope = to_box(adam.w)
            with oracle.within(rows):
                x = oracle.keep(x)
                lack, uphill, reached = self.ask(oracle, x, aim[rows])
            delta = x - images[rows]
            size = delta.abs().flatten(1).amax(1)
            closer = reached & (size < smallest[rows])
            best[rows[closer]] = x[closer]
            smallest[rows[closer]] = size[closer]
            over = delta.abs() > per_picture(bound, delta)
            gradient = self.downhill(uphill, const, lack) + delta.sign() * over
            adam.step(gradient * slope, self.learning_rate * bound)
            won = reached & (size <= bound)
            lost = ~won & (adam.age >= self.steps)
            if (won | lost).any():
                bound = torch.where(won, TIGHTEN * size, bound)
                const = torch.where(lost, 2 * const, const)
                # From the last success, or from the clean picture where there was none.
                adam.restart(won | lost, best[rows[won | lost]])
                rounds = rounds + (won | lost)
                on = (bound > LEAST_BOUND) & (const <= LARGEST_CONST) & (rounds < self.rounds)
                rows, adam, bound = rows[on], adam[on], bound[on]
                const, rounds = const[on], rounds[on]
        return best
