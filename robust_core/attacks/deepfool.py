"""DeepFool in L2 and Linf: steps to the nearest decision boundary of the linearised network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, l2_norm, per_picture
from robust_core.attacks.base import Attack
from robust_core.attacks.margins import across, least
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.papers import MOOSAVI
from robust_core.parameters import parameter

PUSH = 0.002
"""How much every step but the first is lengthened, as a share of the way so far. Where the boundary
curves away, linearised steps fall short of it, each by less than the one before. The push makes changes a
little longer and saves steps."""


@dataclass(frozen=True, kw_only=True)
class DeepFool(Attack):
    """DeepFool in L2 (Moosavi-Dezfooli et al., 2016, algorithm 2): a small change, not a bounded one.

    Each step goes to the nearest of the linearised boundaries between the class to leave and its
    ``candidates``. The steps are added up, and the sum is lengthened by ``overshoot``. Where clipping to
    [0, 1] brings the class back, the steps go on from the clipped picture.

    With a target (an extension: the paper has none) there is one boundary, that of the target.
    """

    name = "deepfool"
    title = "DeepFool"
    summary = "Walks to the nearest boundary of the linearised network, and just across."
    equation = (
        r"r_i = \frac{|f_{\hat l}(x_i) - f_{\hat k}(x_i)|}{\lVert w_{\hat l}\rVert_2^2}\,w_{\hat l},"
        r"\quad w_k = \nabla f_k(x_i) - \nabla f_{\hat k}(x_i),\quad"
        r" x' = x + (1 + \eta)\sum_i r_i"
    )
    equation_towards = (
        r"r_i = \frac{|f_t(x_i) - f_{\hat k}(x_i)|}{\lVert w_t\rVert_2^2}\,w_t,\quad w_t = \nabla f_t(x_i)"
        r" - \nabla f_{\hat k}(x_i),\quad \hat k = \arg\max_{k \ne t} f_k(x_i),\quad"
        r" x' = x + (1 + \eta)\sum_i r_i"
    )
    paper = MOOSAVI
    norm = "l2"

    steps: int = parameter(
        50, "Maximum number of steps; few pictures need more than three.", low=1, high=10_000
    )
    overshoot: float = parameter(
        0.02,
        "Share by which the sum of the steps is lengthened, to cross the boundary.",
        low=0.0,
        high=100.0,
    )
    candidates: int = parameter(
        10, "Number of likeliest classes considered, the picture's own included.", low=2, high=1000
    )

    @property
    def observations(self) -> int:
        return self.steps + 1

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        adversarial = self.walk(oracle, images, aim)[0]
        oracle.show_last(adversarial, aim, "margin")
        return adversarial

    def walk(self, oracle: Oracle, images: Tensor, aim: Aim) -> tuple[Tensor, Tensor, Tensor]:
        """The pictures reached, the sum of the steps before clipping, and which were seen to be there.

        Nothing is checked after the last step: a picture that needs all ``steps`` does not count as there.
        """
        adversarial = images.clone()
        total = torch.zeros_like(images)
        there = torch.zeros(len(images), dtype=torch.bool, device=images.device)
        left = torch.arange(len(images), device=images.device)
        for _ in range(self.steps):
            with oracle.within(left):
                on, lack, slopes = self._linearise(oracle, adversarial[left], aim[left])
            there[left] = True
            left = left[on]
            there[left] = False
            if not len(left):
                break
            length, direction = self.shortest(lack, slopes)
            moves = length.isfinite()
            oracle.count("zero_gradients", left[~moves])
            left = left[moves]
            if not len(left):
                break
            length = length[moves]
            direction = direction[moves]
            oracle.count("iterations", left)
            length += PUSH * self.size(total[left])
            total[left] += direction * per_picture(length, direction)
            x = images[left] + (1 + self.overshoot) * total[left]
            adversarial[left] = x.clamp_(0, 1)
        return adversarial, (1 + self.overshoot) * total, there

    def _linearise(self, oracle: Oracle, x: Tensor, aim: Aim) -> tuple[Tensor, Tensor, Tensor]:
        """Indices of the pictures not there yet, their lacks ``[n, M]`` and slopes ``[n, M, ...]``.

        A lack is what is missing on one of M ways to the goal, in logits; a slope is its gradient. Both are
        in the picture's own unit (``Oracle.factor``).
        """
        leaf, logits = oracle.follow(x, aim)
        oracle.record(x, aim, "margin", logits.detach())
        left = (~across(logits.detach(), aim)).nonzero().squeeze(1)
        if not len(left):
            return left, logits, x
        done = len(x) - len(left)
        if done and done * self._ways(aim[:1], logits[:1]) > len(left):
            # Another forward pass for those that go on costs less than gradients for all.
            with oracle.within(left):
                leaf, logits = oracle.follow(x[left], aim[left])
                return left, *self._slopes(oracle, leaf, logits, aim[left])
        lack, slopes = self._slopes(oracle, leaf, logits, aim)
        return left, lack[left], slopes[left]

    def _slopes(
        self, oracle: Oracle, leaf: Tensor, logits: Tensor, aim: Aim
    ) -> tuple[Tensor, Tensor]:
        z = logits.detach()
        margins, ways = aim.boundaries(z, self.candidates)
        needed = least(z).unsqueeze(1)
        factor = oracle.factor
        if factor is not None:
            margins, needed = (x * factor.unsqueeze(1) for x in (margins, needed))
            ways = ways * factor[:, None, None]
        # One by one: is_grads_batched took 1.2 (batch 1) to 1.3 times (batch 128) as long on the
        # CPU, the pictures repeated 1.0 to 1.7 times.
        slopes = [oracle.pull(logits, leaf, way, keep=True) for way in ways.unbind(1)]
        lack = margins.neg().clamp_min(2 * needed)
        return lack, torch.stack(slopes, 1).nan_to_num_(nan=0.0)

    def _ways(self, aim: Aim, logits: Tensor) -> int:
        """Number of backward passes per picture."""
        return aim.boundaries(logits.detach(), self.candidates)[0].shape[1]

    def shortest(self, lack: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
        """Length ``[n]`` and direction ``[n, C, H, W]`` of the shortest step that makes up a lack.

        The length is infinite where no step does.
        """
        gain = self.dual_norm(slopes)
        distance = torch.where(gain > 0, lack / gain, torch.inf)
        nearest = distance.argmin(1)
        rows = torch.arange(len(lack), device=lack.device)
        direction = self.unit(slopes[rows, nearest], gain[rows, nearest])
        return distance[rows, nearest], direction

    @staticmethod
    def size(change: Tensor) -> Tensor:
        """Length of a change ``[n, C, H, W]``: ``[n]``."""
        return l2_norm(change)

    @staticmethod
    def dual_norm(slopes: Tensor) -> Tensor:
        """What a step of length one gains at most along each slope ``[n, M, ...]``: ``[n, M]``."""
        return slopes.flatten(2).norm(dim=2)

    @staticmethod
    def unit(slope: Tensor, gain: Tensor) -> Tensor:
        """The step of length one that gains most; ``gain`` is the dual norm of ``slope``."""
        return slope / per_picture(gain.clamp_min(TINY), slope)


@dataclass(frozen=True, kw_only=True)
class DeepFoolLinf(DeepFool):
    """DeepFool in Linf (Moosavi-Dezfooli et al., 2016, eqs 11-14 with p = infinity, q = 1)."""

    name = "deepfool-linf"
    title = "DeepFool (Linf)"
    summary = "DeepFool with steps that move every value equally far."
    equation = (
        r"r_i = \frac{|f_{\hat l}(x_i) - f_{\hat k}(x_i)|}{\lVert w_{\hat l}\rVert_1}\,"
        r"\mathrm{sign}(w_{\hat l}),\quad x' = x + (1 + \eta)\sum_i r_i"
    )
    equation_towards = (
        r"r_i = \frac{|f_t(x_i) - f_{\hat k}(x_i)|}{\lVert w_t\rVert_1}\,\mathrm{sign}(w_t),\quad"
        r"\hat k = \arg\max_{k \ne t} f_k(x_i),\quad x' = x + (1 + \eta)\sum_i r_i"
    )
    norm = "linf"

    @staticmethod
    def size(change: Tensor) -> Tensor:
        return change.abs().flatten(1).amax(1)

    @staticmethod
    def dual_norm(slopes: Tensor) -> Tensor:
        return slopes.flatten(2).abs().sum(2)

    @staticmethod
    def unit(slope: Tensor, gain: Tensor) -> Tensor:
        return slope.sign()
