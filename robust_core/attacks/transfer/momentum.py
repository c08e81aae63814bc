"""MI-FGSM: BIM with a memory of its gradients, which finds ways up that other networks share."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.gradient import BIM, Ball, climb
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.papers import DONG
from robust_core.parameters import parameter


def decay_parameter(default: float) -> float:
    return parameter(
        default,
        "Weight of the gradients so far (mu); 0: none, 1: all count alike.",
        low=0.0,
        high=10.0,
    )


def by_mean(gradient: Tensor) -> Tensor:
    """``gradient`` ``[n, ...]`` over its mean absolute value, picture by picture; zeros stay zeros.

    Dong et al. divide by the L1 norm. That is this times the number of values, the same at every step, so
    all signs are the paper's. The largest value is divided out first, so that nothing overflows.
    """
    axes = tuple(range(1, gradient.ndim))
    tiny = torch.finfo(gradient.dtype).tiny
    scaled = gradient / gradient.abs().amax(axes, keepdim=True).clamp_min(tiny)
    return scaled / scaled.abs().mean(axes, keepdim=True).clamp_min(tiny)


class Way:
    """The way of each step of N pictures like ``images``: the gradient, and ``decay`` times the last way.

    Subclasses change where the gradient is taken (``gradient``) or what becomes of it (``shaped``).
    """

    def __init__(self, oracle: Oracle, images: Tensor, loss: str, decay: float) -> None:
        self.oracle = oracle
        self.loss = loss
        self.decay = decay
        self.step = -1
        self._memory = torch.zeros_like(images)

    def __call__(self, x: Tensor, aim: Aim, rows: Tensor | None) -> tuple[Tensor, Tensor]:
        """The way from ``x`` and the logits there: see ``gradient.Ascend``."""
        self.step += 1
        gradient, logits = self.gradient(x, aim, rows)
        which = slice(None) if rows is None else rows
        way = self.decay * self._memory[which] + by_mean(self.shaped(gradient))
        self._memory[which] = way
        return way, logits

    def gradient(self, x: Tensor, aim: Aim, rows: Tensor | None) -> tuple[Tensor, Tensor]:
        return self.oracle.ascent(x, aim, self.loss)

    def shaped(self, gradient: Tensor) -> Tensor:
        return gradient


@dataclass(frozen=True, kw_only=True)
class MIFGSM(BIM):
    """Momentum iterative FGSM in Linf (Dong et al., 2018, algorithm 1).

    The gradient of each step is divided by its size and added to the last way times ``decay``; the step
    follows the sign of the sum. The paper's steps have the length eps / steps; here that is ``step_size``,
    with the same default as everywhere. With ``decay`` 0 it is BIM, bit for bit.
    """

    name = "mi-fgsm"
    title = "MI-FGSM"
    summary = "BIM with momentum: its results fool other networks more often."
    equation = (
        r"g_{n+1} = \mu g_n + \frac{\nabla_x J(x_n, y)}{\lVert\nabla_x J(x_n, y)\rVert_1},\quad "
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,\mathrm{sign}(g_{n+1})\big)"
    )
    equation_towards = (
        r"g_{n+1} = \mu g_n + \frac{\nabla_x J(x_n, t)}{\lVert\nabla_x J(x_n, t)\rVert_1},\quad "
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n - \alpha\,\mathrm{sign}(g_{n+1})\big)"
    )
    paper = DONG

    decay: float = decay_parameter(1.0)

    def way(self, oracle: Oracle, images: Tensor) -> Way:
        """What says the way of each step."""
        return Way(oracle, images, self.loss, self.decay)

    def climb(self, oracle: Oracle, ball: Ball, x: Tensor, aim: Aim) -> Tensor:
        return climb(
            oracle,
            ball,
            x,
            aim,
            steps=self.steps,
            size=self.size,
            loss=self.loss,
            ascend=self.way(oracle, ball.images),
        )
