"""NES: a gradient estimated from scores, by pairs of probes at opposite sides of the picture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.attempts import Best
from robust_core.attacks.balls import LinfBall, per_picture
from robust_core.attacks.base import LARGEST, Attack
from robust_core.attacks.black_box.draws import Draws, ask, queries_parameter, seed_parameter
from robust_core.attacks.gradient import LINF_EPS, eps_parameter
from robust_core.attacks.knowledge import SCORES
from robust_core.attacks.losses import ascended
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import ILYAS
from robust_core.parameters import parameter

PLATEAU = 5
"""Steps without progress after which the step is shortened,"""
DROP = 2.0
"""by this factor,"""
LEAST = 200.0
"""to this fraction of the first at least (the authors' code: 0.01, then 0.00005)."""


@dataclass
class Climb(Rows):
    """The pictures under way: where they are, their mean gradient, their step, and the losses passed.

    ``recent`` ``[n, PLATEAU]`` are the last losses, the latest first, minus infinite where there was none.
    """

    rows: Tensor
    x: Tensor
    mean: Tensor
    size: Tensor
    recent: Tensor

    def seen(self, loss: Tensor, first: float) -> None:
        """Shorten the steps of the pictures that have not gone up in ``PLATEAU`` steps."""
        stuck = (loss <= self.recent[:, -1]) & self.recent[:, -1].isfinite()
        self.size = torch.where(stuck, (self.size / DROP).clamp_min(first / LEAST), self.size)
        self.recent = torch.cat([loss[:, None], self.recent[:, :-1]], 1)
        self.recent[stuck] = -torch.inf


def estimate(x: Tensor, directions: Tensor, values: Tensor, sigma: float) -> Tensor:
    """The gradient at ``x`` ``[n, ...]`` (Ilyas et al., 2018, algorithm 1).

    ``directions`` ``[n, m, ...]`` are m directions u; ``values`` ``[n, m, 2]`` those at ``x + sigma u`` and
    ``x - sigma u``.
    """
    slope = (values[..., 0] - values[..., 1]) / (2 * sigma * directions.shape[1])
    slope = slope.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0).to(x.dtype)
    return torch.einsum("nm,nm...->n...", slope, directions)


@dataclass(frozen=True, kw_only=True)
class NES(Attack):
    """Natural evolution strategies in Linf (Ilyas et al., 2018, algorithms 1 and 2, full information).

    Each step estimates the gradient of the loss from ``samples`` probes, half of them opposite to the other
    half, and moves every value by the step size along the sign of its running mean. The step is halved
    where the loss has not risen for 5 steps. Probes stay in [0, 1].

    The loss is the log-odds of the class, which has the direction of the cross-entropy's gradient but does
    not underflow. Queries: one for each iterate, which shows whether the goal is reached, and ``samples``
    for each step; the last step makes do with what the budget leaves. The best iterate is returned.
    """

    name = "nes"
    title = "NES"
    summary = "Estimates the gradient from the scores of random probes, in opposite pairs."
    equation = (
        r"\hat g = \frac{1}{n \sigma}\sum_{i=1}^{n/2} u_i\,\big(J(x + \sigma u_i, y) - J(x - \sigma u_i, y)"
        r"\big),\quad u_i \sim N(0, I),\quad x \leftarrow \Pi\big(x + \alpha\,\mathrm{sign}(\hat g)\big)"
    )
    equation_towards = (
        r"\hat g = \frac{1}{n \sigma}\sum_{i=1}^{n/2} u_i\,\big(J(x + \sigma u_i, t) - J(x - \sigma u_i, t)"
        r"\big),\quad u_i \sim N(0, I),\quad x \leftarrow \Pi\big(x - \alpha\,\mathrm{sign}(\hat g)\big)"
    )
    paper = ILYAS
    knowledge = SCORES

    eps: float = eps_parameter(LINF_EPS, "linf")
    max_queries: int = queries_parameter(5000)
    samples: int = parameter(50, "Probes for one gradient, in pairs.", low=2, high=10_000)
    sigma: float = parameter(
        0.001, "Distance of a probe, as the standard deviation of each value.", above=0.0, high=1.0
    )
    step_size: float = parameter(
        0.01, "Length of the first steps.", above=0.0, high=LARGEST, unit="[0, 1]"
    )
    momentum: float = parameter(0.9, "Weight of the earlier gradients.", low=0.0, high=0.999)
    seed: int = seed_parameter()

    @property
    def observations(self) -> int:
        """The picture itself, and an iterate for each step."""
        pairs = 2 * (self.samples // 2)
        steps, rest = divmod(self.max_queries - 1, pairs + 1)
        return 1 + steps + (rest >= 3)

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        ball = LinfBall(images, self.eps, oracle.free)
        draws = Draws(images, self.seed)
        best = Best(images)
        every = torch.arange(len(images), device=images.device)
        recent = images.new_full((len(images), PLATEAU), -torch.inf)
        size = images.new_full((len(images),), self.step_size)
        climb = Climb(every, images, torch.zeros_like(images), size, recent)
        left = oracle.budget(self.max_queries)
        while left:
            going = self._look(oracle, climb, aim, best)
            left -= 1
            pairs = min(self.samples, left - 1) // 2
            climb = climb[going]
            if pairs < 1 or not len(climb.rows):
                break
            gradient = self._gradient(oracle, climb, aim, draws, pairs)
            left -= 2 * pairs
            climb.mean = self.momentum * climb.mean + (1 - self.momentum) * gradient
            climb.x = ball[climb.rows].step(climb.x, climb.mean, climb.size)
        return best.x

    def _look(self, oracle: Oracle, climb: Climb, aim: Aim, best: Best) -> Tensor:
        """Ask about the iterates; bool ``[n]``, which of them have not reached the goal."""
        rows, own = climb.rows, aim[climb.rows]
        with oracle.within(rows):
            logits = oracle.logits(climb.x, own)
            oracle.count("iterations")
            reached = own.success(logits)
            best.offer(rows, climb.x, own.margin(logits), reached)
            climb.seen(ascended("ce", own, logits).to(climb.x.dtype), self.step_size)
            if oracle.recording:
                oracle.note(best.value[rows], best.reached[rows])
                oracle.observe(climb.x, best.value[rows])
        return ~reached

    def _gradient(self, oracle: Oracle, climb: Climb, aim: Aim, draws: Draws, pairs: int) -> Tensor:
        x, rows = climb.x, climb.rows
        directions = draws.normal(rows, (pairs, *x.shape[1:]), x)
        with oracle.within(rows):
            free = oracle.free
        if free is not None:
            directions = directions * free.unsqueeze(1)
        signs = per_picture(torch.tensor([1.0, -1.0], dtype=x.dtype, device=x.device), x)
        probes = x[:, None, None] + self.sigma * signs * directions[:, :, None]
        asked = rows.repeat_interleave(2 * pairs)
        logits = ask(oracle, probes.flatten(0, 2).clamp_(0, 1), asked, aim)
        values = ascended("ce", aim[asked], logits).view(len(rows), pairs, 2)
        return estimate(x, directions, values, self.sigma)
