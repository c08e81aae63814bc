"""The gradient-sign family: FGSM, BIM and PGD, in Linf and L2.

All are projected gradient ascent on the goal's loss. What differs is the ball, the number of steps,
and whether the start is random.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.attempts import Value, best_restart, beyond
from robust_core.attacks.balls import L2Ball, LinfBall
from robust_core.attacks.base import LARGEST, Attack
from robust_core.attacks.checks import check_restarts
from robust_core.attacks.losses import LOSSES, ascended
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.papers import GOODFELLOW, KURAKIN, MADRY, METZEN
from robust_core.parameters import parameter

Ball = LinfBall | L2Ball
LOSS_NAMES = tuple(LOSSES)
LOSS_HELP = (
    "ce: cross-entropy, in a form that cannot underflow. margin: best other logit minus own. dlr: "
    "margin over the spread of the logits. softmax-ce: cross-entropy through probabilities, which "
    "underflows on confident pictures (an exhibit of gradient masking)."
)
LINF_EPS = 8 / 255
L2_EPS = 0.5


def eps_parameter(default: float, norm: str) -> float:
    """The radius of the ball, with help text that fits the norm."""
    size = "Largest change of a value" if norm == "linf" else "Largest L2 distance"
    return parameter(
        default,
        f"{size}; pixels are in [0, 1].",
        low=0.0,
        high=LARGEST,
        unit="[0, 1]",
    )


def loss_parameter() -> str:
    return parameter("ce", LOSS_HELP, choices=LOSS_NAMES)


@dataclass(frozen=True, kw_only=True)
class FGSM(Attack):
    """Fast gradient sign method (Goodfellow et al., 2015, section 4): one step to a corner of the cube."""

    name = "fgsm"
    title = "FGSM"
    summary = "One step: every value moves by eps, by the sign of the gradient of the loss."
    equation = (
        r"x' = \mathrm{clip}\big(x + \varepsilon\,\mathrm{sign}(\nabla_x J(\theta, x, y))\big)"
    )
    equation_towards = (
        r"x' = \mathrm{clip}\big(x - \varepsilon\,\mathrm{sign}(\nabla_x J(\theta, x, t))\big)"
    )
    paper = GOODFELLOW

    eps: float = eps_parameter(LINF_EPS, "linf")
    loss: str = loss_parameter()

    @property
    def observations(self) -> int:
        return 2

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        gradient, _ = oracle.ascent(images, aim, self.loss)
        x = torch.add(images, gradient.sign(), alpha=self.eps).clamp_(0, 1)
        oracle.show_last(x, aim, self.loss)
        return x


Ascend = Callable[[Tensor, Aim, Tensor | None], tuple[Tensor, Tensor]]
"""From iterates ``[n, C, H, W]``, their aim, and which of the pictures they are (indices; None: all) to the
way to step ``[n, C, H, W]`` and the logits ``[n, K]``."""


def climb(
    oracle: Oracle,
    ball: Ball,
    x: Tensor,
    aim: Aim,
    *,
    steps: int,
    size: float,
    loss: str,
    ascend: Ascend | None = None,
) -> Tensor:
    """``steps`` projected steps up the goal's loss; the gradient is taken at the current iterate.

    ``ascend`` says the way of each step; None: the gradient. An observer also gets the last iterate, at the
    cost of a forward pass that is not counted.
    """
    ascend = ascend or (lambda x, aim, rows: oracle.ascent(x, aim, loss))
    climbing = _climb_until if aim.stops else _climb
    x = ball.settle(climbing(oracle, ball, x, aim, steps, size, ascend))
    oracle.show_last(x, aim, loss)
    return x


def _climb(
    oracle: Oracle, ball: Ball, x: Tensor, aim: Aim, steps: int, size: float, ascend: Ascend
) -> Tensor:
    for _ in range(steps):
        x = ball.step(x, ascend(x, aim, None)[0], size)
    return x


def _climb_until(
    oracle: Oracle, ball: Ball, x: Tensor, aim: Aim, steps: int, size: float, ascend: Ascend
) -> Tensor:
    """A picture stops once it has reached the goal."""
    x = x.clone()
    left = torch.arange(len(x), device=x.device)
    for _ in range(steps):
        with oracle.within(left):
            way, logits = ascend(x[left], aim[left], left)
        on = ~aim[left].success(logits)
        left = left[on]
        way = way[on]
        if not len(left):
            break
        x[left] = ball[left].step(x[left], way, size)
    return x


@dataclass(frozen=True, kw_only=True)
class Steps(Attack):
    """Base of attacks that take steps within a ball; Linf by default."""

    ball: ClassVar[type[Ball]] = LinfBall

    eps: float = eps_parameter(LINF_EPS, "linf")
    steps: int = parameter(10, "Number of gradient steps.", low=1, high=10_000)
    step_size: float | None = parameter(
        None, "Length of a step; empty: 2.5 eps / steps.", above=0.0, high=LARGEST, unit="[0, 1]"
    )

    @property
    def observations(self) -> int:
        return self.steps + 1

    @property
    def size(self) -> float:
        """Length of one step: ``step_size``, or 2.5 eps / steps."""
        return 2.5 * self.eps / self.steps if self.step_size is None else self.step_size


@dataclass(frozen=True, kw_only=True)
class Restarts(Attack):
    """Base of attacks from random starts; each picture keeps its best. Subclasses define one run."""

    random_start: bool = parameter(True, "Start at a random point of the ball.")
    restarts: int = parameter(1, "Number of random starts; the best is kept.", low=1, high=100)
    seed: int = parameter(0, "Seed of the random start.", low=0, high=2**31 - 1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_restarts(self.restarts, self.random_start)

    @property
    def observations(self) -> int:
        return self.restarts * super().observations

    @property
    def value(self) -> Value:
        """What ranks failed runs: how far they are beyond the goal, in logits."""
        return beyond

    def start(self, ball: Ball, draw: int) -> Tensor:
        return ball.start(self.seed, draw) if self.random_start else ball.images

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        return best_restart(self.run_once, self.restarts, oracle, images, aim, self.value)

    def run_once(self, oracle: Oracle, images: Tensor, aim: Aim, *, draw: int) -> Tensor:
        """One run, from the start of that number."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class BIM(Steps):
    """Basic iterative method in Linf (Kurakin et al., 2017, section 2.2), also known as I-FGSM."""

    name = "bim"
    title = "BIM"
    summary = "FGSM in small steps, each with a fresh gradient."
    equation = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,\mathrm{sign}"
        r"(\nabla_x J(x_n, y))\big)"
    )
    equation_towards = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n - \alpha\,\mathrm{sign}"
        r"(\nabla_x J(x_n, t))\big)"
    )
    paper = KURAKIN

    loss: str = loss_parameter()

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        return self.climb(oracle, self.ball(images, self.eps, oracle.free), images, aim)

    def climb(self, oracle: Oracle, ball: Ball, x: Tensor, aim: Aim) -> Tensor:
        return climb(oracle, ball, x, aim, steps=self.steps, size=self.size, loss=self.loss)


