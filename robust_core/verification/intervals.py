"""Interval bound propagation: how far each value can move, layer by layer (Gowal et al., 2018).

"On the effectiveness of interval bound propagation for training verifiably robust models", section 3: an
affine map takes centre and radius to ``W c + b`` and ``|W| r``, a ReLU takes the ends. The last affine
maps are joined with the difference of two logits, which is tighter than the difference of their bounds.
"""

import torch
from torch import Tensor

from robust_core.verification.boxes import Ball, least_in_box
from robust_core.verification.network import Network, Step

Interval = tuple[Tensor, Tensor]
"""Lower and upper bounds ``[N, *shape]``."""


def step_interval(step: Step, known: list[Interval]) -> Interval:
    """The interval of a step's value, from those of all values before it."""
    low, high = known[step.inputs[0]]
    if step.affine is not None:
        centre, radius = step.affine((low + high) / 2), step.affine.spread((high - low) / 2)
        return centre - radius, centre + radius
    if step.is_relu:
        return low.relu(), high.relu()
    others = known[step.inputs[1]]
    low, high = low + others[0], high + others[1]
    if step.larger is None:
        return low, high
    (a_low, a_high), (b_low, b_high) = (known[k] for k in step.larger)
    return torch.maximum(low, torch.maximum(a_low, b_low)), torch.minimum(
        high, torch.maximum(a_high, b_high)
    )


def intervals(network: Network, ball: Ball, upto: int | None = None) -> list[Interval]:
    """Intervals of all values, the picture's first; ``upto`` is the last value needed."""
    known: list[Interval] = [(ball.low, ball.high)]
    for step in network.steps[:upto]:
        known.append(step_interval(step, known))
    return known


def last_affine(network: Network) -> int:
    """The value behind which there is nothing but one affine map after another."""
    value = network.output
    while value and network.step_of(value).affine is not None:
        value = network.step_of(value).inputs[0]
    return value


def differences(labels: Tensor, classes: int, like: Tensor) -> Tensor:
    """Rows ``e_y - e_j`` for all classes j, ``[N * K, K]``; that of j = y is zero."""
    own = torch.nn.functional.one_hot(labels, classes).to(like)
    rows = own.unsqueeze(1) - torch.eye(classes, dtype=like.dtype, device=like.device)
    return rows.flatten(0, 1)


def margins(network: Network, ball: Ball, labels: Tensor) -> Tensor:
    """Lower bounds of ``logit of the label - logit of j`` over the ball ``[N, K]``; 0 for j the label."""
    rows = differences(labels, network.classes, ball.centre)
    constant = rows.new_zeros(len(rows))
    value, last = network.output, last_affine(network)
    while value != last:
        affine = network.step_of(value).affine
        assert affine is not None
        constant = constant + affine.constant(rows)
        rows = affine.back(rows)
        value = network.step_of(value).inputs[0]
    known = intervals(network, ball, last)
    low, high = (x.repeat_interleave(network.classes, 0) for x in known[last])
    return (least_in_box(rows, low, high) + constant).view(len(labels), -1)
