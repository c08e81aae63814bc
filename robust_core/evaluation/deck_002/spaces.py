"""Linf balls whose radius is in units of a channel's deviation: eps in the space of normalised pictures.

Normalisation divides by a deviation for each channel. A cube there is a box here, with a side for each
channel; that pixels stay in [0, 1] is the same constraint in both.
"""

from functools import partial

from torch import Tensor

from robust_core.attacks.balls import LinfBall, own_noise, per_picture, rows_of, where_free
from robust_core.attacks.gradient import BIM
from robust_core.classifier import Classifier
from robust_core.evaluation.deck_002.protocol import NORMALISED


class ChannelBall(LinfBall):
    """All pictures whose values are within ``eps * scale`` of the clean ones, and in [0, 1].

    ``scale`` is ``[1, C, 1, 1]``. Steps are in the same units as ``eps``.
    """

    def __init__(
        self, images: Tensor, eps: float, free: Tensor | None = None, *, scale: Tensor
    ) -> None:
        self.images = images
        self.eps = eps
        self.free = free
        self.scale = scale.to(images)
        self.lower = where_free(free, (images - eps * self.scale).clamp_(min=0), images)
        self.upper = where_free(free, (images + eps * self.scale).clamp_(max=1), images)

    def start(self, seed: int, draw: int) -> Tensor:
        noise = own_noise(self.images, seed, draw).mul_(2).sub_(1)
        return self.project(self.images + self.eps * self.scale * noise)

    def step(self, x: Tensor, gradient: Tensor, size: float | Tensor) -> Tensor:
        length = per_picture(size, x) if isinstance(size, Tensor) else size
        return self.project(x + gradient.sign() * (length * self.scale))

    def __getitem__(self, rows: Tensor) -> "ChannelBall":
        free = rows_of(self.free, rows)
        return ChannelBall(self.images[rows], self.eps, free, scale=self.scale)


def attack_in(space: str, kind: type[BIM], model: Classifier) -> type[BIM]:
    """``kind`` with eps and step size in ``space``: the attack itself for pixels in [0, 1]."""
    if space != NORMALISED:
        return kind
    return type(kind.__name__, (kind,), {"ball": partial(ChannelBall, scale=model.std)})
