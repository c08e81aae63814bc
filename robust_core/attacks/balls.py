"""The two balls of the gradient attacks: how to step, project and start at random in each.

Sources: Madry et al. (2018) for both; Metzen et al. (2017) for the normalised L2 step. Constraint
order in L2: clip to [0, 1] first, then project. The projection moves towards the clean picture, which
is inside the box, so the result keeps both constraints and uses the whole budget.
"""

import hashlib
from collections.abc import Iterator
from typing import Self

import torch
from torch import Tensor

TINY = 1e-12


def per_picture(values: Tensor, like: Tensor) -> Tensor:
    """Reshape ``[N]`` to ``[N, 1, 1, 1]``, with a 1 for each further axis of ``like``."""
    return values.view(-1, *[1] * (like.ndim - 1))


def l2_norm(x: Tensor) -> Tensor:
    """Euclidean norm of each picture, ``[N]``.

    Not ``vector_norm``: its running sum is off by 1e-4 in float32 for large flat pictures.
    """
    return x.square().sum(tuple(range(1, x.ndim))).sqrt()


def own_noise(images: Tensor, seed: int, draw: int, *, normal: bool = False) -> Tensor:
    """Uniform (or normal) noise of the shape of ``images``, the same for a picture in any batch.

    Each picture's generator is seeded by its own pixels, the seed and the number of the draw, so a
    picture in a batch gets the noise it would get alone. Drawn on the CPU: the same on every device.
    """
    noise = torch.empty(images.shape, dtype=images.dtype, device="cpu")
    fill = torch.Tensor.normal_ if normal else torch.Tensor.uniform_
    for target, generator in zip(noise, own_generators(images, seed, draw), strict=True):
        fill(target, generator=generator)
    return noise.to(images.device)


def own_generators(images: Tensor, seed: int, draw: int) -> Iterator[torch.Generator]:
    """A CPU generator for each picture, seeded by its pixels, the seed and the draw's number."""
    for picture in images.detach().cpu():
        content = hashlib.blake2b(picture.contiguous().numpy().tobytes(), digest_size=8)
        content.update(f"{seed}/{draw}".encode())
        yield torch.Generator().manual_seed(int.from_bytes(content.digest(), "little") >> 1)


class Ball:
    """All pictures within ``eps`` of each of ``images``, and in [0, 1].

    Where ``free`` (bool ``[N, 1, H, W]``; None: everything) is false they equal the clean picture.
    """

    def __init__(self, images: Tensor, eps: float, free: Tensor | None = None) -> None:
        self.images = images
        self.eps = eps
        self.free = free

    def __getitem__(self, rows: Tensor) -> Self:
        return type(self)(self.images[rows], self.eps, rows_of(self.free, rows))


class LinfBall(Ball):
    """A cube: no value is further than ``eps`` from the clean one."""

    def __init__(self, images: Tensor, eps: float, free: Tensor | None = None) -> None:
        super().__init__(images, eps, free)
        self.lower = where_free(free, (images - eps).clamp_(min=0), images)
        self.upper = where_free(free, (images + eps).clamp_(max=1), images)

    def start(self, seed: int, draw: int) -> Tensor:
        """Uniform in the cube, then clipped to the box."""
        noise = own_noise(self.images, seed, draw).mul_(2).sub_(1)
        return self.project(self.images + self.eps * noise)

    def step(self, x: Tensor, gradient: Tensor, size: float | Tensor) -> Tensor:
        """``x + size * sign(gradient)``, projected; sign(0) = 0, so such a value does not move.

        ``size`` may be one for each picture, ``[N]``.
        """
        if isinstance(size, Tensor):
            return self.project(torch.addcmul(x, gradient.sign(), per_picture(size, x)))
        return torch.add(x, gradient.sign(), alpha=size).clamp_(self.lower, self.upper)

    def project(self, x: Tensor) -> Tensor:
        return torch.clamp(x, self.lower, self.upper)

    def settle(self, x: Tensor) -> Tensor:
        """Nothing to do: rounding adds at most 6e-8 to a change."""
        return x


class L2Ball(Ball):
    """By the Euclidean distance."""

    def start(self, seed: int, draw: int) -> Tensor:
        """Uniform in the ball: a normal direction, and a radius of ``eps * u ** (1 / d)``.

        d: the number of values that are free to change.
        """
        direction = own_noise(self.images, seed, 2 * draw, normal=True)
        radius = own_noise(self.images, seed, 2 * draw + 1).flatten(1)[:, 0]
        if self.free is None:
            radius = self.eps * radius ** (1 / direction[0].numel())
        else:
            direction = direction * self.free
            values = direction[0].numel() / self.free[0].numel() * self.free.flatten(1).sum(1)
            radius = self.eps * radius ** (1 / values)
        direction /= per_picture(l2_norm(direction).clamp_min(TINY), direction)
        return self.project(self.images + direction * per_picture(radius, direction))

    def step(self, x: Tensor, gradient: Tensor, size: float | Tensor) -> Tensor:
        """``x + size * gradient / ||gradient||``, projected; a zero gradient moves nothing.

        The largest value is divided out first, so that squaring a tiny gradient cannot underflow.
        """
        largest = gradient.abs().amax(tuple(range(1, x.ndim)), keepdim=True)
        gradient = gradient / largest.clamp_min_(torch.finfo(gradient.dtype).tiny)
        norm = l2_norm(gradient).clamp_min_(TINY)
        return self.project(torch.addcmul(x, gradient, per_picture(size / norm, gradient)))

    def project(self, x: Tensor) -> Tensor:
        delta = x.clamp(0, 1) - self.images
        if self.free is not None:
            delta = delta * self.free
        shrink = self.eps / l2_norm(delta).clamp_min_(max(self.eps, TINY))
        return torch.addcmul(self.images, delta, per_picture(shrink, delta))

    def settle(self, x: Tensor) -> Tensor:
        """``x`` with the rounding of its pixels undone where rounding alone took it out of a small ball."""
        outside = l2_norm(x - self.images) > self.eps * (1 + 2e-6)
        return torch.where(per_picture(outside, x), torch.nextafter(x, self.images), x)


def where_free(free: Tensor | None, x: Tensor, images: Tensor) -> Tensor:
    """``x`` where pictures may change, elsewhere ``images``."""
    return x if free is None else torch.where(free, x, images)


def rows_of(free: Tensor | None, rows: Tensor) -> Tensor | None:
    """Where the pictures ``rows`` may change."""
    return None if free is None else free[rows]
