"""What a small network can answer over a square: exactly, by intervals, and by CROWN's lines.

Two inputs, two hidden layers of ReLUs, two logits. Over each piece of the square in which no ReLU changes
its side the network is affine, so that the exact answers are polygons: the square is cut along the lines
where a ReLU switches. A box by IBP and a polygon by CROWN (the least value in many directions) lie around.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from robust_core.verification import Ball, Network, compile_network
from robust_core.verification.crown import Relaxations, least
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.intervals import intervals

CENTRE = (0.5, 0.5)
WIDTHS = (2, 6, 6, 2)
SEED = 4
DIRECTIONS = 48
FAR = 1e4


@dataclass(frozen=True)
class Reachable:
    """Answers over a square: ``exact`` polygons ``[C, 2]`` whose union is the set, and what lies around.

    ``pieces`` are the parts of the square that they come from. ``box`` and ``polygon`` ``[C, 2]`` are the
    corners by IBP and by CROWN; ``centre`` ``[2]`` is the answer at the middle. ``unstable`` ReLUs of
    ``neurons`` are undecided by CROWN.
    """

    pieces: tuple[np.ndarray, ...]
    exact: tuple[np.ndarray, ...]
    box: np.ndarray
    polygon: np.ndarray
    centre: np.ndarray
    unstable: int
    neurons: int

    @property
    def really(self) -> bool:
        """Whether the first logit is the larger one all over the square."""
        return min(float((p[:, 0] - p[:, 1]).min()) for p in self.exact) > 0


@lru_cache(maxsize=1)
def network() -> nn.Sequential:
    """The toy, with fixed random weights: a class boundary runs near the middle."""
    generator = torch.Generator("cpu").manual_seed(SEED)
    layers: list[nn.Module] = [nn.Flatten()]
    for before, after in pairwise(WIDTHS):
        layer = nn.Linear(before, after, dtype=torch.float64, device="cpu")
        with torch.no_grad():
            size = math.sqrt(2 / before)
            drawn = torch.randn(
                after, before, generator=generator, dtype=torch.float32, device="cpu"
            )
            layer.weight.copy_(drawn * size)
            layer.bias.copy_(-0.4 * layer.weight.sum(1))
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval().requires_grad_(False)


@lru_cache(maxsize=1)
def _compiled() -> Network:
    return compile_network(network(), (1, 1, 2))


def reachable(eps: float, centre: tuple[float, float] = CENTRE) -> Reachable:
    """All of it for the square of half a side ``eps`` around ``centre``, within [0, 1]."""
    compiled = _compiled()
    middle = torch.tensor([[[list(centre)]]], dtype=torch.float64, device="cpu")
    ball = Ball(middle, torch.tensor([eps], dtype=torch.float64, device="cpu"))
    low, high = (x[0] for x in intervals(compiled, ball)[-1])
    hidden = hidden_bounds(compiled, ball)
    unstable = sum(
        int(((a < 0) & (b > 0)).sum()) for a, b in (hidden.known[k] for k in compiled.activations)
    )
    pieces = _pieces(_corners(ball.low.flatten(), ball.high.flatten()))
    answers = tuple(
        network()(torch.from_numpy(piece).view(-1, 1, 1, 2)).numpy() for piece in pieces
    )
    return Reachable(
        pieces=pieces,
        exact=answers,
        box=_corners(low, high),
        polygon=_polygon(compiled, ball, hidden.relaxed),
        centre=network()(middle)[0].numpy(),
        unstable=unstable,
        neurons=compiled.neurons,
    )


def _corners(low: Tensor, high: Tensor) -> np.ndarray:
    (a, b), (c, d) = low.tolist(), high.tolist()
    return np.array([[a, b], [c, b], [c, d], [a, d]])


def _polygon(compiled: Network, ball: Ball, lines: Relaxations) -> np.ndarray:
    """Where every direction's least value is kept: half planes, cut one after another."""
    angles = torch.arange(DIRECTIONS, dtype=torch.float64, device="cpu") * (
        2 * math.pi / DIRECTIONS
    )
    rows = torch.stack([angles.cos(), angles.sin()], 1)
    first = torch.zeros(DIRECTIONS, dtype=torch.int64, device="cpu")
    relaxed = {k: own[first] for k, own in lines.items()}
    bounds = least(compiled, rows, compiled.output, relaxed, ball, first)
    corners = np.array([[-FAR, -FAR], [FAR, -FAR], [FAR, FAR], [-FAR, FAR]])
    for row, bound in zip(rows.numpy(), bounds.tolist(), strict=True):
        corners = cut(corners, row, -bound)
    return corners


def _pieces(square: np.ndarray) -> tuple[np.ndarray, ...]:
    """The square cut along every line where a ReLU switches, layer by layer."""
    pieces = [(square, np.eye(2), np.zeros(2))]  # corners; the values there are matrix x + shift
    linear = [layer for layer in network() if isinstance(layer, nn.Linear)]
    for layer in linear[:-1]:
        weight, bias = layer.weight.numpy(), layer.bias.numpy()
        parts = []
        for corners, matrix, shift in pieces:
            matrix, shift = weight @ matrix, weight @ shift + bias
            cells = [corners]
            for normal, offset in zip(matrix, shift, strict=True):
                sides = ((cut(c, s * normal, s * offset)) for c in cells for s in (1.0, -1.0))
                cells = [side for side in sides if len(side) >= 3]
            for cell in cells:
                active = (matrix @ cell.mean(0) + shift) > 0
                parts.append((cell, matrix * active[:, None], shift * active))
        pieces = parts
    return tuple(corners for corners, _, _ in pieces)


def cut(corners: np.ndarray, normal: np.ndarray, offset: float) -> np.ndarray:
    """The part of a convex polygon ``[C, 2]`` where ``normal . x + offset >= 0``; perhaps empty."""
    values = corners @ normal + offset
    kept = []
    for k in range(len(corners)):
        here, there = values[k - 1], values[k]
        if (here < 0) != (there < 0):
            share = here / (here - there)
            kept.append(corners[k - 1] + share * (corners[k] - corners[k - 1]))
        if there >= 0:
            kept.append(corners[k])
    if len(kept) < 3:
        return np.zeros((0, 2))
    found = np.array(kept)
    x, y = found.T
    area = abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2
    return found if area > 1e-12 else np.zeros((0, 2))
