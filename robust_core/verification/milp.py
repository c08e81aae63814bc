"""Exact verification by mixed-integer linear programs (Tjeng, Xiao and Tedrake, 2019).

"Evaluating robustness of neural networks with mixed integer programming", section 4.1. With h what an
unstable ReLU gives and z what it reads, l <= z <= u: ``h >= 0, h >= z, h <= z - l (1 - a), h <= u a``
with ``a`` 0 or 1. One program for each rival class minimises its margin. scipy's HiGHS solves it, with
``mip_rel_gap=0``; what is certified is its **dual bound**, never the value of a picture, which the
default gap lets lie above the true minimum.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robust_core.verification.crown import Pulse, quiet
from robust_core.verification.expressions import Program
from robust_core.verification.solver import Arrays
from robust_core.verification.solving import Solve, lent


@dataclass(frozen=True)
class Solved:
    """One program: a picture's margin against one class.

    ``bound`` is certified from below (minus infinity where time ran out before any bound); ``exact`` says
    whether ``value``, the margin at ``picture``, is the minimum. ``picture`` is ``[P]`` float64, None
    where none was found in time. ``nodes`` counts the branches of the search.
    """

    rival: int
    bound: float
    value: float
    picture: Tensor | None
    exact: bool
    seconds: float
    nodes: int


def minimise(
    program: Program,
    low: Tensor,
    high: Tensor,
    label: int,
    rival: int,
    seconds: float,
    solve: Solve,
) -> Solved:
    """The least margin of ``label`` against ``rival`` over the box ``low`` to ``high`` ``[P]``.

    ``seconds`` is the time after which the best bound so far is returned. ``solve`` is ``solver.solve``, or
    what ``solving.lent`` gives, which can be interrupted.
    """
    started = time.perf_counter()
    count, pixels = len(program.low), program.pixels
    objective = _array(program.logits[:, label] - program.logits[:, rival])
    centre, radius = _array((low + high) / 2), _array((high - low) / 2)
    # All variables are centred and scaled: pixels to [-1, 1], what ReLUs give to [0, 1].
    scale = np.concatenate([radius, _array(program.high)])
    matrix, floor = _relus(program, centre, scale)
    found = solve(
        {
            "cost": np.concatenate([objective[1:] * scale, np.zeros(count)]),
            "integers": np.concatenate([np.zeros(pixels + count), np.ones(count)]),
            "low": np.concatenate([-np.ones(pixels), np.zeros(2 * count)]),
            "matrix": matrix,
            "floor": floor,
        },
        seconds,
    )
    picture = None
    if "x" in found:
        picture = torch.from_numpy(centre + radius * found["x"][:pixels]).to(low.device)
    constant = objective[0] + objective[1 : 1 + pixels] @ centre
    return _read(found, constant, rival, picture, started)


def _relus(
    program: Program, centre: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The three inequalities of each unstable ReLU, as ``matrix (x, h, a) >= floor``, rows scaled to 1."""
    low, high, reads = (_array(x) for x in (program.low, program.high, program.reads.T))
    count, pixels = len(low), program.pixels
    constant = reads[:, 0] + reads[:, 1 : 1 + pixels] @ centre
    z = np.hstack([reads[:, 1:] * scale, np.zeros((count, count))])
    h = np.hstack([np.zeros((count, pixels)), np.diag(high), np.zeros((count, count))])
    a = np.hstack([np.zeros((count, pixels + count)), np.eye(count)])
    matrix = np.vstack([h - z, z - h + low[:, None] * a, high[:, None] * a - h])
    floor = np.concatenate([constant, low - constant, np.zeros(count)])
    size = np.abs(matrix).max(1, initial=0.0)
    return matrix / size[:, None], floor / size


def _array(x: Tensor) -> np.ndarray:
    return x.double().cpu().numpy()


def _read(
    found: Arrays, constant: float, rival: int, picture: Tensor | None, started: float
) -> Solved:
    bound = float(found["bound"])
    return Solved(
        rival=rival,
        bound=-np.inf if np.isnan(bound) else bound + constant,
        value=float(found["value"]) + constant if "value" in found else np.inf,
        picture=picture,
        exact=int(found["status"]) == 0,
        seconds=time.perf_counter() - started,
        nodes=int(found["nodes"]),
    )


def least_margin(
    program: Program,
    low: Tensor,
    high: Tensor,
    label: int,
    crown: Tensor,
    *,
    budget: float,
    pulse: Pulse = quiet,
    told: Callable[[Solved], object] = lambda _: None,
) -> list[Solved]:
    """Programs of one picture until its least margin over all classes is known, or time runs out.

    ``crown`` ``[K]`` are lower bounds of the margins; classes go in their order, and one whose bound is
    not below the least margin found so far needs no program. ``budget`` are the seconds for the
    picture. ``told`` gets each solution; ``pulse`` is called between and within programs, and may end it.
    """
    solved: list[Solved] = []
    least = np.inf
    with lent(pulse) as solve:
        ends = time.perf_counter() + budget
        for rival in crown.argsort().tolist():
            pulse()
            left = ends - time.perf_counter()
            if rival == label or float(crown[rival]) >= least or left <= 0:
                continue
            one = minimise(program, low, high, label, rival, left, solve)
            least = min(least, one.value)
            solved.append(one)
            told(one)
    return solved
