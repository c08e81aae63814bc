"""Auto-PGD: projected gradient ascent with momentum that chooses its own step size.

Croce, Hein (2020), section 3 and algorithm 1. The step starts at 2 eps. At checkpoints, closer and
closer together, the step is halved and the search returns to its best point if the loss rose in too
few of the last steps, or if the best loss has not improved. Each picture is judged on its own.
"""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.attempts import Best, best_restart, best_way
from robust_core.attacks.balls import L2Ball, LinfBall, per_picture
from robust_core.attacks.base import Attack
from robust_core.attacks.gradient import (
    L2_EPS,
    LINF_EPS,
    LOSS_NAMES,
    Ball,
    eps_parameter,
    loss_parameter,
)
from robust_core.attacks.losses import ascended
from robust_core.attacks.multitargeted import TowardsEach
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import CROCE
from robust_core.parameters import parameter

MOMENTUM = 0.75
RISES = 0.75
"""Share of steps that must raise the loss (rho)."""


def checkpoints(steps: int) -> list[int]:
    """The steps after which the step size is judged: ``ceil(p_j * steps)``, ascending.

    ``p_1 = 0.22``, ``p_{j+1} = p_j + max(p_j - p_{j-1} - 0.03, 0.06)`` (section 3.1), in hundredths.
    """
    before = 0
    share = 22
    marks = []
    while share <= 100:
        marks.append(-(-share * steps // 100))
        longer = max(share - before - 3, 6)
        before = share
        share += longer
    return sorted(set(marks))


@dataclass
class Path(Rows):
    """The state of each picture's search, in the paper's letters: ``x`` = x^(k), ``before`` = x^(k-1).

    ``value`` and ``gradient`` are those of the loss at ``x``; ``size`` is eta; ``top`` is x_max, with
    its loss and gradient. ``rises`` counts how often the loss has risen since the last checkpoint,
    ``mark`` is the best loss at that checkpoint, ``halved`` whether it halved the step.
    """

    x: Tensor
    before: Tensor
    value: Tensor
    gradient: Tensor
    size: Tensor
    top: Tensor
    top_value: Tensor
    top_gradient: Tensor
    rises: Tensor
    mark: Tensor
    halved: Tensor

    @classmethod
    def at(cls, x: Tensor, value: Tensor, gradient: Tensor, size: float) -> "Path":
        none = torch.zeros_like(value)
        sizes = x.new_full((len(x),), size)
        return cls(x, x, value, gradient, sizes, x, value, gradient, none, value, none.bool())

    def ahead(self, ball: Ball, first: bool) -> Tensor:
        """x^(k+1): a step up the gradient, then three quarters of it and a quarter of the last move."""
        z = ball.step(self.x, self.gradient, self.size)
        if first:
            return z
        return ball.project(
            self.x + MOMENTUM * (z - self.x) + (1 - MOMENTUM) * (self.x - self.before)
        )

    def arrive(self, x: Tensor, value: Tensor, gradient: Tensor) -> None:
        """Move on to the next iterate, ``x``."""
        self.rises = self.rises + (value > self.value)
        self.before = self.x
        self.x = x
        self.value = value
        self.gradient = gradient
        higher = value > self.top_value
        self.top = choose(higher, x, self.top)
        self.top_value = choose(higher, value, self.top_value)
        self.top_gradient = choose(higher, gradient, self.top_gradient)

    def check(self, steps: int) -> None:
        """Judge the last ``steps`` steps: conditions 1 and 2 of section 3.1."""
        stuck = self.rises < RISES * steps
        stuck |= ~self.halved & (self.top_value <= self.mark)
        self.size = choose(stuck, self.size / 2, self.size)
        self.x = choose(stuck, self.top, self.x)
        self.value = choose(stuck, self.top_value, self.value)
        self.gradient = choose(stuck, self.top_gradient, self.gradient)
        self.halved = stuck
        self.mark = self.top_value
        self.rises = torch.zeros_like(self.rises)


def choose(mask: Tensor, yes: Tensor, no: Tensor) -> Tensor:
    """``yes`` for the pictures in ``mask`` ``[N]``, ``no`` for the others."""
    return torch.where(per_picture(mask, yes), yes, no)


def auto_climb(
    oracle: Oracle, ball: Ball, x: Tensor, aim: Aim, *, steps: int, loss: str, leave: bool
) -> Tensor:
    """Auto-PGD from ``x``: the iterate of highest loss among those that reach the goal, else among all.

    With ``leave`` a picture's search ends once it reaches the goal. At most ``steps + 1`` forward and
    ``steps`` backward passes.
    """
    best = Best(x)
    marks = checkpoints(steps)
    rows = torch.arange(len(x), device=x.device)
    judged = 0
    path = None
    for k in range(steps + 1):
        with oracle.within(rows):
            value, reached, gradient = look(oracle, x, aim, loss, last=k == steps)
        best.offer(rows, x, value, reached)
        if path is None:
            path = Path.at(x, value, gradient, 2 * ball.eps)
        else:
            path.arrive(x, value, gradient)
        if k in marks:
            path.check(k - judged)
            judged = k
        if leave and reached.any():
            on = ~reached
            rows = rows[on]
            path = path[on]
            ball = ball[on]
            aim = aim[on]
            if not len(rows):
                break
        if k < steps:
            x = path.ahead(ball, first=k == 0)
    return best.x


def look(
    oracle: Oracle, x: Tensor, aim: Aim, loss: str, *, last: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The loss at ``x`` ``[N]``, whether the goal is reached ``[N]``, and the gradient (0 at the last)."""
    if last:
        gradient = torch.zeros_like(x)
        logits = oracle.logits(x)
        oracle.record(x, aim, loss, logits)
    else:
        gradient, logits = oracle.ascent(x, aim, loss)
    value = ascended(loss, aim, logits).to(x.dtype).nan_to_num(nan=-torch.inf)
    return value, aim.success(logits), gradient


NEXT = r" x^{k+1} = P_S\big(x^{k} + \tfrac34 (z - x^{k}) + \tfrac14 (x^{k} - x^{k-1})\big),"
LEAVING = r"\quad f(x) = L(\theta, x, y)"
REACHING = r"\quad f(x) = -L(\theta, x, t)"


@dataclass(frozen=True, kw_only=True)
class APGD(Attack):
    """Auto-PGD in Linf (Croce, Hein, 2020, algorithm 1).

    Starts at a random point of the ball, as our PGD does. Returns the iterate of highest loss among
    those that reached the goal, or among all where none did (the paper always takes it among all; the
    two differ only where the loss is not a margin). Restarts are run only for pictures that have not
    reached the goal; if all fail, the one with the highest margin is kept.

    Passes per picture: steps + 1 forward and steps backward; with more than one restart at most
    restarts * (steps + 2) forward, restarts * steps backward.
    """

    name = "apgd"
    title = "Auto-PGD"
    summary = "PGD that chooses its own step size: nothing to tune but the time."
    equation = (
        r"z = P_S\big(x^{k} + \eta^{k}\,\mathrm{sign}(\nabla f(x^{k}))\big),\quad" + NEXT + LEAVING
    )
    equation_towards = (
        r"z = P_S\big(x^{k} + \eta^{k}\,\mathrm{sign}(\nabla f(x^{k}))\big),\quad" + NEXT + REACHING
    )
    paper = CROCE
    ball: ClassVar[type[Ball]] = LinfBall

    eps: float = eps_parameter(LINF_EPS, "linf")
    steps: int = parameter(100, "Number of gradient steps.", low=1, high=10_000)
    loss: str = loss_parameter()
    restarts: int = parameter(1, "Number of random starts; the best is kept.", low=1, high=100)
    stop_at_success: bool = parameter(
        False, "Stop a picture as soon as it reaches the goal: the same successes in less time."
    )
    seed: int = parameter(0, "Seed of the random start.", low=0, high=2**31 - 1)

    @property
    def observations(self) -> int:
        return self.restarts * (self.steps + 1)

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        run_once = partial(self.run_once, loss=self.loss)
        return best_restart(run_once, self.restarts, oracle, images, aim)

    def run_once(self, oracle: Oracle, images: Tensor, aim: Aim, *, draw: int, loss: str) -> Tensor:
        """Auto-PGD from the random start of that number."""
        ball = self.ball(images, self.eps, oracle.free)
        leave = self.stop_at_success or aim.stops
        x = auto_climb(
            oracle,
            ball,
            ball.start(self.seed, draw),
            aim,
            steps=self.steps,
            loss=loss,
            leave=leave,
        )
        return ball.settle(x)


@dataclass(frozen=True, kw_only=True)
class APGDL2(APGD):
    """Auto-PGD in L2 (Croce, Hein, 2020, algorithm 1): the step is the normalised gradient."""

    name = "apgd-l2"
    title = "Auto-PGD (L2)"
    summary = "Auto-PGD within a Euclidean ball."
    equation = (
        r"z = P_S\big(x^{k} + \eta^{k}\,\nabla f / \lVert\nabla f\rVert_2\big),\quad"
        + NEXT
        + LEAVING
    )
    equation_towards = (
        r"z = P_S\big(x^{k} + \eta^{k}\,\nabla f / \lVert\nabla f\rVert_2\big),\quad"
        + NEXT
        + REACHING
    )
    norm = "l2"
    ball = L2Ball

    eps: float = eps_parameter(L2_EPS, "l2")


@dataclass(frozen=True, kw_only=True)
class APGDT(TowardsEach, APGD):
    """Targeted Auto-PGD with the DLR loss (Croce, Hein, 2020, eq. 7 and section 4).

    ``pgd-t`` with Auto-PGD: each of the T = ``targets`` likeliest other classes (at most K - 1) in turn,
    for the pictures that have not reached the goal. A goal that has its own target, or leaves no class, is
    pursued unchanged (T = 1). DLR needs four classes; with fewer, the margin is used instead.

    Passes per picture: at most 1 + T * restarts * (steps + 2) forward, T * restarts * steps backward.
    """

    name = "apgd-t"
    title = "Auto-PGD (targeted)"
    summary = "Auto-PGD towards every other class in turn, by a loss without a scale."
    equation = (
        r"\max_{x'} -\frac{z_y - z_t}{z_{\pi_1} - (z_{\pi_3} + z_{\pi_4}) / 2}"
        r"\quad\text{for each class } t \ne y"
    )
    equation_towards = (
        r"\max_{x'} -\frac{z_y - z_t}{z_{\pi_1} - (z_{\pi_3} + z_{\pi_4}) / 2}"
        r"\quad\text{for the target } t"
    )

    loss: str = parameter(
        "dlr",
        "dlr: margin towards the target over the spread of the logits; the plain margin where the model "
        "has fewer than four classes. The others are as for PGD.",
        choices=LOSS_NAMES,
    )

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        clean = oracle.logits(images, aim)
        loss = "margin" if self.loss == "dlr" and clean.shape[1] < 4 else self.loss
        run_once = partial(self.run_once, loss=loss)
        return best_way(run_once, self.restarts, oracle, images, aim, clean, self.targets)
