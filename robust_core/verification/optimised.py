"""Optimised CROWN: the lower slopes of unstable ReLUs are chosen by gradient ascent on the bound.

Xu et al. (2021), "Fast and complete: enabling complete verification with rapid and massively parallel
incomplete verifiers", section 3.1. Every slope from 0 to 1 gives a valid bound, so that the best one
found along the way is kept. Here each margin has slopes of its own; the bounds of hidden neurons stay
those of CROWN.
"""

from dataclasses import replace

import torch
from torch import Tensor

from robust_core.verification.boxes import Ball
from robust_core.verification.crown import (
    Pulse,
    Relaxations,
    Rivals,
    chunk,
    least,
    quiet,
)
from robust_core.verification.network import Network

STEPS = 20
RATE = 0.1
"""Of the first steps, in units of a slope."""


def optimised_margins(
    network: Network,
    ball: Ball,
    rivals: Rivals,
    relaxed: Relaxations,
    pulse: Pulse = quiet,
    steps: int = STEPS,
) -> Tensor:
    """Lower bounds ``[R]`` of the margins over the ball, none below those of the slopes in ``relaxed``."""
    loose = {
        k: lines.shift > 0
        for k, lines in relaxed.items()  # stable ones have no shift
    }
    size = max(1, chunk(network, network.output) // max(1, len(relaxed)))
    if not relaxed or not len(rivals.rows):
        own = {k: lines[rivals.pictures] for k, lines in relaxed.items()}
        return least(network, rivals.rows, network.output, own, ball, rivals.pictures)
    return torch.cat(
        [_ascend(network, part, ball, relaxed, loose, pulse, steps) for part in rivals.split(size)]
    )


def _ascend(
    network: Network,
    rivals: Rivals,
    ball: Ball,
    relaxed: Relaxations,
    loose: dict[int, Tensor],
    pulse: Pulse,
    steps: int,
) -> Tensor:
    own = {k: lines[rivals.pictures] for k, lines in relaxed.items()}
    free = {k: where[rivals.pictures] for k, where in loose.items()}
    slopes = {k: lines.lower.clone() for k, lines in own.items()}
    climbs = {k: Climb(x) for k, x in slopes.items()}
    best = rivals.rows.new_full((len(rivals.rows),), -torch.inf)
    for step in range(steps + 1):
        pulse()
        with torch.enable_grad():
            for values in slopes.values():
                values.requires_grad_()
            chosen = {
                k: replace(lines, lower=torch.where(free[k], slopes[k], lines.lower))
                for k, lines in own.items()
            }
            bound = least(network, rivals.rows, network.output, chosen, ball, rivals.pictures)
            uphill = torch.autograd.grad(bound.sum(), list(slopes.values()))
        best = torch.maximum(best, bound.detach())
        if step == steps:
            break
        slopes = {
            k: (values.detach() + climbs[k](gradient)).clamp_(0, 1)
            for (k, values), gradient in zip(slopes.items(), uphill, strict=True)
        }
    return best


class Climb:
    """Adam's steps for one tensor (Kingma and Ba, 2015); torch's own would import a compiler first."""

    def __init__(self, like: Tensor) -> None:
        self.mean = torch.zeros_like(like)
        self.square = torch.zeros_like(like)
        self.count = 0

    def __call__(self, gradient: Tensor) -> Tensor:
        self.count += 1
        self.mean.lerp_(gradient, 0.1)
        self.square.lerp_(gradient.square(), 0.001)
        mean, square = self.mean / (1 - 0.9**self.count), self.square / (1 - 0.999**self.count)
        return RATE * mean / (square.sqrt() + 1e-8)
