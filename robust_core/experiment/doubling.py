"""What an exact answer costs as ReLUs become undecided: one integer program at each of growing radii."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import linear_regression

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.progress import Progress
from robust_core.verification import Ball
from robust_core.verification.crown import Pulse, Rivals, quiet
from robust_core.verification.expressions import written_out
from robust_core.verification.hidden import Hidden, hidden_bounds
from robust_core.verification.milp import minimise
from robust_core.verification.models import compiled
from robust_core.verification.network import Network
from robust_core.verification.solving import lent

COUNTS = tuple(range(5, 101, 5))
"""How many ReLUs are to be undecided, one program for each."""
SECONDS = 8.0
"""For each program. The first that needs more is the last."""
HALVINGS = 16


@dataclass(frozen=True)
class Point:
    """One program: at ``eps`` bounds leave ``unstable`` ReLUs undecided; ``nodes`` are the branches.

    ``solved`` False: the time ran out.
    """

    eps: float
    unstable: int
    nodes: int
    seconds: float
    solved: bool


@dataclass(frozen=True)
class Doubling:
    """The programs so far, in the order of their undecided ReLUs, and the class that they are about."""

    rival: str
    points: tuple[Point, ...] = ()

    @property
    def every(self) -> float:
        """How many undecided ReLUs double the seconds: by a line through their logarithms, least squares.

        NaN for fewer than three solved programs, infinite where time does not grow.
        """
        solved = [point for point in self.points if point.solved]
        if len(solved) < 3:
            return math.nan
        across = [float(point.unstable) for point in solved]
        slope, _ = linear_regression(across, [math.log2(point.seconds) for point in solved])
        return 1 / slope if slope > 0 else math.inf


def doubling(
    model: Classifier,
    image: Tensor,
    label: Tensor,
    progress: Progress | None = None,
    show: Callable[[Doubling], object] | None = None,
) -> Doubling:
    """Of ``image`` ``[1, C, H, W]`` and ``label`` ``[1]``: the margin over the class nearest by CROWN.

    Radii are those at which bounds leave ``COUNTS`` ReLUs undecided, as far as there are such in [0, 1].
    ``progress`` counts programs; ``show`` gets what there is after each.
    """
    with torch.no_grad():
        network = compiled(model, image)
    own = int(label)
    rival = -1
    found = Doubling("")
    low = 0.0
    for step, count in enumerate(COUNTS):
        beat = partial(progress, step, len(COUNTS)) if progress is not None else quiet
        beat()
        low, hidden = _radius(network, image, count, low)
        unstable = undecided(network, hidden)
        if found.points and unstable <= found.points[-1].unstable:
            continue
        if rival < 0:
            rival = _nearest(network, image, label, low, hidden)
            found = Doubling(model.class_names[rival])
        point = _solved(network, low, hidden, own, rival, beat)
        found = Doubling(found.rival, (*found.points, point))
        if show is not None:
            show(found)
        if not found.points[-1].solved:
            break
    if progress is not None:
        progress(len(COUNTS), len(COUNTS))
    return found


def undecided(network: Network, hidden: Hidden) -> int:
    """How many ReLUs of the one picture bounds leave undecided."""
    bounds = [hidden.known[k] for k in network.activations]
    return sum(int(((low < 0) & (high > 0)).sum()) for low, high in bounds)


def _bounded(network: Network, image: Tensor, eps: float) -> Hidden:
    with torch.no_grad():
        return hidden_bounds(network, _ball(image, eps))


def _ball(image: Tensor, eps: float) -> Ball:
    return Ball(image.double(), torch.tensor([eps], dtype=torch.float64, device=image.device))


def _radius(network: Network, image: Tensor, count: int, low: float) -> tuple[float, Hidden]:
    """The smallest radius from ``low`` on with at least so many undecided ReLUs; else the largest."""
    high = 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if undecided(network, _bounded(network, image, middle)) >= count:
            high = middle
        else:
            low = middle
    return high, _bounded(network, image, high)


def _nearest(network: Network, image: Tensor, label: Tensor, eps: float, hidden: Hidden) -> int:
    """The class with the least margin by CROWN."""
    rivals = Rivals.of(label.cpu(), network.classes, image.double())
    with torch.no_grad():
        margins = hidden.margins(network, _ball(image, eps), rivals)
    return int(rivals.classes[margins.argmin()])


def _solved(
    network: Network, eps: float, hidden: Hidden, label: int, rival: int, pulse: Pulse
) -> Point:
    inside = [(low[0], high[0]) for low, high in hidden.known]
    low, high = (x.flatten() for x in inside[0])
    program = written_out(network, inside)
    with lent(pulse) as solve:
        one = minimise(program, low, high, label, rival, SECONDS, solve)
    return Point(eps, undecided(network, hidden), one.nodes, one.seconds, one.exact)
