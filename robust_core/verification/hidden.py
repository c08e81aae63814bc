"""Bounds of hidden neurons by CROWN, intersected with intervals; and CROWN's own, which are never lost.

Neither intervals nor CROWN are always the tighter ones, so that what is known of a neuron is the
intersection of both. Yet margins are not monotone in that: a tighter interval may choose the other slope
of a ReLU. So the lines of CROWN alone, as in the paper, are kept beside those of the intersection wherever
the two come apart, and a margin gets the better of both: it is never below either.

CROWN alone needs a neuron's bounds only where it leaves the neuron unstable. What one layer makes of
CROWN's intervals before it, with ReLUs replaced by their lines, is never tighter than CROWN itself: an
unstable ReLU's lines cross nowhere between its bounds, hence what is carried back together is not below
what is carried back one neuron at a time. A neuron that is stable by that is stable by CROWN.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from robust_core.verification import crown
from robust_core.verification.affine import Dense, Reshape, Scale
from robust_core.verification.boxes import LINF, Ball
from robust_core.verification.crown import (
    Pulse,
    Relaxation,
    Relaxations,
    Rivals,
    chunk,
    least,
    quiet,
)
from robust_core.verification.intervals import Interval, step_interval
from robust_core.verification.network import Network, Step

TINY = 1e-9
"""Lines that differ by less differ by rounding."""


@dataclass(frozen=True)
class Hidden:
    """What is known of all values up to the last that a ReLU reads, over N balls.

    ``known``: intervals, those before a ReLU tightened. ``relaxed``: the lines of these; ``alone``: the
    lines of CROWN without intervals; ``apart`` bool ``[N]``: for which pictures the two differ.
    """

    known: list[Interval]
    relaxed: Relaxations
    alone: Relaxations
    apart: Tensor

    def margins(self, network: Network, ball: Ball, rivals: Rivals, pulse: Pulse = quiet) -> Tensor:
        """Lower bounds ``[R]`` of the margins over the ball: for each the better of both sets of lines."""
        found = crown.margins(network, ball, rivals, self.relaxed, pulse)
        again = self.apart[rivals.pictures].nonzero().squeeze(1)
        if len(again):
            other = crown.margins(network, ball, rivals[again], self.alone, pulse)
            found[again] = torch.maximum(found[again], other)
        return found


def hidden_bounds(
    network: Network,
    ball: Ball,
    pulse: Pulse = quiet,
    *,
    intersected: bool = True,
    slope: float | None = None,
) -> Hidden:
    """Layer by layer, by CROWN and intervals.

    ``intersected`` False: by CROWN alone, of every neuron, for comparisons; looser, and slower. ``slope``:
    that of all lower lines, from 0 to 1, instead of adaptive ones. With both, bounds are monotone: they are
    then the optima of one linear relaxation, in which all values stay between their bounds, and that of a
    smaller ball lies within that of a larger one.
    """
    known: list[Interval] = [(ball.low, ball.high)]
    wide = list(known)  # by CROWN alone
    relaxed: Relaxations = {}
    alone: Relaxations = {}
    apart = torch.zeros(len(ball), dtype=torch.bool, device=ball.centre.device)
    activations = network.activations
    for value, step in enumerate(network.steps[: max(activations, default=0)], start=1):
        interval = step_interval(step, known)
        own = _by_lines(step, wide, alone)
        if value in activations:
            exact = ball.norm == LINF and exact_already(network, value)
            if not exact:
                start = own if intersected and ball.norm == LINF else _nothing(own)
                own = tightened(network, ball, value, start, alone, pulse)
                interval = _both(interval, own) if intersected else own
                interval = _further(network, ball, value, interval, relaxed, apart, pulse)
            relaxed[value] = Relaxation.of(interval, slope)
            alone[value] = Relaxation.of(own, slope)
            apart |= _differ(relaxed[value], alone[value])
        known.append(interval)
        wide.append(own)
    return Hidden(known, relaxed, alone, apart)


def _by_lines(step: Step, wide: list[Interval], alone: Relaxations) -> Interval:
    """What a step makes of CROWN's intervals, with the lines of a ReLU in its place."""
    if not step.is_relu:
        return step_interval(
            replace(step, larger=None), wide
        )  # the lines know nothing of ``larger``
    (value,) = step.inputs
    low, high = wide[value]
    return alone[value].lower * low, high.relu()


