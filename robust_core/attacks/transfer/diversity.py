"""DI-FGSM: each gradient is taken through the picture made a little smaller, at a random place."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import own_generators
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.pair.joint import NEVER_EARLY
from robust_core.attacks.rows import Rows
from robust_core.attacks.transfer.momentum import MIFGSM, Way, decay_parameter
from robust_core.goals import Aim
from robust_core.papers import XIE_DIVERSITY
from robust_core.parameters import parameter

NUMBERS = 4
"""Random numbers of a view: whether there is one, its size, its place down and across."""


def numbers(images: Tensor, seed: int, steps: int) -> Tensor:
    """Numbers of all steps, uniform in [0, 1), ``[steps, N, NUMBERS]``: each picture draws for itself."""
    drawn = [
        torch.rand(steps, NUMBERS, generator=generator, dtype=torch.float64, device="cpu")
        for generator in own_generators(images, seed, 0)
    ]
    return torch.stack(drawn, 1)


def shrinking(side: int, smaller: Tensor, place: Tensor) -> Tensor:
    """Matrices ``[n, side, side]`` that shrink ``side`` values to ``smaller`` ``[n]``, linearly.

    The result begins ``place`` ``[n]`` values down, with zeros before and after it. Nothing smaller: the
    identity.
    """
    smaller, place = smaller.double().view(-1, 1), place.double().view(-1, 1)
    to = torch.arange(side, device="cpu") - place
    at = ((to + 0.5) * side / smaller - 0.5).clamp(0, side - 1)  # centres of pixels
    near = 1 - (at.unsqueeze(2) - torch.arange(side, dtype=torch.float64, device="cpu")).abs()
    return near.clamp_min(0) * ((to >= 0) & (to < smaller)).unsqueeze(2)


@dataclass
class Views(Rows):
    """How n pictures are seen: ``down`` ``[n, H, H]`` acts on columns, ``across`` ``[n, W, W]`` on rows."""

    down: Tensor
    across: Tensor

    @classmethod
    def of(
        cls, numbers: Tensor, height: int, width: int, probability: float, least: float
    ) -> "Views":
        """Views of pictures of that size, decided by ``numbers`` ``[n, NUMBERS]``."""
        shares = 1 - (1 - least) * numbers[:, 1]
        shares = torch.where(numbers[:, 0] < probability, shares, 1)
        matrices = []
        for side, column in ((height, 2), (width, 3)):
            smaller = (side * shares).round().clamp(1, side)
            place = (numbers[:, column] * (side - smaller + 1)).floor()
            matrices.append(shrinking(side, smaller, place))
        return cls(*matrices)

    def __call__(self, images: Tensor) -> Tensor:
        """``images`` ``[n, C, H, W]`` as seen; of ``[n, D]`` each is one row."""
        down, across = (m.to(images).unsqueeze(1) for m in (self.down, self.across))
        planes = images.reshape(len(images), -1, *(1, *images.shape[1:])[-2:])
        return (down @ planes @ across.mT).view_as(images)


class DiverseWay(Way):
    """As ``Way``, with gradients taken through ``Views`` that are drawn afresh at each step."""

    attack: "DIFGSM"
    drawn: Tensor

    def gradient(self, x: Tensor, aim: Aim, rows: Tensor | None) -> tuple[Tensor, Tensor]:
        if not self.attack.probability:
            return super().gradient(x, aim, rows)
        drawn = self.drawn[self.step]
        drawn = drawn if rows is None else drawn[rows.cpu()]
        height, width = (1, *x.shape[1:])[-2:]
        views = Views.of(drawn, height, width, self.attack.probability, self.attack.least)
        gradient, logits = self._through(views, x, aim, self.loss)
        vanished = (~gradient.flatten(1).any(1)).nonzero().squeeze(1)
        if len(vanished):
            self.oracle.count("zero_gradients", vanished)
            if self.loss == "ce":  # as everywhere, the margin's in its place
                with self.oracle.within(vanished):
                    few = views[vanished.cpu()]
                    found = self._through(few, x[vanished], aim[vanished], "margin")
                gradient[vanished] = found[0]
        self.oracle.count("iterations")
        self.oracle.record(x, aim, self.loss, logits)
        return gradient, logits

    def _through(self, views: Views, x: Tensor, aim: Aim, loss: str) -> tuple[Tensor, Tensor]:
        with self.oracle.through(views):
            leaf, logits = self.oracle.follow(x, aim)
            plain = logits.detach()
            gradient = self.oracle.pull(logits, leaf, self.oracle.slope(plain.clone(), aim, loss))
        return gradient.nan_to_num(nan=0.0), plain


@dataclass(frozen=True, kw_only=True)
class DIFGSM(MIFGSM):
    """Diverse inputs iterative FGSM, DI2-FGSM, in Linf (Xie et al., 2019, equations 3 and 5).

    At each step a picture is seen, with ``probability``, smaller and at a random place on black. The paper
    enlarges pictures of 299 pixels to at most 330 and pads them to 330; here the model keeps its own size,
    and the shares are much the same. Each picture draws for itself. With ``decay`` it is their M-DI2-FGSM;
    with a probability of 0 and no decay it is BIM, bit for bit.

    The goal of less confidence is left out, as a random view cannot say when the picture itself is there.
    """

    name = "di-fgsm"
    title = "DI-FGSM"
    summary = (
        "BIM that sees the picture at random sizes, so that it does not fit one network too well."
    )
    equation = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n + \alpha\,\mathrm{sign}"
        r"(\nabla_x J(T(x_n; p), y))\big)"
    )
    equation_towards = (
        r"x_{n+1} = \mathrm{Clip}_{x}^{\varepsilon}\big(x_n - \alpha\,\mathrm{sign}"
        r"(\nabla_x J(T(x_n; p), t))\big)"
    )
    paper = XIE_DIVERSITY
    goals = NEVER_EARLY

    decay: float = decay_parameter(0.0)
    probability: float = parameter(
        0.5, "How often a step sees the picture changed (p); 0: never.", low=0.0, high=1.0
    )
    least: float = parameter(
        0.9, "Smallest share of its sides that a picture is shrunk to.", above=0.0, high=1.0
    )
    seed: int = parameter(0, "Seed of the sizes and places.", low=0, high=2**31 - 1)

    def way(self, oracle: Oracle, images: Tensor) -> Way:
        way = DiverseWay(oracle, images, self.loss, self.decay)
        way.attack = self
        way.drawn = numbers(images, self.seed, self.steps if self.probability else 0)
        return way
