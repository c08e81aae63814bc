"""CROWN: linear bounds, carried backwards from a linear form to the picture (Zhang et al., 2018).

"Efficient neural network robustness certification with general activation functions". An unstable ReLU,
l < 0 < u, lies below the line through (l, 0) and (u, u), and above any line through 0 with a slope from
0 to 1; the adaptive slope is 1 where u > -l, else 0. What is carried back to the picture is concretised
over the ball. What ReLUs read is bounded in the same way, layer by layer: ``hidden``.

Adaptive slopes change with the bounds of a neuron, and so with the ball: a larger ball may get a larger
bound, though rarely. One slope for all balls is monotone (``hidden_bounds``).
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.verification.boxes import Ball
from robust_core.verification.intervals import Interval, differences
from robust_core.verification.network import Network

AT_ONCE = 2**22
"""Most values of one layer that are carried back together, over all linear forms: 32 MB in float64."""
Pulse = Callable[[], object]
"""Called often in long computations; what it raises ends them."""


@dataclass(frozen=True)
class Relaxation:
    """Lines around ReLUs, by neuron ``[N, *shape]``: above ``lower x``, below ``upper x + shift``."""

    lower: Tensor
    upper: Tensor
    shift: Tensor

    @classmethod
    def of(cls, interval: Interval, slope: float | None = None) -> "Relaxation":
        """Adaptive: each neuron's triangle with the lower line that leaves it less area; or a ``slope``."""
        low, high = interval
        loose = (low < 0) & (high > 0)
        active = (low >= 0).to(low)
        width = torch.where(loose, high - low, torch.ones_like(low))
        upper = torch.where(loose, high / width, active)
        below = (high > -low).to(low) if slope is None else torch.full_like(low, slope)
        lower = torch.where(loose, below, active)
        return cls(lower, upper, torch.where(loose, -low * upper, torch.zeros_like(low)))

    def __getitem__(self, pictures: Tensor) -> "Relaxation":
        return Relaxation(self.lower[pictures], self.upper[pictures], self.shift[pictures])


Relaxations = dict[int, Relaxation]
"""By the number of the value that a ReLU reads."""


def least(
    network: Network,
    rows: Tensor,
    value: int,
    relaxed: Relaxations,
    ball: Ball,
    pictures: Tensor | None = None,
) -> Tensor:
    """Lower bounds ``[R]`` of linear forms ``rows`` ``[R, *shape]`` in a value, over the ball.

    ``relaxed`` has one entry for each row. ``pictures`` int64 ``[R]`` says whose ball each row is about;
    None: one row for each.
    """
    waiting = {value: rows}
    constant = rows.new_zeros(len(rows))
    for k in range(value, 0, -1):
        if k not in waiting:
            continue
        rows = waiting.pop(k)
        step = network.step_of(k)
        if step.affine is not None:
            constant = constant + step.affine.constant(rows)
            rows = step.affine.back(rows)
        elif step.is_relu:
            lines = relaxed[step.inputs[0]]
            negative = rows.clamp(max=0)
            constant = constant + (negative * lines.shift).flatten(1).sum(1)
            rows = (rows - negative) * lines.lower + negative * lines.upper
        for before in step.inputs:
            waiting[before] = waiting[before] + rows if before in waiting else rows
    return constant + ball.least(waiting[0], pictures)


def quiet() -> None:
    """A pulse that does nothing."""


def chunk(network: Network, value: int) -> int:
    """How many linear forms in a value are carried back at once."""
    widest = max(math.prod(network.shape_of(k)) for k in range(value + 1))
    return max(1, AT_ONCE // widest)


@dataclass(frozen=True)
class Rivals:
    """All pairs of a picture and a class other than its label: whose margins are to be bounded.

    ``pictures`` and ``classes`` int64 ``[R]``; ``rows`` ``[R, K]`` are ``e_y - e_j``.
    """

    pictures: Tensor
    classes: Tensor
    rows: Tensor

    @classmethod
    def of(cls, labels: Tensor, classes: int, like: Tensor) -> "Rivals":
        rows = differences(labels, classes, like)
        each = torch.arange(len(labels) * classes, device=labels.device)
        pictures, others = each // classes, each % classes
        kept = others != labels[pictures]
        return cls(pictures[kept], others[kept], rows[kept])

    def split(self, size: int) -> "Iterator[Rivals]":
        for part in torch.arange(len(self.pictures), device=self.pictures.device).split(size):
            yield self[part]

    def __getitem__(self, rows: Tensor) -> "Rivals":
        return Rivals(self.pictures[rows], self.classes[rows], self.rows[rows])

    def table(self, values: Tensor, count: int, classes: int) -> Tensor:
        """``values`` ``[R]`` as ``[N, K]``, with infinity for the label."""
        found = values.new_full((count, classes), math.inf)
        found[self.pictures, self.classes] = values
        return found


def margins(
    network: Network,
    ball: Ball,
    rivals: Rivals,
    relaxed: Relaxations,
    pulse: Pulse = quiet,
) -> Tensor:
    """Lower bounds ``[R]`` of the margins over the ball, by the lines of the hidden ReLUs."""
    found = []
    for part in rivals.split(chunk(network, network.output)):
        pulse()
        own = {k: lines[part.pictures] for k, lines in relaxed.items()}
        found.append(least(network, part.rows, network.output, own, ball, part.pictures))
    return torch.cat(found) if found else rivals.rows.new_zeros(0)
