"""Random noise: the baseline that every attack must beat."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.attempts import Best
from robust_core.attacks.balls import TINY, l2_norm, own_noise, per_picture
from robust_core.attacks.base import LARGEST, Attack
from robust_core.attacks.losses import margin
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.parameters import parameter

ADDED = r"x' = \mathrm{clip}(x + \delta),\quad "


class OfKind:
    """A text for each kind of noise; for the class itself, the default kind's."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def __get__(self, attack: "Noise | None", owner: "type[Noise]") -> str:
        return self.texts[(attack or owner).kind]


@dataclass(frozen=True, kw_only=True)
class Noise(Attack):
    """Random perturbations of a given size, the best of several draws.

    ``sign`` has the same Linf and L2 size as FGSM and is the fair baseline for it. For ``gaussian``
    eps is the standard deviation, for ``sphere`` the L2 length.
    """

    name = "noise"
    title = "Random noise"
    summary = "A random change of the same size, made without querying the model."
    equation = OfKind(
        sign=ADDED + r"\delta_i \in \{-\varepsilon, +\varepsilon\}\ \text{at random}",
        uniform=ADDED + r"\delta_i \sim U(-\varepsilon, \varepsilon)",
        gaussian=ADDED + r"\delta_i \sim N(0, \varepsilon^2)",
        sphere=ADDED + r"\delta = \varepsilon\,g / \lVert g\rVert_2,\ g_i \sim N(0, 1)",
    )
    knowledge = "none"
    norm = OfKind(sign="linf", uniform="linf", gaussian="linf", sphere="l2")

    eps: float = parameter(
        8 / 255,
        "Largest change of a value.",
        low=0.0,
        high=LARGEST,
        unit="[0, 1]",
    )
    kind: str = parameter(
        "sign",
        "sign: every value moves by plus or minus eps. uniform: by up to eps. gaussian: standard "
        "deviation eps. sphere: L2 length eps.",
        choices=("sign", "uniform", "gaussian", "sphere"),
    )
    draws: int = parameter(
        1, "Number of draws; the one closest to the goal is kept.", low=1, high=10_000
    )
    seed: int = parameter(0, "Seed of the random numbers.", low=0, high=2**31 - 1)

    @property
    def observations(self) -> int:
        return self.draws

    def noise(self, images: Tensor, draw: int, free: Tensor | None = None) -> Tensor:
        """The perturbation of one draw, before clipping; draw k does not depend on the number of draws.

        Only the values that are ``free`` (bool ``[N, 1, H, W]``; None: all) count for a length.
        """
        normal = self.kind in ("gaussian", "sphere")
        noise = own_noise(images, self.seed, draw, normal=normal)
        if self.kind == "sign":
            return (noise - 0.5).sign_().mul_(self.eps)
        if self.kind == "uniform":
            return self.eps * (2 * noise - 1)
        if self.kind == "sphere":
            noise = noise if free is None else noise * free
            noise = noise / per_picture(l2_norm(noise).clamp_min(TINY), noise)
        return self.eps * noise

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        drawn = (images + self.noise(images, 0, oracle.free)).clamp_(0, 1)
        if self.draws == 1:  # nothing the model answers matters
            oracle.count("iterations")
            oracle.check(drawn, aim)
            oracle.show_last(drawn, aim, "margin")
            return drawn
        kept = Best(drawn)
        every = torch.arange(len(images), device=images.device)
        for draw in range(self.draws):
            if draw:
                drawn = (images + self.noise(images, draw, oracle.free)).clamp_(0, 1)
            logits = oracle.logits(drawn, aim)
            loss = aim.loss(logits, margin)
            oracle.observe(drawn, loss)
            oracle.count("iterations")
            kept.offer(every, drawn, loss, aim.success(logits))
        return kept.x
