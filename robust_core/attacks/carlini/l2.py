"""Carlini and Wagner's L2 attack: the smallest change that reaches the goal, by Adam and bisection.

What differs from the authors' code, and why:

- The box. Their ``x = (tanh w + 1) / 2`` freezes a pixel that is exactly 0 or 1, where the slope of
  tanh is 2e-6 (with the usual factor 0.999999). Here tanh is stretched by ``1 / SHRINK`` and ``w``
  kept where x is in [0, 1]: black and white pixels move at 19 % of the speed of grey ones instead
  of not at all, the clean picture is exactly representable, and nothing is stuck outside.
- The step. Adam's step falls linearly to zero over a search. Much of the gain comes in the last part,
  so ``abort_early``, which saves passes, is off by default: its changes are longer. To save passes, shorter
  or fewer searches do better (``benchmarks/choices.py --only cw-l2`` measures all three).
- The scale. The first pass shows how far a linear model would have to go, |lack| / |slope|, and the
  least constant that makes it go there, 2 |lack| / |slope|^2. Twice that constant is tried first, and
  Adam's first step is half the largest value of that change. So neither the scale of the logits
  (see ``scale``) nor that of the distance matters, and 3 searches of 80 steps are enough: on CIFAR-10
  they find changes as small as 5 searches of 100 steps from a fixed constant and step (``evaluate
  --attack cw-l2 --search-steps 5 --steps 100 --initial-const 0.01 --learning-rate 0.01 --limit 32``: the
  same mean within 0.5 %).
- The schedule. Each picture has its own Adam, its own bisection and its own early stop, and starts its
  next search when it is ready, whatever the others do. So a picture in a batch gets the result it
  would get alone, and finished pictures cost nothing.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import per_picture
from robust_core.attacks.base import Attack
from robust_core.attacks.margins import look
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import CARLINI
from robust_core.parameters import automatic, parameter

SHRINK = 0.9
REACH = math.atanh(SHRINK)
BETAS = (0.9, 0.999)
TINY_STEP = 1e-8
CHECKS = 10
PROGRESS = 0.9999
LEAST = 1e-10
LARGEST = 1e10
LONGEST = REACH / 5


def to_free(x: Tensor) -> Tensor:
    """Pictures in [0, 1] to the unbounded variable ``w``."""
    return torch.atanh(SHRINK * (2 * x - 1))


def to_box(w: Tensor) -> tuple[Tensor, Tensor]:
    """The unbounded variable to pictures in [0, 1], and their slope with respect to it."""
    bent = torch.tanh(w)
    return (bent / SHRINK + 1).div_(2).clamp_(0, 1), (1 - bent.square()).div_(2 * SHRINK)


@dataclass
class Adam(Rows):
    """Pictures in the box, each moved by its own Adam (Kingma, Ba, 2015, algorithm 1)."""

    w: Tensor
    mean: Tensor
    square: Tensor
    age: Tensor

    @classmethod
    def at(cls, x: Tensor) -> "Adam":
        age = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        return cls(to_free(x), torch.zeros_like(x), torch.zeros_like(x), age)

    def restart(self, rows: Tensor, x: Tensor) -> None:
        """Restart the pictures ``rows`` at ``x``."""
        self.w[rows] = to_free(x)
        self.mean[rows] = 0
        self.square[rows] = 0
        self.age[rows] = 0

    def step(self, gradient: Tensor, rate: float | Tensor) -> None:
        """One step down ``gradient``, taken with respect to ``w``; ``rate`` may be one each ``[N]``."""
        self.age += 1
        self.mean.lerp_(gradient, 1 - BETAS[0])
        self.square.lerp_(gradient.square(), 1 - BETAS[1])
        age = self.age.to(gradient.dtype)
        root = self.square.div(per_picture(1 - BETAS[1] ** age, gradient)).sqrt_().add_(TINY_STEP)
        self.w -= per_picture(rate / (1 - BETAS[0] ** age), gradient) * self.mean / root
        self.w.clamp_(-REACH, REACH)


@dataclass
class Bisection(Rows):
    """Each picture's search for its constant: ten times as much until it works, then bisection."""

    const: Tensor
    lower: Tensor
    upper: Tensor
    number: Tensor
    reached: Tensor
    before: Tensor

    @classmethod
    def of(cls, const: Tensor) -> "Bisection":
        zero = torch.zeros_like(const)
        none = torch.full_like(const, torch.inf)
        return cls(const, zero, none, zero.long(), zero.bool(), none.clone())

    def next(self, ended: Tensor) -> None:
        """Choose the next constant of the pictures ``ended``, a mask."""
        self.upper = torch.where(ended & self.reached, self.const.minimum(self.upper), self.upper)
        self.lower = torch.where(ended & ~self.reached, self.const.maximum(self.lower), self.lower)
        between = (self.lower + self.upper) / 2
        wider = torch.where(self.upper.isfinite(), between, (self.const * 10).clamp_max(LARGEST))
        self.const = torch.where(ended, wider, self.const)
        self.number = self.number + ended
        self.reached = self.reached & ~ended
        self.before = self.before.masked_fill(ended, torch.inf)


class Nearest:
    """The nearest successful picture so far and its ``distance`` ``[N]``; before one, the clean picture."""

    def __init__(self, images: Tensor) -> None:
        self.x = images.clone()
        self.distance = torch.full_like(images.flatten(1)[:, 0], torch.inf)

    def offer(self, rows: Tensor, x: Tensor, distance: Tensor, reached: Tensor) -> None:
        """Candidates ``x`` for the pictures ``rows`` (indices)."""
        closer = reached & (distance < self.distance[rows])
        self.x[rows[closer]] = x[closer]
        self.distance[rows[closer]] = distance[closer]


