"""A true and a learned boundary in the plane: between them live the adversarial examples.

"The adversarial model looks for mismatch between the actual decision boundary and the model's learned
decision boundary" (deck 001, after Goodfellow, McDaniel, Papernot, 2018). In the words of deck 002, of a
class C: D_real is where C is, D_train where the model says C, D_adv what of D_real is not in D_train.
Points are drawn evenly from the unit square, so that areas are probabilities.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core import attacks
from robust_core.progress import Progress

GRID, FINE = 201, 401
WIDTH = 32
SCALE = 6.0
ROUNDS = 300
RATE = 0.02
REACH = 0.002
"""How far across a border a nearest point is taken, in units of its distance: on it the classes tie."""
REFINEMENTS = 30

Answer = Callable[[Tensor], Tensor]
"""Points ``[N, 2]`` (across, up) to a signed value ``[N]``: class 1 where it is above 0."""


def truth(points: Tensor) -> Tensor:
    """Above 0 over the wavy line that truly divides the classes; ``[N]`` of ``[N, 2]``."""
    across, up = points.unbind(1)
    return up - (0.5 + 0.2 * torch.sin(2 * math.pi * 1.15 * across + 0.4))


@dataclass(frozen=True)
class Learned:
    """A network with two inputs, trained on ``points`` ``[n, 2]`` with true ``labels`` ``[n]``."""

    network: nn.Module
    points: Tensor
    labels: Tensor

    def __call__(self, points: Tensor) -> Tensor:
        """The margin of class 1, ``[N]``."""
        logits = self.network(points)
        return logits[:, 1] - logits[:, 0]


@dataclass(frozen=True)
class Nearest:
    """The nearest adversarial point ``[2]`` in a norm, and its distance."""

    norm: str
    point: Tensor
    distance: float


class _Toy(nn.Module):
    """Two hidden layers of tanh; weights from ``generator`` alone."""

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inside, outside in ((2, WIDTH), (WIDTH, WIDTH), (WIDTH, 2)):
            layer = nn.Linear(inside, outside, dtype=torch.float64, device="cpu")
            for tensor in (layer.weight, layer.bias):
                nn.init.uniform_(tensor, -(inside**-0.5), inside**-0.5, generator=generator)
            layers += [layer, nn.Tanh()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, points: Tensor) -> Tensor:
        """Logits ``[N, 2]``; attacks hand over pictures ``[N, 1, 1, 2]``."""
        return self.layers(SCALE * (points.flatten(1) - 0.5))


def draw(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points float64 ``[count, 2]`` of the square, and their true classes ``[count]``."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(count, 2, generator=generator, dtype=torch.float64, device="cpu")
    return points, (truth(points) > 0).long()


def learn(count: int, seed: int = 0, progress: Progress | None = None) -> Learned:
    """Train on ``count`` points; the same seed gives the same network.

    Raises ``ValueError`` unless ``count`` is from 4 to 10,000.
    """
    if not 4 <= count <= 10_000:
        raise ValueError(f"count must be from 4 to 10,000; got {count!r}")
    points, labels = draw(count, seed)
    network = _Toy(torch.Generator().manual_seed(seed))
    optimiser = torch.optim.Adam(network.parameters(), RATE, weight_decay=1e-4)
    for k in range(ROUNDS):
        optimiser.zero_grad()
        F.cross_entropy(network(points), labels).backward()
        optimiser.step()
        if progress is not None:
            progress(k + 1, ROUNDS)
    return Learned(network.eval().requires_grad_(False), points, labels)


def grid(side: int = GRID) -> Tensor:
    """Middles of ``side`` x ``side`` squares, ``[side^2, 2]`` (across, up), row by row from below."""
    axis = (torch.arange(side, dtype=torch.float64, device="cpu") + 0.5) / side
    return torch.cartesian_prod(axis, axis).flip(1)


def areas(learned: Answer, real: Answer = truth, side: int = GRID) -> dict[int, dict[str, float]]:
    """Of each class: the probabilities of D_real, D_train and D_adv, counted on a grid."""
    places = grid(side)
    true, said = real(places) > 0, learned(places) > 0
    shares = {}
    for label in (0, 1):
        real_c, train_c = true == bool(label), said == bool(label)
        parts = {"real": real_c, "train": train_c, "adv": real_c & ~train_c}
        shares[label] = {name: part.double().mean().item() for name, part in parts.items()}
    return shares


def is_adversarial(points: Tensor, label: int, learned: Answer, real: Answer = truth) -> Tensor:
    """Which points ``[N, 2]`` are in D_adv of a class: truly it, and called the other. Bool ``[N]``."""
    return ((real(points) > 0) == bool(label)) & ((learned(points) > 0) != bool(label))


def lengths(ways: Tensor, norm: str) -> Tensor:
    """L2 or Linf lengths ``[N]`` of ``[N, 2]``."""
    return ways.norm(dim=1) if norm == "l2" else ways.abs().amax(1)


def adversarial_places(label: int, learned: Answer, real: Answer = truth) -> Tensor:
    """What of a fine grid is in D_adv of a class, ``[M, 2]``."""
    places = grid(FINE)
    return places[is_adversarial(places, label, learned, real)]


def nearest(
    point: Tensor,
    norm: str,
    learned: Answer,
    real: Answer = truth,
    places: Tensor | None = None,
) -> Nearest | None:
    """The nearest adversarial point to ``point`` ``[2]``; None where there is none, or it is one itself.

    All ``places`` ``[M, 2]`` are tried, by default ``adversarial_places`` of its class; from the best one
    the foot of the learned boundary is found by linearising it again and again, which is exact where it
    is straight. Raises ``ValueError`` for a norm other than ``l2`` and ``linf``.
    """
    if norm not in ("l2", "linf"):
        raise ValueError(f"norm must be l2 or linf; got {norm!r}")
    start = point[None].double()
    label = int(real(start) > 0)
    if is_adversarial(start, label, learned, real)[0]:
        return None
    if places is None:
        places = adversarial_places(label, learned, real)
    if not len(places):
        return None
    far = lengths(places - start, norm)
    best, distance = places[far.argmin()], far.min().item()
    foot = _foot(start[0], best, norm, learned)
    inside = bool(((foot >= 0) & (foot <= 1)).all())
    near = lengths((foot - start[0])[None], norm).item()
    if inside and near < distance and is_adversarial(foot[None], label, learned, real)[0]:
        best, distance = foot, near
    return Nearest(norm, best, distance)


def _foot(start: Tensor, near: Tensor, norm: str, learned: Answer) -> Tensor:
    """The point of the learned boundary that is nearest to ``start``, a hair beyond it, from ``near``."""
    x = near
    for _ in range(REFINEMENTS):
        value, slope = _linearised(learned, x)
        offset = value - slope @ (x - start)
        if norm == "l2":
            way = -offset * slope / (slope @ slope)
        else:
            way = -offset * slope.sign() / slope.abs().sum()
        x = start + way
    return start + (1 + REACH) * (x - start)


def _linearised(learned: Answer, x: Tensor) -> tuple[float, Tensor]:
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        value = learned(x[None])[0]
        (slope,) = torch.autograd.grad(value, x)
    return value.item(), slope


def deepfool(point: Tensor, learned: Learned, norm: str) -> Tensor | None:
    """Where the attack DeepFool takes ``point`` ``[2]``, by the network alone: ``[2]``; None if nowhere."""
    attack = attacks.create("deepfool" if norm == "l2" else "deepfool-linf", overshoot=REACH)
    image = point.double().view(1, 1, 1, 2)
    label = (learned(image.flatten(1)) > 0).long()
    record = attack.run(learned.network, image, label)
    return record.x_adv.flatten() if bool(record.success[0]) else None


def within_reach(learned: Answer, eps: float, count: int = 500, seed: int = 1) -> float:
    """Of fresh points that the model gets right, the share with an adversarial point within eps in Linf.

    Counted on a grid of places. Raises ``ValueError`` for a negative eps.
    """
    if not eps >= 0:
        raise ValueError(f"eps must be at least 0; got {eps!r}")
    points, labels = draw(count, seed)
    right = (learned(points) > 0).long() == labels
    places = grid(101)
    lost = torch.zeros(count, dtype=torch.bool, device="cpu")
    for label in (0, 1):
        there = places[is_adversarial(places, label, learned)]
        if len(there):
            own = right & (labels == label)
            far = (points[own][:, None] - there).abs().amax(2).amin(1)
            lost[own] = far <= eps
    return (lost.sum() / right.sum()).item()
