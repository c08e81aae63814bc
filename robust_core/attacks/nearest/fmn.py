"""Fast minimum-norm attacks (FMN): a ball around the picture that shrinks while the attack succeeds."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, l2_norm, per_picture
from robust_core.attacks.margins import Look, least
from robust_core.attacks.nearest.best import annealed
from robust_core.attacks.nearest.norms import L1, L2, LINF, Norm
from robust_core.attacks.nearest.sparse import changes, counting_parameter, each, onto_l0
from robust_core.attacks.nearest.walk import Walk, Walking, step_parameter
from robust_core.papers import PINTOR_FMN
from robust_core.parameters import parameter

LEAVING = (
    r"\delta_{k+1} = \Pi_{\lVert\delta\rVert_{%(p)s} \le \varepsilon_k}\Big(\delta_k + \alpha_k"
    r"\frac{\nabla L}{\lVert\nabla L\rVert_2}\Big),\quad L = \max_{i \ne y} Z_i - Z_y,\quad"
    r"\varepsilon_{k+1} = (1 \mp \gamma_k)\,\varepsilon_k"
)
REACHING = LEAVING.replace(r"\max_{i \ne y} Z_i - Z_y", r"Z_t - \max_{i \ne t} Z_i")


@dataclass(frozen=True, kw_only=True)
class FMN(Walking):
    """Base of the four: FMN (Pintor et al., 2021, algorithm 1) in the norm of ``ball``.

    At each step eps falls by the share gamma where the picture has reached the goal, and grows by it where
    it has not. Before the first success it also grows to what the linearised network would need. (In the
    paper it is exactly that, which may always fall short where the boundary curves away or the box cuts off
    part of the change.) Then comes a step of length alpha along the gradient of the margin, and the
    projection onto the box, then onto the ball of radius eps, so that all of it is used. Alpha and gamma
    fall along half a cosine.
    """

    paper = PINTOR_FMN
    ball: ClassVar[Norm]

    gamma: float = parameter(
        0.05, "Share by which the radius changes at first.", above=0.0, high=0.99
    )
    final_gamma: float = parameter(
        0.001, "Share by which the radius changes at the end.", above=0.0, high=0.99
    )

    def advance(self, now: Walk, seen: Look, reached: Tensor, nearest: Tensor, k: int) -> None:
        gamma = annealed(self.gamma, self.final_gamma, k, self.steps)
        smaller = torch.minimum(self.shrunk(now.eps, gamma), nearest)
        larger = self.grown(now.eps, gamma)
        lost = nearest.isinf().nonzero().squeeze(1)
        if len(lost):
            larger[lost] = self.guess(now[lost], seen.of(lost)).maximum(larger[lost])
        now.eps = torch.where(reached, smaller, larger)
        step = self.size(k) / l2_norm(seen.uphill).clamp_min_(TINY)
        now.x = self.land(now, torch.addcmul(now.x, seen.uphill, per_picture(step, now.x)))

    def land(self, now: Walk, moved: Tensor) -> Tensor:
        """Where a step to ``moved`` ends: in the box and in the ball."""
        return (now.images + self.project(moved.clamp_(0, 1) - now.images, now.eps)).clamp_(0, 1)

    def length(self, change: Tensor) -> Tensor:
        return self.ball.length(change)

    def project(self, change: Tensor, eps: Tensor) -> Tensor:
        return self.ball.project(change, eps)

    def shrunk(self, eps: Tensor, gamma: float) -> Tensor:
        return eps * (1 - gamma)

    def grown(self, eps: Tensor, gamma: float) -> Tensor:
        return eps * (1 + gamma)

    def guess(self, now: Walk, seen: Look) -> Tensor:
        """The radius in which a linear network would be at its boundary."""
        lack = 2 * least(seen.logits) - seen.margin
        further = lack / self.ball.dual(seen.uphill)
        return self.length(now.x - now.images) + further.nan_to_num(posinf=0.0)


@dataclass(frozen=True, kw_only=True)
class FMNL0(FMN):
    """FMN in L0 (Pintor et al., 2021, algorithm 1 with p = 0).

    The radius is a number of pixels, or of values, and changes by one at least. Before the first success it
    is the number that the linearised network needs, each moved as far as the box allows. The first step is
    twice as long as in the other norms: few values have to move far (``benchmarks/choices.py --only
    fmn-l0`` compares it with a step of 1).
    """

    name = "fmn-l0"
    title = "FMN (L0)"
    summary = "Keeps the largest changes only, one fewer after every success."
    equation = LEAVING % {"p": "0"}
    equation_towards = REACHING % {"p": "0"}
    norm = "l0"

    step_size: float = step_parameter(2.0)
    counted: str = counting_parameter()

    def length(self, change: Tensor) -> Tensor:
        return changes(change, self.counted)

    def project(self, change: Tensor, eps: Tensor) -> Tensor:
        return onto_l0(change, eps, self.counted)

    def land(self, now: Walk, moved: Tensor) -> Tensor:
        # The ball first: at the edge of the box all changes would be equally large.
        return (now.images + self.project(moved - now.images, now.eps)).clamp_(0, 1)

    def shrunk(self, eps: Tensor, gamma: float) -> Tensor:
        return torch.minimum(eps - 1, (eps * (1 - gamma)).floor()).clamp_min(1)

    def grown(self, eps: Tensor, gamma: float) -> Tensor:
        return torch.maximum(eps + 1, (eps * (1 + gamma)).floor())

    def guess(self, now: Walk, seen: Look) -> Tensor:
        room = torch.where(seen.uphill > 0, 1 - now.x, now.x)
        gains = each(seen.uphill * room, self.counted, order=1)
        gained = gains.sort(dim=1, descending=True).values.cumsum(1)
        lack = 2 * least(seen.logits) - seen.margin
        few = (gained < lack.unsqueeze(1)).sum(1) + 1
        return self.length(now.x - now.images) + few


@dataclass(frozen=True, kw_only=True)
class FMNL2(FMN):
    """FMN in L2 (Pintor et al., 2021, algorithm 1 with p = 2)."""

    name = "fmn-l2"
    title = "FMN (L2)"
    summary = "Walks along the boundary in a Euclidean ball that shrinks with every success."
    equation = LEAVING % {"p": "2"}
    equation_towards = REACHING % {"p": "2"}
    norm = "l2"
    ball = L2


@dataclass(frozen=True, kw_only=True)
class FMNLinf(FMN):
    """FMN in Linf (Pintor et al., 2021, algorithm 1 with p = infinity)."""

    name = "fmn-linf"
    title = "FMN (Linf)"
    summary = "Walks along the boundary in a cube that shrinks with every success."
    equation = LEAVING % {"p": r"\infty"}
    equation_towards = REACHING % {"p": r"\infty"}
    norm = "linf"
    ball = LINF


@dataclass(frozen=True, kw_only=True)
class FMNL1(FMN):
    """FMN in L1 (Pintor et al., 2021, algorithm 1 with p = 1)."""

    name = "fmn-l1"
    title = "FMN (L1)"
    summary = "Walks along the boundary with an ever smaller sum of changes."
    equation = LEAVING % {"p": "1"}
    equation_towards = REACHING % {"p": "1"}
    norm = "l1"
    ball = L1
