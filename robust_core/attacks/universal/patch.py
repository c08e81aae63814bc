"""Adversarial patches (Brown et al., 2017): one sticker for any picture, place, size and angle."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robust_core.attacks.losses import ascended
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.universal.adam import Adam
from robust_core.attacks.universal.base import Fit, Seen, UniversalAttack, fooled, seed_parameter
from robust_core.attacks.universal.fitted import Universal
from robust_core.attacks.universal.paste import (
    ROUND,
    SHAPES,
    Placement,
    native_mask,
    native_side,
    paste,
    paste_exactly,
    share,
    whole,
)
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.goals import Aim
from robust_core.papers import BROWN
from robust_core.parameters import parameter

REPORTS = 10
"""How often a fit reports the share that it fools, each time over the steps since the last report."""


@dataclass(frozen=True, kw_only=True)
class Patch(UniversalAttack):
    """A patch fitted to random pictures, places, sizes and angles (Brown et al., 2017, section 2).

    Adam ascends the mean over a mini-batch, each picture of which has the patch elsewhere; the gradient
    goes through the pasting. With a target, pictures of its class take no part. A picture
    whose odds are beyond ``clamp`` does not pull any more.
    """

    name = "patch"
    title = "Adversarial patch"
    summary = "A sticker that works on any picture: its pixels are free, all others stay."
    equation = r"\hat p = \arg\max_p \mathbb{E}_{x, t, l}\big[-\log \Pr(y \mid A(p, x, l, t))\big]"
    equation_towards = (
        r"\hat p = \arg\max_p \mathbb{E}_{x, t, l}\big[\log \Pr(\hat y \mid A(p, x, l, t))\big]"
    )
    paper = BROWN
    norm = "l0"

    scale: float = parameter(
        0.1, "Share of the picture's area that the patch covers.", above=0.0, high=0.75
    )
    shape: str = parameter(ROUND, "Shape of the patch.", choices=SHAPES)
    steps: int = parameter(500, "Number of gradient steps.", low=1, high=1_000_000)
    batch: int = parameter(16, "Pictures in a mini-batch.", low=1, high=100_000)
    learning_rate: float = parameter(0.05, "Adam's step.", above=0.0, high=10.0, unit="[0, 1]")
    rotation: float = parameter(
        20.0, "Largest angle to either side while fitting.", low=0.0, high=180.0, unit="degrees"
    )
    resize: float = parameter(
        0.2, "Share by which the area varies while fitting, either way.", low=0.0, high=0.9
    )
    clamp: float = parameter(
        5.0, "Log-odds beyond the goal at which a picture pulls no more.", low=0.0, high=1e6
    )
    seed: int = seed_parameter()

    @property
    def observations(self) -> int:
        return min(self.steps, REPORTS)

    def search(self, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen) -> Fit:
        if images.ndim != 4:
            raise ValueError(f"images of patch must be [N, C, H, W]; got {list(images.shape)}")
        if oracle.free is not None:
            raise ValueError(
                "mask is not for patch, which is a region itself: give scale, and at= when it is applied"
            )
        chosen = self._others(images, aim)
        size = images.shape[2], images.shape[3]
        side = native_side(self.scale, self.shape, size)
        mask = native_mask(side, self.shape, images)
        patch = images.new_full((1, images.shape[1], side, side), 0.5).requires_grad_()
        adam = Adam(patch)
        draw = torch.Generator().manual_seed(self.seed)
        curve: list[float] = []
        hits: list[float] = []
        for step in range(self.steps):
            picks = torch.randperm(len(chosen), generator=draw, device="cpu")[: self.batch]
            rows = chosen[picks.to(chosen.device)]
            grid = self.place(len(rows), side, size, draw).grid(side, size, images)
            pasted = paste(images[rows], patch, mask, grid)
            with oracle.within(rows):
                pull, logits = oracle.ascent(pasted.detach(), aim[rows], "ce")
            on = ascended("ce", aim[rows], logits) < self.clamp
            pull = pull * (on / len(rows)).to(pull.dtype).view(-1, 1, 1, 1)
            (gradient,) = torch.autograd.grad(pasted, patch, pull)  # fresh: nothing adds up
            with torch.no_grad():
                patch.add_(adam.rise(gradient), alpha=self.learning_rate).clamp_(0, 1)
            hits.append(aim[rows].success(logits).double().mean().item())
            if (step + 1) * self.observations // self.steps > len(curve):
                curve.append(sum(hits) / len(hits))
                hits.clear()
                seen(patch, curve[-1])
        found = patch.detach() * mask + 0.5 * (1 - mask)
        return Fit(found, curve, self._answers(oracle, images, aim, found, mask, draw))

    def _others(self, images: Tensor, aim: Aim) -> Tensor:
        """The pictures to fit to, indices: with a target those that are not of its class already."""
        every = torch.arange(len(images), device=images.device)
        if not aim.towards or aim.leaving is None:
            return every
        others = every[aim.leaving != aim.classes]
        if not len(others):
            raise ValueError(
                "all images are of the target class: a patch needs others to be fitted to"
            )
        return others

    def place(
        self, count: int, side: int, size: tuple[int, int], draw: torch.Generator
    ) -> Placement:
        """Random places within the picture, areas and angles."""
        area, turn, row, column = torch.rand(
            4, count, generator=draw, dtype=torch.float64, device="cpu"
        )
        zoom = (1 + self.resize * (2 * area - 1)).sqrt()
        return inside(zoom, self.rotation * (2 * turn - 1), row, column, side, self.shape, size)

    def _answers(
        self,
        oracle: Oracle,
        images: Tensor,
        aim: Aim,
        patch: Tensor,
        mask: Tensor,
        draw: torch.Generator,
    ) -> Tensor:
        """The model's answers with the patch at a random place of each picture."""
        size = images.shape[2], images.shape[3]
        side = patch.shape[-1]
        grid = self.place(len(images), side, size, draw).grid(side, size, images)
        return fooled(oracle, paste(images, patch, mask, grid), aim)[1]

    def shown(self, images: Tensor, delta: Tensor) -> Tensor:
        side = delta.shape[-1]
        top, left = (whole(length / 2, side) for length in images.shape[2:])
        return paste_exactly(images, delta, native_mask(side, self.shape, images), top, left)

    def shared(self, fit: Fit, record: dict[str, Any]) -> Universal:
        size = record["size"]
        covered = share(fit.delta.shape[-1], self.shape, (size[1], size[2]))
        return PatchUniversal(fit.delta, record | {"shape": self.shape, "scale": covered})


def inside(
    zoom: Tensor,
    angle: Tensor,
    row: Tensor,
    column: Tensor,
    side: int,
    shape: str,
    size: tuple[int, int],
) -> Placement:
    """Places whose patch is wholly within the picture, where it fits; ``row`` and ``column`` in [0, 1]
    go from one rim to the other. All are float64 ``[N]``."""
    half = zoom * side / 2
    if shape != ROUND:
        turn = torch.deg2rad(angle)
        half = half * (turn.cos().abs() + turn.sin().abs())
    low, room_y = half, (size[0] - 2 * half)
    centre_y = torch.where(room_y > 0, low + row * room_y, size[0] / 2)
    room_x = size[1] - 2 * half
    centre_x = torch.where(room_x > 0, half + column * room_x, size[1] / 2)
    return Placement(centre_y, centre_x, zoom, angle)
