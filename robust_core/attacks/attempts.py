"""Several attempts at the same pictures: the best of each is kept, and finished pictures drop out."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim

Perturb = Callable[[Oracle, Tensor, Aim], Tensor]
Value = Callable[[Aim, Tensor], Tensor]
"""From a goal and logits ``[N, K]`` to values ``[N]`` that rank failed attempts, higher being better."""


def beyond(aim: Aim, logits: Tensor) -> Tensor:
    """How far beyond its goal each picture is, in logits, ``[N]``; a goal may define this itself."""
    return aim.margin(logits)


class Best:
    """The best candidate so far for each of N pictures: reaching the goal comes first, then ``value``.

    ``x`` ``[N, C, H, W]``, its ``value`` ``[N]`` and ``reached`` bool ``[N]``. Before the first offer
    ``x`` is ``images``.
    """

    def __init__(self, images: Tensor) -> None:
        self.x = images.clone()
        self.value = torch.full_like(images.flatten(1)[:, 0], -torch.inf)
        self.reached = torch.zeros(len(images), dtype=torch.bool, device=images.device)

    @property
    def standing(self) -> Tensor:
        """Indices of the pictures for which nothing has reached the goal."""
        return (~self.reached).nonzero().squeeze(1)

    def offer(self, rows: Tensor, x: Tensor, value: Tensor, reached: Tensor) -> None:
        """Candidates ``x`` for the pictures ``rows`` (indices). A NaN value never wins."""
        value = value.to(self.value.dtype)
        equal = reached == self.reached[rows]
        better = (reached & ~equal) | (equal & (value > self.value[rows]))
        rows = rows[better]
        self.x[rows] = x[better]
        self.value[rows] = value[better]
        self.reached[rows] = reached[better]


class Attempts:
    """Attacks on the same pictures one after the other, each on those that have not reached the goal.

    They are compared by ``value``; by default, how far they are beyond the goal in logits.
    """

    def __init__(self, oracle: Oracle, images: Tensor, aim: Aim, value: Value = beyond) -> None:
        self.oracle = oracle
        self.images = images
        self.aim = aim
        self.value = value
        self.best = Best(images)

    def try_unchanged(self, loss: str) -> None:
        """Take the unchanged pictures as the first attempt, at the cost of one pass; records ``loss``."""
        clean = self.oracle.logits(self.images, self.aim)
        self.oracle.record(self.images, self.aim, loss, clean)
        self._offer(self.best.standing, self.images, clean)

    def make(self, perturb: Perturb, targets: Tensor | None = None) -> None:
        """One attempt, and a pass to judge it: towards the classes ``targets`` ``[N]`` if given.

        A picture with target -1 takes no part.
        """
        rows = self.best.standing
        if targets is not None:
            rows = rows[targets[rows] >= 0]
        if not len(rows):
            return
        aim = self.aim[rows] if targets is None else self.aim[rows].detour(targets[rows])
        with self.oracle.within(rows):
            x = perturb(self.oracle, self.images[rows], aim)
            logits = self.oracle.logits(x)
        self._offer(rows, x, logits)

    def _offer(self, rows: Tensor, x: Tensor, logits: Tensor) -> None:
        aim = self.aim[rows]
        self.best.offer(rows, x, self.value(aim, logits), aim.success(logits))


def best_restart(
    run_once: Callable[..., Tensor],
    restarts: int,
    oracle: Oracle,
    images: Tensor,
    aim: Aim,
    value: Value = beyond,
) -> Tensor:
    """The best for each picture of ``run_once(oracle, images, aim, draw=k)`` for k below ``restarts``.

    A picture that has reached the goal leaves before the next run, so more runs never lower the success.
    A single run is not judged, which saves a pass.
    """
    if restarts == 1:
        return run_once(oracle, images, aim, draw=0)
    attempts = Attempts(oracle, images, aim, value)
    for draw in range(restarts):
        attempts.make(partial(run_once, draw=draw))
    return attempts.best.x


def best_way(
    run_once: Callable[..., Tensor],
    restarts: int,
    oracle: Oracle,
    images: Tensor,
    aim: Aim,
    clean: Tensor,
    targets: int,
) -> Tensor:
    """As ``best_restart``, towards each of the ``targets`` likeliest other classes in turn.

    ``clean`` are the logits ``[N, K]`` of ``images``. Every target has draws of its own.
    """
    attempts = Attempts(oracle, images, aim)
    for number, way in enumerate(ways(aim, clean, targets)):
        for draw in range(restarts):
            attempts.make(partial(run_once, draw=draw * targets + number), way)
    return attempts.best.x


def ways(aim: Aim, clean: Tensor, count: int) -> list[Tensor | None]:
    """The ``count`` likeliest other classes to aim at, each ``[N]``, the likeliest first.

    -1 stands for a class that the model rules out (a logit of minus infinity). ``[None]`` where the goal
    already has a target, or leaves no class.
    """
    if aim.towards or aim.stops:
        return [None]
    others = clean.scatter(1, aim.classes.unsqueeze(1), -torch.inf)
    nearest = others.topk(min(count, clean.shape[1] - 1), dim=1)
    return list(nearest.indices.masked_fill(nearest.values == -torch.inf, -1).T)
