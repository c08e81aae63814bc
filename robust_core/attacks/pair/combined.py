"""Attacks with full knowledge of a classifier and its detector: within a ball, and of minimum norm."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.apgd import MOMENTUM, look
from robust_core.attacks.attempts import Best
from robust_core.attacks.balls import LinfBall, per_picture
from robust_core.attacks.base import LARGEST
from robust_core.attacks.carlini.l2 import CWL2
from robust_core.attacks.gradient import Restarts, Steps
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.pair.joint import NEVER_EARLY, OnBoth
from robust_core.goals import Aim
from robust_core.papers import BRYNIARSKI, BYPASSING
from robust_core.parameters import parameter

RULE = (
    r"g_{k+1} = \tfrac34 g_k + \frac{\nabla M(x_k)}{\overline{|\nabla M(x_k)|}},\quad"
    r" x_{k+1} = \Pi_{x+S}\big(x_k + \alpha_k\,\mathrm{sign}(g_{k+1})\big),\quad"
    r" M = \min(m, 0) - \max(d, 0)\ \text{or}\ \min(m, -d)"
)


@dataclass(frozen=True, kw_only=True)
class PGDPair(OnBoth, Restarts, Steps):
    """PGD in Linf on the margin of a classifier joined with its detector (``joint.Unseen``).

    Each step climbs what is still lacking, as selective PGD does (Bryniarski et al., 2021): the
    classifier's margin, the detector's, or their sum where both are lacking. Where a picture changes
    sides often, the latest gradient alone goes back and forth; so the step is the sign of a running
    sum of gradients, each divided by its mean magnitude (Dong et al., 2018, "Boosting adversarial
    attacks with momentum", algorithm 1; here 0.75 of the sum is kept), and its length falls linearly
    to 0. On digits this helped far more than the choice between the sum, selective and orthogonal.

    Returns the iterate with the highest margin among those that reach the goal and are not flagged; if
    there is none, among all. Restarts are run only for pictures without such an iterate. ``success``
    in the record is that of the goal, which is about the classifier; so it can be true of a picture
    that the detector flags.

    A pass through both networks counts once. Per picture at most restarts * (steps + 1) forward passes,
    one more for each restart where there are several, and restarts * steps backward passes.
    """

    name = "pgd-pair"
    title = "PGD on the pair, full knowledge"
    summary = "Climbs whichever margin is lacking, the classifier's or the detector's."
    equation = RULE + r",\quad m = \max_{i \ne y} Z_i - Z_y"
    equation_towards = RULE + r",\quad m = Z_t - \max_{i \ne t} Z_i"
    paper = BRYNIARSKI
    goals = NEVER_EARLY

    steps: int = parameter(40, "Number of gradient steps.", low=1, high=10_000)
    step_size: float | None = parameter(
        None, "First step; falls to 0. Empty: eps.", above=0.0, high=LARGEST, unit="[0, 1]"
    )

    @property
    def size(self) -> float:
        """Length of the first step: ``step_size``, or eps."""
        return self.eps if self.step_size is None else self.step_size

    def run_once(self, oracle: Oracle, images: Tensor, aim: Aim, *, draw: int) -> Tensor:
        """The best iterate from the random start of that number."""
        ball = LinfBall(images, self.eps, oracle.free)
        x = self.start(ball, draw)
        best = Best(images)
        rows = best.standing
        total = torch.zeros_like(images)
        for k in range(self.steps + 1):
            value, reached, gradient = look(oracle, x, aim, "margin", last=k == self.steps)
            best.offer(rows, x, value, reached)
            magnitude = gradient.abs().flatten(1).mean(1)
            gradient /= per_picture(magnitude.clamp_min(torch.finfo(x.dtype).tiny), gradient)
            total = total.mul_(MOMENTUM).add_(gradient)
            x = ball.step(x, total, self.size * (1 - k / self.steps))
        return best.x


@dataclass(frozen=True, kw_only=True)
class CWL2Pair(OnBoth, CWL2):
    """Carlini and Wagner's L2 attack on a classifier joined with its detector (2017, section 3).

    As ``cw-l2``, but on the margin of both networks (``joint.Unseen``): returns the nearest picture
    seen that reaches the goal by at least ``confidence`` and whose log-odds are below the threshold's
    by as much, or the clean one if there was none. The authors aim at the class that their attack on
    the classifier alone ends at. Here the goal decides; the untargeted one follows the likeliest class.

    ``success`` in the record is that of the goal. As only pictures that are not flagged are returned, it
    holds for both networks, except for pictures that are wrong and flagged to begin with and stay so.
    A pass through both networks counts once.
    """

    name = "cw-l2-pair"
    title = "Carlini-Wagner (L2) on the pair"
    summary = "The smallest change that fools the network and its detector at once."
    equation = (
        r"\min_w \lVert x' - x\rVert_2^2 + c \cdot \max\big(\max(G_y, G_{K+1}) - \max_{i \ne y, i \le K}"
        r" G_i, -\kappa\big),\quad G_i = Z_i - \max_j Z_j,\ G_{K+1} = d"
    )
    equation_towards = (
        r"\min_w \lVert x' - x\rVert_2^2 + c \cdot \max\big(\max_{i \ne t, i \le K+1} G_i - G_t,"
        r" -\kappa\big),\quad G_i = Z_i - \max_j Z_j,\ G_{K+1} = d"
    )
    paper = BYPASSING
