"""EOT: PGD on the mean loss over random views of a picture, so that many of them fool the model.

What is averaged is the loss, as Athalye et al. (2018), section 2.1, have it, not the logits: the mean of
the logits may point at the target while most views are far from it. Every step draws new views.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks import losses
from robust_core.attacks.balls import LinfBall, per_picture
from robust_core.attacks.gradient import Steps, loss_parameter
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.pair.joint import NEVER_EARLY
from robust_core.attacks.physical.transformation import (
    PRESETS,
    Draw,
    Transformation,
    generator_of,
)
from robust_core.goals import Aim
from robust_core.papers import ATHALYE_EOT
from robust_core.parameters import parameter

VALUES = 2**20
"""Pixel values that go through the network at once: draws of small pictures share a pass."""
FIT = "fit"
"""Names the stream of the draws of an attack; whoever judges the result draws from another."""


@dataclass(frozen=True, kw_only=True)
class Expectation(Steps):
    """Base of EOT: projected steps in Linf on the mean loss over ``draws`` new views a step.

    Subclasses say which ``views``. The draws depend on ``seed`` and the number of the step alone: all
    pictures see the same. A deterministic transformation is drawn once a step, so that the identity gives
    PGD, bit for bit. ``success`` of the record is that of the picture as it is; see
    ``photo.adversariality`` for the share of views.
    """

    channel = "physical"
    goals = NEVER_EARLY

    steps: int = parameter(60, "Number of gradient steps.", low=1, high=10_000)
    draws: int = parameter(16, "Views that a step averages over.", low=1, high=1000)
    loss: str = loss_parameter()
    random_start: bool = parameter(True, "Start at a random point of the ball.")
    seed: int = parameter(0, "Seed of the start and of the views.", low=0, high=2**31 - 1)

    @property
    def views(self) -> Transformation:
        raise NotImplementedError

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        ball, views = LinfBall(images, self.eps, oracle.free), self.views
        n = 1 if views.fixed else self.draws
        x = ball.start(self.seed, 0) if self.random_start else ball.images
        for step in range(self.steps):
            draw = views.draw(n, generator_of(self.seed, FIT, step))
            x = ball.step(x, expected_ascent(oracle, x, aim, draw, self.loss), self.size)
        oracle.show_last(x, aim, self.loss)
        return x


@dataclass(frozen=True, kw_only=True)
class EOT(Expectation):
    """Expectation over transformation (Athalye et al., 2018), within an Linf ball.

    The paper bounds the expected distance of the views, in LAB colours, by a Lagrangian; here the picture
    itself stays within eps, so that the result can be compared with PGD's.
    """

    name = "eot"
    title = "EOT"
    summary = "PGD on the mean loss over random views: turned, nearer, lighter, noisy."
    equation = (
        r"x' = \arg\max_{\lVert x' - x\rVert_\infty \le \varepsilon}\ "
        r"\mathbb{E}_{\tau \sim T}\big[J(\theta, \tau(x'), y)\big]"
    )
    equation_towards = (
        r"x' = \arg\max_{\lVert x' - x\rVert_\infty \le \varepsilon}\ "
        r"\mathbb{E}_{\tau \sim T}\big[\log P(t \mid \tau(x'))\big]"
    )
    paper = ATHALYE_EOT

    transformation: str = parameter(
        "views",
        "views: the paper's, turned, nearer or further, moved, lighter, noisy. photo: a print, "
        "photographed. rotation: turned only. identity: none, which is PGD.",
        choices=tuple(PRESETS),
    )
    strength: float = parameter(
        1.0, "Share of the ranges of the transformation; 0 is the identity.", low=0.0, high=1.0
    )

    @property
    def views(self) -> Transformation:
        return PRESETS[self.transformation].scaled(self.strength)


@dataclass(frozen=True, kw_only=True)
class EOTOver(Expectation):
    """EOT over a ``Transformation`` of one's own, ``over``; for code, as no control can show one."""

    name = "eot-over"
    title = "EOT"
    summary = EOT.summary
    equation = EOT.equation
    equation_towards = EOT.equation_towards
    paper = ATHALYE_EOT

    over: object = parameter(PRESETS["views"], "The transformation to draw from.", method="draw")

    @property
    def views(self) -> Transformation:
        assert isinstance(self.over, Transformation)
        return self.over


def expected_ascent(oracle: Oracle, x: Tensor, aim: Aim, draw: Draw, loss: str) -> Tensor:
    """The direction of the gradient at ``x`` of the goal's loss, averaged over all of ``draw``.

    With "ce" each view counts by ``1 - P`` of its class, which makes the mean of the gradients of
    log-odds, that do not underflow, one of cross-entropies; the weights of a picture are relative to its
    largest. Pictures without any gradient then get that of the margin, and are counted, as everywhere.
    """
    total, value = _summed(oracle, x, aim, draw, loss)
    vanished = (~total.flatten(1).any(1)).nonzero().squeeze(1)
    if len(vanished):
        oracle.count("zero_gradients", vanished)
        if loss == "ce":
            with oracle.within(vanished):
                total[vanished] = _summed(oracle, x[vanished], aim[vanished], draw, "margin")[0]
    oracle.count("iterations")
    if value is not None:
        oracle.observe(x, value)
    return total


def _summed(
    oracle: Oracle, x: Tensor, aim: Aim, draw: Draw, loss: str
) -> tuple[Tensor, Tensor | None]:
    """The sum of the weighted gradients, and if recorded the mean loss as it is shown, ``[n]``."""
    n = len(x)
    total, top = torch.zeros_like(x), x.new_full((n,), -torch.inf)
    value = x.new_zeros(n) if oracle.recording else None
    together = max(1, VALUES // x.numel())
    for first in range(0, len(draw), together):
        some = draw[first : first + together]
        k = len(some)
        rows = torch.arange(n, device=x.device).repeat(k)
        aims = aim[rows]
        with oracle.within(rows), oracle.through(some):
            leaf, logits = oracle.follow(x[rows], aims)
            plain = logits.detach()
            slope = oracle.slope(plain.clone(), aims, loss)
            before, (weights, top) = top, _weights(plain, aims, loss, top, k)
            gradient = oracle.pull(logits, leaf, slope * weights.view(-1, 1).to(slope.dtype))
        gradient = gradient.nan_to_num(nan=0.0).unflatten(0, (k, n)).sum(0)
        total = total * per_picture(_relative(before, top), total) + gradient
        if value is not None:
            ascended = losses.ascended(loss, aims, plain)
            shown = losses.shown(loss, aims, ascended).unflatten(0, (k, n))
            value = value + shown.sum(0).to(value.dtype) / len(draw)
    return total, value


def _weights(logits: Tensor, aim: Aim, loss: str, top: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Weights ``[k, n]`` of the views, relative to the largest so far, and its logarithm ``[n]``."""
    if loss != "ce":
        return logits.new_ones(k, len(top)), torch.zeros_like(top)
    log = F.logsigmoid(losses.log_odds(logits, aim.classes)).nan_to_num(nan=-torch.inf)
    log = log.to(top.dtype).unflatten(0, (k, -1))
    largest = torch.maximum(top, log.amax(0))
    return _relative(log, largest), largest


def _relative(log: Tensor, top: Tensor) -> Tensor:
    """``exp(log - top)``; 1 where both are minus infinity: then no view has more weight than another."""
    return torch.where(top == -torch.inf, 0, log - top).exp()
