"""Square attack: random search with squares of plus or minus eps. Needs logits only."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.attempts import Best
from robust_core.attacks.balls import LinfBall, own_generators
from robust_core.attacks.base import Attack
from robust_core.attacks.gradient import LINF_EPS, eps_parameter
from robust_core.attacks.knowledge import SCORES
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import ANDRIUSHCHENKO
from robust_core.parameters import parameter

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""The iterations, of 10,000, after which the area of the squares is halved (section 5)."""
CHUNK = 500
"""Iterations whose random numbers are drawn at once."""


def side(p_init: float, iteration: int, iterations: int, height: int, width: int) -> int:
    """Side of the square of an iteration (from 0), in pixels: ``sqrt(p h w)``, at most what fits."""
    place = iteration * 10_000 // iterations
    area = p_init / 2 ** sum(place > mark for mark in HALVINGS) * height * width
    return min(max(1, round(area**0.5)), height, width)


@dataclass
class Search(Rows):
    """The pictures not yet done: their indices in the batch (``rows``) and the bounds of their values.

    ``lower`` and ``upper`` are ``[n, C, H, W]``, whatever the shape of the pictures. With a mask the first
    ``counts`` ``[n]`` of ``places`` ``[n, M]`` are the pixels that may change; without one M is 0.
    """

    rows: Tensor
    images: Tensor
    lower: Tensor
    upper: Tensor
    places: Tensor
    counts: Tensor
    aim: Aim

    @classmethod
    def of(cls, images: Tensor, eps: float, aim: Aim, free: Tensor | None = None) -> "Search":
        ball = LinfBall(images, eps, free)
        rows = torch.arange(len(images), device=images.device)
        planes = (1, *images.shape[1:])[-2:]
        lower, upper = (x.reshape(len(x), -1, *planes) for x in (ball.lower, ball.upper))
        places = rows.new_zeros(len(images), 0)
        counts = rows.new_zeros(len(images))
        if free is not None:
            free = free.flatten(1)
            counts = free.sum(1)
            places = free.to(torch.uint8).argsort(dim=1, descending=True, stable=True)
        return cls(rows, images, lower, upper, places, counts, aim)

    def numbers(self, seed: int, draw: int, *shape: int) -> Tensor:
        """Random whole numbers ``[n, *shape]`` from 0 to 2^31 - 1, from each picture's own generator."""
        drawn = [
            torch.randint(2**31, shape, generator=generator, device="cpu")
            for generator in own_generators(self.images, seed, draw)
        ]
        return torch.stack(drawn).to(self.images.device)

    def columns(self) -> int:
        """How many random numbers a change takes."""
        return 2 + self.upper.shape[1]

    def first(self, numbers: Tensor) -> Tensor:
        """The start: vertical stripes in each channel, by ``numbers`` ``[n, C, 1, W]``."""
        return self.ends(numbers)

    def ends(self, numbers: Tensor) -> Tensor:
        """``+eps`` where ``numbers`` (spread over the picture) are odd, else ``-eps``, in the box."""
        return torch.where(numbers % 2 == 1, self.upper, self.lower)

    def square(self, best: Tensor, numbers: Tensor, length: int) -> Tensor:
        """``best`` with a new square; ``numbers`` ``[n, 2 + C]`` give its place and its signs.

        With a mask the square holds a pixel that may change, and shrinks with the mask.
        """
        height, width = best.shape[-2:]
        top, left, sides = self.window(numbers, length)
        inside = (
            within(top, sides, height)[:, None, :, None]
            & within(left, sides, width)[:, None, None, :]
        )
        return torch.where(inside, self.ends(numbers[:, 2:, None, None]), best)

    def window(self, numbers: Tensor, length: int) -> tuple[Tensor, Tensor, Tensor]:
        """Top, left and side of a square ``[n]`` each, by the first two of ``numbers`` ``[n, ...]``."""
        height, width = self.upper.shape[-2:]
        if not self.places.shape[1]:
            sides = torch.full_like(numbers[:, 0], length)
            return (
                numbers[:, 0] % (height - length + 1),
                numbers[:, 1] % (width - length + 1),
                sides,
            )
        share = length / (height * width) ** 0.5
        sides = (share * self.counts.sqrt()).round().long().clamp(1, min(height, width))
        pixel = self.places.gather(1, numbers[:, :1] % self.counts[:, None]).squeeze(1)
        top = _around(pixel // width, numbers[:, 1], sides, height)
        left = _around(pixel % width, numbers[:, 1] // sides, sides, width)
        return top, left, sides


def within(start: Tensor, length: Tensor, size: int) -> Tensor:
    """Bool ``[n, size]``: true in ``length`` ``[n]`` places from ``start`` ``[n]`` on."""
    place = torch.arange(size, device=start.device)
    return (place >= start[:, None]) & (place < (start + length)[:, None])


def _around(place: Tensor, numbers: Tensor, length: Tensor, size: int) -> Tensor:
    """Where ``length`` ``[n]`` places begin, within ``size`` and with ``place`` ``[n]`` among them."""
    return (place - numbers % length).clamp_min(0).minimum(size - length)


@dataclass(frozen=True, kw_only=True)
class Square(Attack):
    """Square attack in Linf (Andriushchenko et al., 2020, algorithms 1 and 2).

    Starts with vertical stripes of plus or minus eps in each channel. Then a square at a random place
    is set to plus or minus eps, with one sign for each channel; the change is kept if the margin comes
    nearer to the goal. A picture that reaches the goal is done. The attack uses no gradients, so
    gradient masking does not stop it.

    With a mask, squares of the same share of its area lie over it, at least in part.

    The squares shrink by the paper's schedule for 10,000 iterations, rescaled. With a target the
    margin is that of the target. At most ``max_queries`` forward passes per picture: one for the
    stripes and ``max_queries - 1`` iterations.
    """

    name = "square"
    title = "Square"
    summary = "Random squares, kept when they help: sees the scores, never a gradient."
    equation = (
        r"\delta \leftarrow \delta'\ \text{if}\ L(x + \delta') < L(x + \delta),\quad"
        r" L = z_y - \max_{k \ne y} z_k,\quad \delta'_{\text{square}} = \pm\varepsilon"
    )
    equation_towards = (
        r"\delta \leftarrow \delta'\ \text{if}\ L(x + \delta') < L(x + \delta),\quad"
        r" L = \max_{k \ne t} z_k - z_t,\quad \delta'_{\text{square}} = \pm\varepsilon"
    )
    paper = ANDRIUSHCHENKO
    knowledge = SCORES
    search: ClassVar[type[Search]] = Search

    eps: float = eps_parameter(LINF_EPS, "linf")
    max_queries: int = parameter(
        5000, "Query budget: the most forward passes.", low=1, high=1_000_000
    )
    p_init: float = parameter(
        0.05,
        "Share of the picture that the first squares cover. 0.05: the paper; 0.8: AutoAttack, for "
        "robust models.",
        above=0.0,
        high=1.0,
    )
    seed: int = parameter(0, "Seed of the squares.", low=0, high=2**31 - 1)

    @property
    def observations(self) -> int:
        return self.max_queries

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        search = self.search.of(images, self.eps, aim, oracle.free)
        _, channels, height, width = search.upper.shape
        tried = search.first(search.numbers(self.seed, 0, channels, 1, width))
        best = Best(tried)
        budget = oracle.budget(self.max_queries)
        for query in range(budget):
            reached = self._ask(oracle, search, tried, best)
            if query + 1 == budget or reached.all():
                break
            if query % CHUNK == 0:
                numbers = search.numbers(self.seed, 1 + query // CHUNK, CHUNK, search.columns())
            if reached.any():
                search = search[~reached]
                numbers = numbers[~reached]
            length = side(self.p_init, query, budget - 1, height, width)
            tried = search.square(best.x[search.rows], numbers[:, query % CHUNK], length)
        return best.x.reshape(images.shape) if budget else images

    @staticmethod
    def _ask(oracle: Oracle, search: Search, tried: Tensor, best: Best) -> Tensor:
        """Keep what is better in ``tried``; returns which pictures have reached the goal, bool ``[n]``."""
        rows = search.rows
        shape = search.images.shape
        with oracle.within(rows):
            logits = oracle.logits(tried.reshape(shape), search.aim)
            oracle.count("iterations")
            reached = search.aim.success(logits)
            best.offer(rows, tried, search.aim.margin(logits), reached)
            if oracle.recording:
                oracle.note(best.value[rows], best.reached[rows])
                oracle.observe(best.x[rows].reshape(shape), best.value[rows])
        return reached
