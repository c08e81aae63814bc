"""Gradient masking along a line: the decision stays where it is, the gradient does not.

Athalye, Carlini, Wagner (2018), section 3, distinguish several ways to lose a gradient. Here rounding
in front of a network shatters it, or large logits behind the network make it vanish. Both are shown
along the line ``x + t sign(gradient)`` that FGSM follows.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.losses import log_odds, margin, naive_cross_entropy
from robust_core.defenses.gradients import straight_through

Model = Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Mask(ABC):
    """A defence that only masks: what it answers, and what an aware attacker differentiates."""

    @abstractmethod
    def deployed(self, model: Model, images: Tensor) -> Tensor:
        """Logits ``[N, K]`` of the defence, with the gradient that it happens to have."""

    @abstractmethod
    def adaptive(self, model: Model, images: Tensor) -> Tensor:
        """Logits ``[N, K]`` with the gradient that an aware attacker uses."""

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """What the attack raises, ``[N]``: the margin, above 0 exactly where another class wins."""
        return margin(logits, labels)


@dataclass(frozen=True, kw_only=True)
class Rounding(Mask):
    """``f(round(k x) / k)``: shattered. An aware attacker takes the gradient straight through (BPDA)."""

    k: int

    def __post_init__(self) -> None:
        _check("k", self.k, 1, whole=True)

    def rounded(self, images: Tensor) -> Tensor:
        return torch.round(images * self.k) / self.k

    def deployed(self, model: Model, images: Tensor) -> Tensor:
        return model(self.rounded(images))

    def adaptive(self, model: Model, images: Tensor) -> Tensor:
        return model(straight_through(self.rounded(images), images))


@dataclass(frozen=True, kw_only=True)
class Saturation(Mask):
    """``softmax(s f(x))``: vanishing. An aware attacker divides the logits by s.

    The loss is cross-entropy through the probabilities, which underflow in float32: that is the defence.
    """

    s: float

    def __post_init__(self) -> None:
        _check("s", self.s, 1)

    def deployed(self, model: Model, images: Tensor) -> Tensor:
        return self.s * model(images)

    def adaptive(self, model: Model, images: Tensor) -> Tensor:
        return model(images)

    def loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return naive_cross_entropy(logits, labels)


@dataclass(frozen=True)
class LossLine:
    """A loss and its slope at ``P`` places ``t`` of the line, and the class there, all ``[P]``.

    Slopes are by automatic differentiation, as an attack gets them. A loss or slope that float32 cannot
    hold is left infinite or NaN.
    """

    t: Tensor
    loss: Tensor
    slope: Tensor
    classes: Tensor
    """Without the defence."""
    defended_loss: Tensor
    seen_slope: Tensor
    """The slope that an unaware attacker gets, who differentiates the defence as it is."""
    adaptive_slope: Tensor
    defended_classes: Tensor


@dataclass(frozen=True)
class Step:
    """One FGSM step against a defence: the picture, the answer, and how much gradient was lost."""

    picture: Tensor
    """``[1, C, H, W]`` in [0, 1]."""
    said: int
    zeros: float
    """The share of pixels whose gradient is exactly 0: FGSM leaves them as they are."""


def direction(model: Model, image: Tensor, label: Tensor) -> Tensor:
    """The sign of the undefended gradient, in the picture's shape: the direction of FGSM."""
    return gradient(model, image, label, log_odds).sign()


def gradient(model: Model, image: Tensor, label: Tensor, loss: Callable) -> Tensor:
    """Gradient of ``loss(logits, label)`` in the picture ``[1, C, H, W]``; detached, same shape."""
    x = image.detach().clone().requires_grad_()
    with torch.enable_grad():
        (found,) = torch.autograd.grad(loss(model(x), label).sum(), x)
    return found


def line(
    model: Model,
    mask: Mask,
    image: Tensor,
    label: Tensor,
    *,
    reach: float = 0.25,
    back: float = 0.05,
    points: int = 161,
) -> LossLine:
    """Walk from ``-back`` to ``reach`` along the direction of FGSM, clipped to [0, 1].

    Args:
        model: pictures ``[N, C, H, W]`` to logits ``[N, K]``, in eval mode.
        mask: the defence.
        image: ``[1, C, H, W]`` in [0, 1]; ``label`` ``[1]`` is its true class.
        reach, back: how far, in units of a pixel value.
        points: how many places.

    Raises:
        ValueError: ``image`` is not a single picture, or a reach, back or points is out of range.
    """
    if image.ndim != 4 or len(image) != 1:
        raise ValueError(f"image must be one picture [1, C, H, W]; got shape {tuple(image.shape)}")
    for name, value in (("reach", reach), ("back", back)):
        _check(name, value, 0, 1)
    _check("points", points, 2, whole=True)
    way = direction(model, image, label)
    t = torch.linspace(-back, reach, points, dtype=image.dtype, device=image.device)
    labels = label.expand(points)

    def walk(ask: Model) -> tuple[Tensor, Tensor]:
        along = t.clone().requires_grad_()
        with torch.enable_grad():
            places = (image + along.view(-1, 1, 1, 1) * way).clamp(0, 1)
            values = mask.loss(ask(places), labels)
            (slope,) = torch.autograd.grad(values.sum(), along)
        return values.detach(), slope

    loss, slope = walk(model)
    defended_loss, seen = walk(lambda x: mask.deployed(model, x))
    adaptive = walk(lambda x: mask.adaptive(model, x))[1]
    with torch.no_grad():
        places = (image + t.view(-1, 1, 1, 1) * way).clamp(0, 1)
        said = model(places).argmax(1)
        defended = mask.deployed(model, places).argmax(1)
    return LossLine(t, loss, slope, said, defended_loss, seen, adaptive, defended)


def step(
    model: Model, mask: Mask, image: Tensor, label: Tensor, *, eps: float, adaptive: bool
) -> Step:
    """FGSM of size ``eps`` by an aware attacker (``adaptive``) or an unaware one.

    Raises ``ValueError`` unless 0 <= eps <= 1.
    """
    _check("eps", eps, 0, 1)
    ask = mask.adaptive if adaptive else mask.deployed
    found = gradient(lambda x: ask(model, x), image, label, mask.loss)
    picture = (image + eps * found.sign()).clamp(0, 1)
    with torch.no_grad():
        said = int(mask.deployed(model, picture).argmax(1))
    return Step(picture, said, (found == 0).double().mean().item())


def _check(
    name: str, value: float, low: float, high: float = math.inf, *, whole: bool = False
) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or math.isinf(value) or (whole and value % 1):
        kind = "a whole number" if whole else "a number"
        allowed = f"from {low:g} to {high:g}" if math.isfinite(high) else f"of at least {low:g}"
        raise ValueError(f"{name} must be {kind} {allowed}; got {value!r}")
