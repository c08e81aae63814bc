"""Carlini and Wagner's constant c: what a search finds at each, and the way of their bisection."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks import CWL2
from robust_core.attacks.carlini.l2 import Bisection
from robust_core.classifier import Classifier
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import Goal
from robust_core.progress import Progress

SPREAD = 30.0
"""How far the curve goes beyond the constants of the bisection, as a factor."""
POINTS = 9


@dataclass(frozen=True)
class Trial:
    """One search at one constant: the L2 distance of the nearest success; None where there was none."""

    const: float
    l2: float | None


@dataclass(frozen=True)
class ConstantCurve:
    """The searches of the attack in their order, and those on a grid of constants around them."""

    path: tuple[Trial, ...]
    grid: tuple[Trial, ...]


def trials(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    attack: CWL2,
    constants: Sequence[float],
    goal: Goal,
    progress: Progress | None = None,
    mask: Tensor | None = None,
) -> list[Trial]:
    """One search of ``attack`` on one picture ``[1, C, H, W]`` at each constant, all in one batch.

    A search begins at the clean picture, whatever was tried before, so the batch is what the attack does
    one after another.
    """

    class At(CWL2):
        def first_guess(self, lack: Tensor, uphill: Tensor) -> tuple[Tensor, Tensor]:
            return lack.new_tensor(constants), super().first_guess(lack, uphill)[1]

    run = At(**{**attack.parameters, "search_steps": 1})
    count = len(constants)
    seen = _Steps(run.steps, progress) if progress else None
    found = run.run(
        model,
        images.expand(count, -1, -1, -1),
        labels.expand(count),
        goal,
        observer=seen,
        mask=mask,
    )
    lengths = zip(found.l2.tolist(), found.success.tolist(), strict=True)
    return [
        Trial(const, l2 if success else None)
        for const, (l2, success) in zip(constants, lengths, strict=True)
    ]


def first_constant(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    attack: CWL2,
    goal: Goal,
    mask: Tensor | None = None,
) -> float:
    """The constant of the attack's first search, which may depend on the picture."""
    found: list[float] = []

    class Asked(CWL2):
        def first_guess(self, lack: Tensor, uphill: Tensor) -> tuple[Tensor, Tensor]:
            guess = super().first_guess(lack, uphill)
            found.append(guess[0].item())
            return guess

    once = Asked(**{**attack.parameters, "search_steps": 1, "steps": 1})
    once.run(model, images, labels, goal, mask=mask)
    return found[0]


def constant_curve(
    model: Classifier,
    images: Tensor,
    attack: CWL2,
    *,
    label: int,
    progress: Progress | None,
    goal: Goal = UNTARGETED,
    mask: Tensor | None = None,
) -> ConstantCurve:
    """The path of the bisection on one picture ``[1, C, H, W]``, and ``POINTS`` constants around it.

    ``label`` is the class to leave; ``mask`` is the attack's. ``progress(k, n)`` counts the steps of all
    searches; those of the grid are taken together. Raises as the attack does.
    """
    labels = torch.tensor([label], dtype=torch.int64, device=images.device)
    searches = attack.search_steps
    bar = _Searches(searches + 1, progress)
    search = Bisection.of(
        images.new_tensor([first_constant(model, images, labels, attack, goal, mask)])
    )
    path = []
    for i in range(searches):
        const = search.const.item()
        path += trials(model, images, labels, attack, [const], goal, bar.of(i), mask)
        search.reached = torch.tensor(
            [path[-1].l2 is not None], dtype=torch.bool, device=images.device
        )
        search.next(torch.ones_like(search.reached))
    tried = [trial.const for trial in path]
    low, high = min(tried) / SPREAD, max(tried) * SPREAD
    steps = [low * (high / low) ** (k / (POINTS - 1)) for k in range(POINTS)]
    grid = trials(model, images, labels, attack, steps, goal, bar.of(searches), mask)
    return ConstantCurve(tuple(path), tuple(grid))


class _Searches:
    """Progress of several runs one after another, reported as one."""

    def __init__(self, runs: int, progress: Progress | None) -> None:
        self.runs = runs
        self.progress = progress

    def of(self, i: int) -> Progress | None:
        """The progress of the ``i``-th run."""
        outer = self.progress
        if outer is None:
            return None
        return lambda k, n: outer(i * n + k, self.runs * n)


class _Steps:
    """Observer that counts the steps of a search."""

    def __init__(self, total: int, progress: Progress) -> None:
        self.count = 0
        self.total = total
        self.progress = progress

    def __call__(self, images: Tensor, loss: Tensor) -> None:
        self.count = min(self.count + 1, self.total)
        self.progress(self.count, self.total)
