"""Several attempts at the same pictures: the best of each is kept, and what is done leaves."""

from collections.abc import Callable

import torch
from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim

Perturb = Callable[[Oracle, Tensor, Aim], Tensor]


class Best:
    """For each of N pictures the best one offered: one that reached the goal, then the highest value.

    ``x`` ``[N, C, H, W]``, its ``value`` ``[N]`` and ``reached`` bool ``[N]``. Before the first offer
    it is the picture that it was made with.
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
        """Candidates ``x`` for the pictures ``rows`` (indices). A value that is no number never wins."""
        value = value.to(self.value.dtype)
        equal = reached == self.reached[rows]
        better = (reached & ~equal) | (equal & (value > self.value[rows]))
        rows = rows[better]
        self.x[rows], self.value[rows], self.reached[rows] = (
            x[better],
            value[better],
            reached[better],
        )


class Attempts:
    """Attacks on the same pictures one after the other, each on those that still stand.

    They are compared by how far they are beyond the goal, in logits.
    """

    def __init__(self, oracle: Oracle, images: Tensor, aim: Aim) -> None:
        self.oracle, self.images, self.aim = oracle, images, aim
        self.best = Best(images)

    def try_unchanged(self, loss: str) -> None:
        """The pictures as they are count as the first attempt, at one pass, recorded by ``loss``."""
        clean = self.oracle.logits(self.images, self.aim)
        self.oracle.record(self.images, self.aim, loss, clean)
        self._offer(self.best.standing, self.images, clean)

    def make(self, perturb: Perturb, targets: Tensor | None = None) -> None:
        """One attempt, by way of the classes ``targets`` ``[N]`` if given, and a pass to judge it."""
        rows = self.best.standing
        if not len(rows):
            return
        aim = self.aim[rows] if targets is None else self.aim[rows].detour(targets[rows])
        with self.oracle.within(rows):
            x = perturb(self.oracle, self.images[rows], aim)
            logits = self.oracle.logits(x)
        self._offer(rows, x, logits)

    def _offer(self, rows: Tensor, x: Tensor, logits: Tensor) -> None:
        aim = self.aim[rows]
        self.best.offer(rows, x, aim.margin(logits), aim.success(logits))


def ways(aim: Aim, clean: Tensor, count: int) -> list[Tensor | None]:
    """The ``count`` likeliest classes to leave for, each ``[N]``, the likeliest first.

    ``[None]`` where the goal itself is the only way: it has a target, or leaves no class.
    """
    if aim.towards or aim.stops:
        return [None]
    others = clean.scatter(1, aim.classes.unsqueeze(1), -torch.inf)
    return list(others.topk(min(count, clean.shape[1] - 1), dim=1).indices.T)
