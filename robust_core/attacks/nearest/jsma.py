"""The Jacobian-based saliency map attack (JSMA): the values that help most move as far as they can."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.base import Attack
from robust_core.attacks.margins import across
from robust_core.attacks.nearest.best import Nearest
from robust_core.attacks.nearest.saliency import PICKS, most_salient
from robust_core.attacks.nearest.sparse import changes, counting_parameter, everywhere
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import PAPERNOT_SALIENCY
from robust_core.parameters import parameter

RULE = (
    r"\arg\max_{(p, q)} -\alpha_{pq}\,\beta_{pq},\quad \alpha_{pq} = \sum_{i \in \{p, q\}} %s,"
    r"\quad \beta_{pq} = \sum_{i \in \{p, q\}} %s,\quad \theta\alpha > 0,\ \theta\beta < 0"
)


@dataclass
class Change(Rows):
    """Pictures being changed: where they are in the batch, clean and now."""

    rows: Tensor
    images: Tensor
    x: Tensor


@dataclass(frozen=True, kw_only=True)
class JSMA(Attack):
    """Jacobian-based saliency map attack, L0 (Papernot et al., 2016, algorithms 2 and 3), on the logits.

    Each step moves the pair of values whose change by ``theta`` raises the target's logit and lowers the
    sum of all others, by the largest product of the two. Values at the edge of the box, or of the mask,
    are no longer in the search. A picture leaves when it has reached the goal, or when no pair helps.

    The paper has targeted attacks only. To leave a class, its logit must fall and the sum of the others
    rise: the same map with both signs turned (Wiyatno, Xu, 2018, "non-targeted JSMA").
    """

    name = "jsma"
    title = "JSMA (L0)"
    summary = "Moves the two values that help most as far as they go, then the next two."
    equation = RULE % (
        r"-\frac{\partial Z_y}{\partial x_i}",
        r"-\sum_{j \ne y}\frac{\partial Z_j}{\partial x_i}",
    )
    equation_towards = RULE % (
        r"\frac{\partial Z_t}{\partial x_i}",
        r"\sum_{j \ne t}\frac{\partial Z_j}{\partial x_i}",
    )
    paper = PAPERNOT_SALIENCY
    norm = "l0"

    steps: int = parameter(
        200, "Most steps; each changes the picked pair or single value.", low=1, high=100_000
    )
    theta: float = parameter(
        1.0, "Change of a picked value: above 0 brighter, below 0 darker.", low=-1.0, high=1.0
    )
    picked: str = parameter(
        "pairs", "What a step changes: the best pair, or the best single one.", choices=PICKS
    )
    counted: str = counting_parameter("values")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.theta == 0:
            raise ValueError("theta must be from -1 to 1 and not 0; got 0")

    @property
    def observations(self) -> int:
        return self.steps + 1

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        best = Nearest(images)
        rows = torch.arange(len(images), device=images.device)
        now = Change(rows, images, images.clone())
        for k in range(self.steps + 1):
            with oracle.within(now.rows):
                now.x = oracle.keep(now.x)
                on, gain, loss = self.jacobian(oracle, now.x, aim[now.rows], k)
                free = oracle.free
            size = changes(now.x - now.images, self.counted)
            best.offer(now.rows, now.x, size, ~on)
            if k == self.steps or not on.any():
                break
            room = self.room(now.x, free)[on]
            now = now[on]
            moves = most_salient(gain * room, loss * room, self.counted, self.picked)
            now.x = torch.where(everywhere(moves, now.x), (now.x + self.theta).clamp(0, 1), now.x)
            now = now[moves.any(1)]
            if not len(now.rows):
                break
        return best.x

    def jacobian(
        self, oracle: Oracle, x: Tensor, aim: Aim, k: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Which pictures go on, bool ``[n]``, and the saliency of each value in those.

        What a change by ``theta`` adds to the logit of the goal, and what it takes from all others.
        """
        leaf, logits = oracle.follow(x, aim)
        z = logits.detach()
        oracle.count("iterations")
        oracle.record(x, aim, "margin", z)
        on = ~across(z, aim)
        if k == self.steps or not on.any():
            return on, x, x
        own = torch.zeros_like(z).scatter_(1, aim.classes.unsqueeze(1), 1)
        sign = self.theta if aim.towards else -self.theta
        others = (own - 1).masked_fill_(
            z == -torch.inf, 0
        )  # a class that is ruled out cannot change
        gain = oracle.pull(logits, leaf, own * sign, keep=True).nan_to_num(nan=0.0)
        loss = oracle.pull(logits, leaf, others * sign).nan_to_num(nan=0.0)
        oracle.count("zero_gradients", on & ~gain.flatten(1).any(1))
        return on, gain[on], loss[on]

    def room(self, x: Tensor, free: Tensor | None) -> Tensor:
        """Which values can still move."""
        room = x < 1 if self.theta > 0 else x > 0
        return room if free is None else room & free