LEAVING = r",\quad f(x) = \max\big(Z(x)_y - \max_{i \ne y} Z(x)_i, -\kappa\big)"
REACHING = r",\quad f(x) = \max\big(\max_{i \ne t} Z(x)_i - Z(x)_t, -\kappa\big)"
"""The objective of attacks whose equation has no room for it."""


@dataclass(frozen=True, kw_only=True)
class Carlini(Attack):
    """What the three attacks share: the objective f6 of section V.A, and its gradient."""

    paper = CARLINI

    confidence: float = parameter(
        0.0, "Margin in logits that a success must reach (kappa).", low=0.0, high=1e6
    )

    def ask(self, oracle: Oracle, x: Tensor, aim: Aim) -> tuple[Tensor, Tensor, Tensor]:
        """What the margin lacks ``[N]``, its gradient, and which pictures have reached the goal ``[N]``.

        The first two are in the picture's own unit (``Oracle.factor``), in which the constants count.
        """
        seen = look(oracle, x, aim)
        factor = 1 if oracle.factor is None else oracle.factor
        lack = (self.confidence * factor - seen.margin).clamp_min(0)
        return lack, seen.uphill, aim.success(seen.logits) & (lack == 0)

    def visit(
        self, oracle: Oracle, w: Tensor, rows: Tensor, aim: Aim
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The pictures at ``w`` for ``rows`` (indices), their slope, and what ``ask`` says about them."""
        x, slope = to_box(w)
        with oracle.within(rows):
            x = oracle.keep(x)
            return x, slope, *self.ask(oracle, x, aim[rows])

    @staticmethod
    def downhill(uphill: Tensor, const: Tensor, lack: Tensor) -> Tensor:
        """Gradient of ``const * lack``, given the margin's gradient ``uphill``."""
        return -per_picture(const * (lack > 0), uphill) * uphill


@dataclass(frozen=True, kw_only=True)
class CWL2(Carlini):
    """Carlini and Wagner's L2 attack (2017, section VI.A with the objective f6 of section V.A).

    Minimises ``|x' - x|^2 + const * max(confidence - margin, 0)`` and returns the nearest picture
    seen whose margin is at least ``confidence``, or the clean one if there was none.
    """

    name = "cw-l2"
    title = "Carlini-Wagner (L2)"
    summary = "Searches patiently for the smallest change that fools the network."
    equation = (
        r"\min_w \lVert x' - x\rVert_2^2 + c \cdot \max\big(Z(x')_y - \max_{i \ne y} Z(x')_i,"
        r" -\kappa\big),\quad x' = \mathrm{clip}\big(\tfrac12(\tanh w / 0.9 + 1)\big)"
    )
    equation_towards = (
        r"\min_w \lVert x' - x\rVert_2^2 + c \cdot \max\big(\max_{i \ne t} Z(x')_i - Z(x')_t,"
        r" -\kappa\big),\quad x' = \mathrm{clip}\big(\tfrac12(\tanh w / 0.9 + 1)\big)"
    )
    norm = "l2"

    search_steps: int = parameter(3, "Number of searches, one for each constant.", low=1, high=100)
    steps: int = parameter(80, "Maximum number of steps in a search.", low=1, high=100_000)
    learning_rate: float | None = automatic(
        "First step of Adam in a search; falls to 0. Empty: half the largest change of a linear model.",
        10.0,
    )
    initial_const: float | None = automatic(
        "Initial weight of the classes against the distance; empty: twice what a linear model needs.",
        LARGEST,
    )
    abort_early: bool = parameter(
        False, "End a search after a tenth of its steps without progress."
    )

    @property
    def observations(self) -> int:
        return self.search_steps * self.steps

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        nearest = Nearest(images)
        rows = torch.arange(len(images), device=images.device)
        adam = Adam.at(images)
        search = None
        while len(rows):
            x, slope, lack, uphill, reached = self.visit(oracle, adam.w, rows, aim)
            if search is None:
                const, rate = self.first_guess(lack, uphill)
                search = Bisection.of(const)
            delta = x - images[rows]
            distance = delta.square().flatten(1).sum(1)
            nearest.offer(rows, x, distance, reached)
            search.reached |= reached
            gradient = self.downhill(uphill, search.const, lack) + 2 * delta
            adam.step(gradient * slope, rate[rows] * (1 - adam.age / self.steps))
            ended = self._ended(adam.age, distance + search.const * lack, search)
            if ended.any():
                search.next(ended)
                adam.restart(ended, images[rows[ended]])
                on = search.number < self.search_steps
                rows = rows[on]
                adam = adam[on]
                search = search[on]
        return nearest.x

    def first_guess(self, lack: Tensor, uphill: Tensor) -> tuple[Tensor, Tensor]:
        """First constant and first step of each picture ``[N]``, from its first pass."""
        uphill = uphill.flatten(1)
        way = lack / uphill.square().sum(1)  # times uphill: the change that a linear model needs
        const = (4 * way).nan_to_num(nan=1.0).clamp_(LEAST, LARGEST)
        rate = (way * uphill.abs().amax(1) / 2).nan_to_num(nan=LONGEST).clamp_max_(LONGEST)
        if self.initial_const is not None:
            const.fill_(self.initial_const)
        if self.learning_rate is not None:
            rate.fill_(self.learning_rate)
        return const, rate

    def _ended(self, age: Tensor, objective: Tensor, search: Bisection) -> Tensor:
        """Which searches are over: all steps done, or a tenth of them without progress."""
        ended = age >= self.steps
        if self.abort_early:
            looked = age % max(1, self.steps // CHECKS) == 0
            ended |= looked & (objective > PROGRESS * search.before)
            search.before = torch.where(looked, objective, search.before)
        return ended
