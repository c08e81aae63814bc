"""TI-FGSM: the gradient is smoothed, as if it were averaged over shifted copies of the picture."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.attacks.transfer.momentum import MIFGSM, Way, decay_parameter
from robust_core.papers import DONG_TRANSLATION
from robust_core.parameters import parameter

PAPER_SIDE, PAPER_KERNEL = 299, 15
"""The paper's pictures and its kernel, in pixels."""
REACH = 3
"""The kernel ends this many deviations from its middle."""
LEAST = 5
"""Of 3 pixels the outer ones have hardly any weight: that would be BIM."""


def fitting_side(height: int, width: int) -> int:
    """The paper's share of the shorter side, the nearest odd number of pixels, at least ``LEAST``."""
    share = min(height, width) * PAPER_KERNEL / PAPER_SIDE
    return max(LEAST, 2 * math.floor(share / 2) + 1)


def gaussian(side: int) -> Tensor:
    """Gaussian weights ``[side]``, float64, that sum to 1: a row of the separable kernel."""
    place = torch.linspace(-REACH, REACH, side, dtype=torch.float64, device="cpu")
    weights = torch.exp(-place.square() / 2)
    return weights / weights.sum()


def smoothed(gradient: Tensor, side: int) -> Tensor:
    """``gradient`` ``[n, C, H, W]`` convolved with the kernel of ``side`` pixels, channel by channel.

    Beyond the edge there is nothing, as in the paper. A side of 1 changes nothing. ``[n, D]`` is one row.
    """
    if side == 1:
        return gradient
    weights = gaussian(side).to(gradient)
    planes = gradient.reshape(-1, 1, *(1, *gradient.shape[1:])[-2:])
    rows = F.conv2d(planes, weights.view(1, 1, 1, -1), padding=(0, side // 2))
    both = F.conv2d(rows, weights.view(1, 1, -1, 1), padding=(side // 2, 0))
    return both.view_as(gradient)


class SmoothedWay(Way):
    """As ``Way``, of gradients smoothed by a kernel of ``side`` pixels."""

    side: int

    def shaped(self, gradient: Tensor) -> Tensor:
        return smoothed(gradient, self.side)


@dataclass(frozen=True, kw_only=True)
class TIFGSM(MIFGSM):
    """Translation-invariant FGSM in Linf (Dong et al., 2019, equations 8 and 9), step by step.

    Averaging the loss over shifts of the picture is, nearly, smoothing its gradient. The kernel is the
    Gaussian of the authors' code, which ends at three deviations. With ``decay`` it is their TI-MI-FGSM;
    with a kernel of 1 pixel and no decay it is BIM, bit for bit.
    """

    name = "ti-fgsm"
    title = "TI-FGSM"
    summary = "BIM along smoothed gradients, which depend less on the exact place of each pixel."
    equation = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,\mathrm{sign}"
        r"(W * \nabla_x J(x_n, y))\big)"
    )
    equation_towards = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n - \alpha\,\mathrm{sign}"
        r"(W * \nabla_x J(x_n, t))\big)"
    )
    paper = DONG_TRANSLATION

    decay: float = decay_parameter(0.0)
    kernel: int | None = parameter(
        None,
        "Side of the Gaussian kernel in pixels, odd; 1: no smoothing. Empty: the paper's share of the "
        "shorter side, 15 of 299, at least 5.",
        low=1,
        high=1001,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kernel is not None and self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, so that it has a middle; got {self.kernel}")

    def way(self, oracle: Oracle, images: Tensor) -> Way:
        way = SmoothedWay(oracle, images, self.loss, self.decay)
        height, width = (1, *images.shape[1:])[-2:]
        way.side = fitting_side(height, width) if self.kernel is None else self.kernel
        return way
