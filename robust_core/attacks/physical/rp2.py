"""RP2: a poster or stickers that make a road sign read as another, from many places (Eykholt et al., 2018).

The change lives in the sign's own frame. Whatever takes the sign to the camera (``poses.Street``, or any
differentiable function) takes the change along, so that mask and change are warped by the same T_i.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.base import Model
from robust_core.attacks.checks import check_batch, check_classes, check_logits
from robust_core.attacks.masks import check_mask
from robust_core.attacks.physical.printing import colours, non_printability, printed
from robust_core.contract import Asked
from robust_core.modes import evaluating
from robust_core.papers import EYKHOLT
from robust_core.parameters import Parameters, parameter
from robust_core.probabilities import Reading

Views = Callable[[Tensor], Tensor]
"""From a sign ``[1, C, h, w]`` to V pictures of it as a classifier gets them, differentiable."""
Observer = Callable[[Tensor, float], object]
ADAM_EPS = 1e-4
"""As in the authors' script."""


@dataclass(frozen=True)
class Poster:
    """A sign with its poster or stickers: all tensors detached, in the sign's frame.

    ``sign`` and ``changed`` ``[1, C, h, w]``, ``area`` bool ``[1, 1, h, w]``: where they may differ.
    ``fooled`` is the share of the views it was made for that reach the goal; ``loss`` ``[steps + 1]``.
    """

    sign: Tensor
    changed: Tensor
    area: Tensor
    fooled: float
    loss: Tensor

    @property
    def delta(self) -> Tensor:
        return self.changed - self.sign

    def on(self, device: torch.device) -> "Poster":
        """The same on a device; the losses stay on the CPU."""
        sign, changed, area = (x.to(device) for x in (self.sign, self.changed, self.area))
        return Poster(sign, changed, area, self.fooled, self.loss)

    @property
    def as_printed(self) -> Tensor:
        """``changed`` with the area in printable colours, each pixel in the nearest."""
        return printed(self.changed, self.area)


@dataclass(frozen=True, kw_only=True)
class RP2(Parameters):
    """Robust physical perturbations (Eykholt et al., 2018, eq. 2-4), by Adam on a change of the sign.

    ``min  weight |M d|_p + printability NPS + mean_i J(f(T_i(x + M d)), target)``. Norm and NPS are means
    over the area, where the paper has sums, so that weights do not depend on the sign's resolution. The
    change with the most successes over its views is kept; among equals, the one with the least loss. It
    starts at zero, and nothing is drawn at random: all chance is in the views that it is given.

    A large ``printability`` brings most pixels near a printable colour, not all: in three dimensions the
    product has minima of its own. ``Poster.as_printed`` takes the nearest colours.
    """

    name: ClassVar[str] = "rp2"
    title: ClassVar[str] = "RP2"
    paper = EYKHOLT

    steps: int = parameter(200, "Number of steps of Adam.", low=1, high=10_000)
    learning_rate: float = parameter(0.05, "Length of a step.", above=0.0, high=1.0)
    weight: float = parameter(1.0, "Weight of the norm of the change.", low=0.0, high=1e6)
    norm: str = parameter(
        "l2",
        "l1 leaves few pixels changed, and finds a region; l2 is for a mask.",
        choices=("l1", "l2"),
    )
    printability: float = parameter(5.0, "Weight of the non-printability score.", low=0.0, high=1e9)

    def __call__(
        self,
        model: Model,
        sign: Tensor,
        area: Tensor,
        views: Views,
        classes: int,
        *,
        targeted: bool = True,
        observer: Observer | None = None,
    ) -> Poster:
        """Make a poster on the ``area`` of a sign.

        Args:
            model: any callable from pictures in [0, 1] to logits ``[V, K]``.
            sign: ``[1, C, h, w]`` in [0, 1].
            area: zeros and ones ``[1, 1, h, w]``, 1 where the sign may change.
            views: from a sign to pictures of it, such as ``lambda x: street(x, poses)``.
            classes: the class to reach, or without ``targeted`` the class to leave.
            observer: called as ``observer(sign, loss)`` at each step; what it raises ends the attack.

        Raises:
            ValueError: an argument is wrong; the sentence names it and what is allowed.
        """
        _check_sign(sign)
        check_mask(area, sign)
        free = area.bool().to(sign.device).detach()
        asked, reading = Asked(model), Reading()
        sign = sign.detach()
        delta = torch.zeros_like(sign).requires_grad_()
        adam = torch.optim.Adam([delta], self.learning_rate, eps=ADAM_EPS)
        best: tuple[float, float] | None = None
        kept, losses = sign, []
        with torch.inference_mode(False), torch.enable_grad(), evaluating(model):
            for step in range(self.steps + 1):
                changed = torch.where(free, (sign + delta).clamp(0, 1), sign)
                pictures = views(changed)
                answers = asked(pictures)
                check_logits(answers, pictures)
                logits = reading(answers)
                wanted = torch.full(
                    (len(logits),), classes, dtype=torch.int64, device=logits.device
                )
                if step == 0:
                    check_classes(wanted, logits)
                value = self._loss(logits, wanted, changed, delta, free, targeted)
                fooled = (logits.argmax(1) == wanted) == targeted
                rank = (-fooled.double().mean().item(), value.item())
                losses.append(rank[1])
                if best is None or rank < best:
                    best, kept = rank, changed.detach().clone()
                if observer is not None:
                    observer(changed.detach().clone(), rank[1])
                if step < self.steps:
                    (delta.grad,) = torch.autograd.grad(value, delta)
                    adam.step()
                    with torch.no_grad():  # a change that the box cuts off would have no slope
                        delta.copy_(((sign + delta).clamp(0, 1) - sign) * free)
        assert best is not None
        return Poster(
            sign, kept, free, -best[0], torch.tensor(losses, dtype=torch.float64, device="cpu")
        )

    def _loss(
        self,
        logits: Tensor,
        wanted: Tensor,
        changed: Tensor,
        delta: Tensor,
        free: Tensor,
        targeted: bool,
    ) -> Tensor:
        entropy = F.cross_entropy(logits, wanted)
        value = entropy if targeted else -entropy
        if self.weight:
            values = free.sum() * delta.shape[1]
            size = delta.abs() if self.norm == "l1" else delta.square()
            length = (size * free).sum() / values
            # The root has no slope at 0.
            value = value + self.weight * (length if self.norm == "l1" else (length + 1e-12).sqrt())
        if self.printability:
            value = value + self.printability * non_printability(changed, free).sum()
        return value