@dataclass(frozen=True, kw_only=True)
class BIML2(BIM):
    """Basic iterative method in L2 (Metzen et al., 2017, section 3.1): normalised gradient steps."""

    name = "bim-l2"
    title = "BIM (L2)"
    summary = "Small steps straight along the gradient, within a Euclidean ball."
    equation = (
        r"x_{n+1} = \mathrm{Project}_{x}^{\varepsilon}\big(x_n + \alpha\,"
        r"\nabla_x J(x_n, y) / \lVert\nabla_x J(x_n, y)\rVert_2\big)"
    )
    equation_towards = (
        r"x_{n+1} = \mathrm{Project}_{x}^{\varepsilon}\big(x_n - \alpha\,"
        r"\nabla_x J(x_n, t) / \lVert\nabla_x J(x_n, t)\rVert_2\big)"
    )
    paper = METZEN
    norm = "l2"
    ball = L2Ball

    eps: float = eps_parameter(L2_EPS, "l2")


@dataclass(frozen=True, kw_only=True)
class PGD(Restarts, BIM):
    """Projected gradient descent in Linf (Madry et al., 2018, section 2.1).

    BIM from random starts; each picture keeps its best restart. A picture that has reached the goal
    leaves the batch before the next restart, so more restarts never lower the success.
    """

    name = "pgd"
    title = "PGD"
    summary = "BIM from a random start in the cube: the standard white-box test."
    equation = (
        r"x^{0} \sim U(B_\varepsilon(x)),\quad x^{t+1} = \Pi_{x+S}\big(x^{t} + \alpha\,"
        r"\mathrm{sign}(\nabla_x L(\theta, x^{t}, y))\big)"
    )
    equation_towards = (
        r"x^{0} \sim U(B_\varepsilon(x)),\quad x^{k+1} = \Pi_{x+S}\big(x^{k} - \alpha\,"
        r"\mathrm{sign}(\nabla_x L(\theta, x^{k}, t))\big)"
    )
    paper = MADRY

    steps: int = parameter(20, "Number of gradient steps.", low=1, high=10_000)

    @property
    def value(self) -> Value:
        return partial(ascended, self.loss)

    def run_once(self, oracle: Oracle, images: Tensor, aim: Aim, *, draw: int) -> Tensor:
        ball = self.ball(images, self.eps, oracle.free)
        return self.climb(oracle, ball, self.start(ball, draw), aim)


@dataclass(frozen=True, kw_only=True)
class PGDL2(PGD):
    """Projected gradient descent in L2 (Madry et al., 2018): normalised steps from a uniform start."""

    name = "pgd-l2"
    title = "PGD (L2)"
    summary = "PGD within a Euclidean ball: few pixels may move far, or many a little."
    equation = (
        r"x^{t+1} = \Pi_{\lVert x' - x\rVert_2 \le \varepsilon}\big(x^{t} + \alpha\,"
        r"\nabla_x L / \lVert\nabla_x L\rVert_2\big)"
    )
    equation_towards = (
        r"x^{k+1} = \Pi_{\lVert x' - x\rVert_2 \le \varepsilon}\big(x^{k} - \alpha\,"
        r"\nabla_x L(t) / \lVert\nabla_x L(t)\rVert_2\big)"
    )
    norm = "l2"
    ball = L2Ball

    eps: float = eps_parameter(L2_EPS, "l2")
