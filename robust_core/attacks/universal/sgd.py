"""Universal perturbations by gradient steps on mini-batches (Shafahi et al., 2020)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import per_picture
from robust_core.attacks.base import LARGEST
from robust_core.attacks.losses import ascended
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.universal.balls import project
from robust_core.attacks.universal.base import (
    Fit,
    Passes,
    Seen,
    passes_parameter,
    seed_parameter,
    shuffled,
)
from robust_core.attacks.universal.uap import Perturbation
from robust_core.goals import Aim
from robust_core.papers import SHAFAHI
from robust_core.parameters import automatic, parameter


@dataclass(frozen=True, kw_only=True)
class UAPSGD(Perturbation):
    """One perturbation in Linf by sign steps on mini-batches (Shafahi et al., 2020, section 3).

    The loss is clamped, so that a few pictures whose loss can grow without bound do not decide the step:
    beyond ``clamp`` a picture has no gradient. The odds behind the cross-entropy are ascended, as
    everywhere here: they give confident pictures a gradient too. The v returned is the best after any pass.
    """

    name = "uap-sgd"
    title = "Universal perturbation (SGD)"
    summary = "Gradient-sign steps on the mean loss of mini-batches, one change for all."
    equation = (
        r"v \leftarrow P_{\infty,\xi}\Big(v + \alpha\,\mathrm{sign} \sum_{i \in B} \nabla_v "
        r"\min\big(J(\theta, x_i + v, \hat k(x_i)), \beta\big)\Big)"
    )
    equation_towards = (
        r"v \leftarrow P_{\infty,\xi}\Big(v - \alpha\,\mathrm{sign} \sum_{i \in B} \nabla_v "
        r"\max\big(J(\theta, x_i + v, t), -\beta\big)\Big)"
    )
    paper = SHAFAHI

    passes: int = passes_parameter(8)
    step_size: float | None = automatic(
        "Length of a step; empty: eps / 10, or 2.5 eps / number of steps where that is more.",
        LARGEST,
        "[0, 1]",
    )
    clamp: float = parameter(
        9.0, "Log-odds beyond the goal at which a picture pulls no more.", low=0.0, high=LARGEST
    )
    batch: int = parameter(
        100, "Pictures in a mini-batch; at most a tenth of the pictures.", low=1, high=100_000
    )
    seed: int = seed_parameter()

    def size(self, steps: int) -> float:
        """Length of one of so many steps: ``step_size``, or a tenth of eps, more if that is not enough."""
        if self.step_size is not None:
            return self.step_size
        return self.eps * max(0.1, 2.5 / steps)

    def search(self, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen) -> Fit:
        delta = torch.zeros_like(images[:1])
        passes = Passes(self, oracle, images, aim, seen)
        batch = min(self.batch, max(1, len(images) // 10))
        size = self.size(self.passes * -(-len(images) // batch))
        for number in range(self.passes):
            done = 0
            for rows in shuffled(len(images), self.seed, number, images.device).split(batch):
                x = self.shown(images[rows], delta)
                with oracle.within(rows):
                    gradient, logits = oracle.ascent(x, aim[rows], "ce")
                on = ascended("ce", aim[rows], logits) < self.clamp
                pull = (gradient * per_picture(on, gradient)).sum(0, keepdim=True)
                delta = project(delta + size * pull.sign(), self.eps, self.norm)
                done += len(rows)
                seen.batch(delta, done)
            passes.end(delta)
        return passes.best()
