"""Pointwise robustness by linear programs (Bastani et al., 2016): the nearest point in the linear region.

"Measuring neural net robustness with constraints", section 4. With every ReLU kept on the side where it
is at the picture, the network is affine, and the nearest point (Linf) at which another class wins is a
linear program for each class. Its distance is an **upper bound** on the robust radius: exact where the
nearest adversarial point lies in that region; a region without one says nothing. Nothing is proved by it.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from robust_core.verification.crown import Pulse, quiet
from robust_core.verification.network import Network

SOLVED, INFEASIBLE = 0, 2
"""What ``linprog`` says: the second, that the region holds no point of that class."""


@dataclass(frozen=True)
class Nearest:
    """The nearest point found: its Linf distance (infinite without one), class and pixels ``[C, H, W]``.

    ``whole`` says that the program of every class was solved in time: else there may be a nearer one.
    """

    distance: float
    rival: int | None
    picture: Tensor | None
    whole: bool


def affine_region(network: Network, picture: Tensor) -> tuple[Tensor, Tensor]:
    """The affine maps of the region of ``picture`` ``[C, H, W]``, each ``[1 + P, ...]``, constants first.

    First the logits ``[1 + P, K]``; then all that ReLUs read, with the sign that makes it positive at
    the picture, ``[1 + P, R]``.
    """
    pixels = picture.numel()
    start = torch.cat(
        [
            picture.new_zeros(1, pixels),
            torch.eye(pixels, dtype=picture.dtype, device=picture.device),
        ]
    )
    values = [start.view(1 + pixels, *network.size)]
    at = list(network.values(picture[None]))
    reads = []
    for step in network.steps:
        result = step.of_forms(values)
        if result is None:
            given = values[step.inputs[0]]
            active = at[step.inputs[0]] >= 0
            reads.append((given * (2 * active.to(given) - 1)).flatten(1))
            result = given * active
        values.append(result)
    sides = torch.cat(reads, 1) if reads else start.new_zeros(1 + pixels, 0)
    return values[-1], sides


def nearest_in_region(
    network: Network,
    picture: Tensor,
    label: int,
    *,
    beyond: float,
    budget: float,
    pulse: Pulse = quiet,
) -> Nearest:
    """The nearest point of the region at which another class is ahead by ``beyond`` logits.

    Of ``picture`` ``[C, H, W]`` float64, within [0, 1]. ``budget`` are the seconds for all classes;
    ``pulse`` is called before each, and may end it.
    """
    from scipy.optimize import linprog

    logits, sides = (x.double().cpu().numpy() for x in affine_region(network, picture))
    x = picture.double().flatten().cpu().numpy()
    pixels = len(x)
    eye, column = np.eye(pixels), np.ones((pixels, 1))
    # Variables: the pixels, then t, the distance. Rows of A (x, t) <= b.
    matrix = np.vstack(
        [
            np.hstack([eye, -column]),
            np.hstack([-eye, -column]),
            np.hstack([-sides[1:].T, np.zeros((sides.shape[1], 1))]),
            np.zeros((1, pixels + 1)),
        ]
    )
    limit = np.concatenate([x, -x, sides[0], [0.0]])
    ends = time.perf_counter() + budget
    best = Nearest(np.inf, None, None, True)
    for rival in range(logits.shape[1]):
        if rival == label:
            continue
        pulse()
        left = ends - time.perf_counter()
        if left <= 0:
            return replace(best, whole=False)
        lead = logits[:, rival] - logits[:, label]
        matrix[-1, :pixels], limit[-1] = -lead[1:], lead[0] - beyond
        found = linprog(
            np.concatenate([np.zeros(pixels), [1.0]]),
            A_ub=matrix,
            b_ub=limit,
            bounds=[(0, 1)] * pixels + [(0, 1)],
            method="highs",
            options={"time_limit": left},
        )
        if found.status == SOLVED and found.fun < best.distance:
            point = torch.from_numpy(found.x[:pixels]).view(picture.shape)
            best = Nearest(float(found.fun), rival, point, best.whole)
        elif found.status not in (SOLVED, INFEASIBLE):
            best = replace(best, whole=False)
    return best
