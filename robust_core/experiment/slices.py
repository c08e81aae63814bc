"""A flat cut through the space of pictures: which class a model sees where, and an attack's path.

The plane goes through the clean picture. Its first axis points at the adversarial one, its second in
a random orthogonal direction. With thousands of dimensions a random direction shows what most
directions are like: the boundary that is near along the first axis is far along the second.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.contract import Asked
from robust_core.engine import in_batches
from robust_core.experiment.frames import AT_ONCE
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits

Model = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Plane:
    """The pictures ``clean + a u + b v``; ``a`` and ``b`` are L2 lengths."""

    clean: Tensor
    """``[1, C, H, W]``, the point (0, 0)."""
    u: Tensor
    """Towards the adversarial picture: float64 ``[C, H, W]`` on the CPU, of length one."""
    v: Tensor
    """Orthogonal to ``u``: likewise."""
    length: float
    """The L2 distance of the adversarial picture, which is the point (length, 0)."""

    def pictures(self, a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures at ``a``, ``b`` ``[N]``, and the share of their values outside [0, 1].

        Values outside [0, 1] are clipped, as no picture can hold them. Returns pictures
        ``[N, C, H, W]`` in the dtype and on the device of ``clean``, and float64 ``[N]``.
        """
        shape = (-1, *[1] * self.u.ndim)
        a, b = (x.double().cpu().view(shape) for x in (a, b))
        free = self.clean.double().cpu() + a * self.u + b * self.v
        boxed = free.clamp(0, 1)
        outside = ((free - boxed).abs() > 1e-6).double().flatten(1).mean(1)
        return boxed.to(self.clean), outside

    def project(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Coordinates float64 ``[N, 2]`` of pictures ``[N, C, H, W]``, and distances to the plane."""
        delta = (pictures.double().cpu() - self.clean.double().cpu()).flatten(1)
        axes = torch.stack([self.u, self.v]).flatten(1)
        inside = delta @ axes.T
        return inside, (delta - inside @ axes).norm(dim=1)


def plane(clean: Tensor, adversarial: Tensor, seed: int = 0) -> Plane:
    """The plane through two pictures ``[1, C, H, W]`` and a direction drawn from ``seed``.

    Raises ``ValueError`` where the pictures are equal or have only one value.
    """
    delta = (adversarial.detach().double() - clean.detach().double()).cpu()[0]
    length = delta.norm().item()
    if length == 0:
        raise ValueError(
            "adversarial must differ from clean: otherwise the plane has no first axis"
        )
    if delta.numel() < 2:
        raise ValueError("clean must have at least two values: a plane has two directions")
    u = delta / length
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(delta.shape, generator=generator, dtype=torch.float64, device="cpu")
    for _ in range(2):  # twice is enough: the second time removes what rounding left
        v = v - (v * u).sum() * u
    return Plane(clean.detach(), u, v / v.norm(), length)


@dataclass(frozen=True)
class Regions:
    """A model's answers on a grid of a plane. Matrices are ``[len(b), len(a)]``."""

    a: Tensor
    b: Tensor
    classes: Tensor
    """The winning classes, int64."""
    confidence: Tensor
    """Softmax confidence of the winner, float64."""
    outside: Tensor
    """The share of values that had to be clipped to [0, 1], float64."""


def axes(length: float, points: int) -> tuple[Tensor, Tensor]:
    """``a`` from -length/2 to 3 length/2 and ``b`` from -length to length, ``points`` each, float64.

    ``points`` is 1 more than a multiple of 4, so that clean and adversarial are on the grid; anything
    else raises ``ValueError``.
    """
    if points < 5 or points % 4 != 1:
        raise ValueError(f"points must be 5, 9, 13, ...; got {points}")
    steps = torch.arange(points, dtype=torch.float64, device="cpu") / (points - 1)
    return length * (2 * steps - 0.5), length * (2 * steps - 1)


def regions(
    model: Model,
    plane: Plane,
    a: Tensor,
    b: Tensor,
    *,
    batch: int = 64,
    progress: Callable[[int, int], object] | None = None,
) -> Regions:
    """Ask ``model`` about each point of the grid ``a`` x ``b`` ``[na]``, ``[nb]``.

    ``model`` is any callable from pictures to logits ``[N, K]``; it gets ``batch`` pictures at a time,
    of large ones ``AT_ONCE`` values, and fewer where memory runs out. ``progress(k, n)`` is called with the
    pictures done and in all.
    """
    batch = min(batch, max(1, AT_ONCE // plane.clean.numel()))
    grid_b, grid_a = torch.meshgrid(b.double(), a.double(), indexing="ij")
    flat_a = grid_a.flatten()
    flat_b = grid_b.flatten()
    done = 0
    asked = Asked(model)

    @torch.inference_mode()
    def ask(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nonlocal done
        pictures, outside = plane.pictures(flat_a[rows], flat_b[rows])
        with evaluating(model):
            confidence, classes = as_logits(asked(pictures)).cpu().double().softmax(1).max(1)
        done += len(rows)
        if progress is not None:
            progress(done, len(flat_a))
        return classes, confidence, outside

    answers = in_batches(ask, torch.arange(len(flat_a), device="cpu"), batch)
    classes, confidence, outside = (x.view(len(b), len(a)) for x in answers)
    return Regions(a, b, classes, confidence, outside)