def region(delta: Tensor, outline: Tensor, cover: float = 0.2) -> Tensor:
    """Where stickers go: the ``cover`` share of the sign that the L1 stage changed most, ``[1, 1, h, w]``.

    ``delta`` ``[1, C, h, w]`` is the change that RP2 with ``norm="l1"`` found on the whole ``outline``
    ``[1, 1, h, w]``. Its absolute values are averaged over squares of an eighth of the frame first, as a
    sticker is not a cloud of pixels. Raises ``ValueError`` for a share not between 0 and 1.
    """
    if not 0 < cover <= 1:
        raise ValueError(f"cover must be a share above 0 and up to 1; got {cover!r}")
    sign = outline.bool().to(delta.device)
    width = max(1, delta.shape[-1] // 8) | 1
    size = delta.detach().abs().mean(1, keepdim=True) * sign
    mean = F.avg_pool2d(size, width, stride=1, padding=width // 2)
    count = max(1, round(cover * int(sign.sum())))
    score = mean.masked_fill(~sign, -1).flatten()
    chosen = torch.zeros_like(score, dtype=torch.bool)
    chosen[score.topk(count).indices] = True
    return chosen.view_as(sign)


def random_sticker(
    sign: Tensor, area: Tensor, generator: torch.Generator, blocks: int = 8
) -> Tensor:
    """``sign`` with random printable colours in the ``area``, in squares of an eighth of the frame.

    The baseline that a poster has to beat. The CPU ``generator`` decides.
    """
    known = colours(sign)
    drawn = torch.randint(len(known), (blocks, blocks), generator=generator, device="cpu")
    coloured = known[drawn.to(sign.device)].permute(2, 0, 1).unsqueeze(0)
    large = F.interpolate(coloured, sign.shape[2:], mode="nearest")
    return torch.where(area.bool().to(sign.device), large, sign)


@dataclass(frozen=True)
class PoseResult:
    """A sign from P places, bool ``[P]``: whether the clean one is ``right``, the changed one ``fooled``.

    ``fooled`` counts only where the clean sign is right. ``rate`` is their share; None where it never is.
    """

    right: Tensor
    fooled: Tensor

    @property
    def rate(self) -> float | None:
        n = int(self.right.sum())
        return int(self.fooled.sum()) / n if n else None


@torch.no_grad()
def from_poses(
    model: Model,
    sign: Tensor,
    changed: Tensor,
    views: Views,
    label: int,
    target: int | None = None,
) -> PoseResult:
    """Clean and changed sign from the same places; success is the target, or without one another class.

    ``views`` should be others than those that the poster was made for. Raises ``ValueError`` for signs of
    different shapes and classes that the model lacks.
    """
    _check_sign(sign)
    if changed.shape != sign.shape:
        raise ValueError(
            f"changed must be of the shape of sign, {list(sign.shape)}; got {list(changed.shape)}"
        )
    asked = Asked(model)
    with evaluating(model):
        before, after = (asked(views(x)) for x in (sign, changed))
    for number in (label, target):
        if number is not None:
            check_classes(torch.tensor([number], dtype=torch.int64, device="cpu"), before)
    right = before.argmax(1) == label
    said = after.argmax(1)
    reached = said != label if target is None else said == target
    return PoseResult(right.cpu(), (right & reached & ~after.isnan().any(1)).cpu())


def _check_sign(sign: Tensor) -> None:
    check_batch(sign)
    if sign.ndim != 4 or len(sign) != 1:
        raise ValueError(f"sign must be one picture [1, C, h, w]; got shape {list(sign.shape)}")