def _nothing(like: Interval) -> Interval:
    """The interval of a value that nothing is known about."""
    return torch.full_like(like[0], -math.inf), torch.full_like(like[1], math.inf)


def _both(a: Interval, b: Interval) -> Interval:
    return torch.maximum(a[0], b[0]), torch.minimum(a[1], b[1])


def _further(
    network: Network,
    ball: Ball,
    value: int,
    interval: Interval,
    relaxed: Relaxations,
    apart: Tensor,
    pulse: Pulse,
) -> Interval:
    """An interval tightened by the lines of the intersection, for pictures that have lines of their own."""
    rows = apart.nonzero().squeeze(1)
    if not len(rows):
        return interval
    own = {k: lines[rows] for k, lines in relaxed.items()}
    part = tightened(network, ball[rows], value, (interval[0][rows], interval[1][rows]), own, pulse)
    low, high = (x.index_copy(0, rows, y) for x, y in zip(interval, part, strict=True))
    return low, high


def _differ(a: Relaxation, b: Relaxation) -> Tensor:
    """For which pictures two sets of lines differ, bool ``[N]``."""
    pairs = ((a.lower, b.lower), (a.upper, b.upper), (a.shift, b.shift))
    gaps = [(x - y).abs().flatten(1).amax(1) for x, y in pairs]
    return torch.stack(gaps).amax(0) > TINY


def exact_already(network: Network, value: int) -> bool:
    """Whether intervals of a value are exact over a box: one layer alone between it and the picture."""
    layers = 0
    while value:
        affine = network.step_of(value).affine
        if affine is None:
            return False
        layers += not isinstance(affine, Scale | Reshape)
        value = network.step_of(value).inputs[0]
    return layers <= 1


def tightened(
    network: Network,
    ball: Ball,
    value: int,
    interval: Interval,
    relaxed: Relaxations,
    pulse: Pulse = quiet,
) -> Interval:
    """The interval of a value where it leaves ReLUs unstable, intersected with CROWN's."""
    low, high = (x.flatten(1).clone() for x in interval)
    loose = ((low < 0) & (high > 0)).nonzero()
    for part in loose.split(chunk(network, value)):
        pulse()
        pictures, places = part.unbind(1)
        low[pictures, places] = torch.maximum(
            low[pictures, places], _neurons(network, ball, value, places, pictures, relaxed, 1.0)
        )
        high[pictures, places] = torch.minimum(
            high[pictures, places], -_neurons(network, ball, value, places, pictures, relaxed, -1.0)
        )
    shape = interval[0].shape
    return low.view(shape), high.view(shape)


def _neurons(
    network: Network,
    ball: Ball,
    value: int,
    places: Tensor,
    pictures: Tensor,
    relaxed: Relaxations,
    sign: float,
) -> Tensor:
    """Lower bounds of single neurons of a value, or of their negatives."""
    own = {k: lines[pictures] for k, lines in relaxed.items()}
    step = network.step_of(value)
    constant: Tensor | float = 0.0
    if isinstance(step.affine, Dense):  # its rows are there already
        rows = sign * step.affine.weight[places]
        if step.affine.bias is not None:
            constant = sign * step.affine.bias[places]
        value = step.inputs[0]
    else:
        shape = network.shape_of(value)
        rows = ball.centre.new_zeros(len(places), math.prod(shape))
        rows[torch.arange(len(places), device=rows.device), places] = sign
        rows = rows.view(-1, *shape)
    return least(network, rows, value, own, ball, pictures) + constant
