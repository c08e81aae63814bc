"""Carlini and Wagner's L0 attack: drops pixel after pixel while the goal can still be reached."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.carlini.l2 import LEAVING, REACHING, Adam, Carlini, to_box
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.parameters import parameter

LARGEST_CONST = 100.0
WIDER = 10.0


@dataclass
class Pixels(Rows):
    """Which pixels may change in each picture, ``[N, H * W]``, and how much each helped last time."""

    allowed: Tensor
    known: Tensor
    """Those that sufficed for the last success."""
    score: Tensor
    """How much each contributed to it: change times gradient, summed over the channels."""
    share: Tensor
    """The share of the known ones that is dropped at once."""

    @classmethod
    def of(cls, images: Tensor, share: float, free: Tensor | None) -> "Pixels":
        places = images.flatten(2)[:, 0] if images.ndim > 2 else images
        every = torch.ones_like(places, dtype=torch.bool)
        allowed = every if free is None else free.flatten(1).clone()
        return cls(allowed, allowed.clone(), torch.zeros_like(places), places[:, 0] * 0 + share)

    def mask(self, like: Tensor) -> Tensor:
        """``allowed`` for every channel of pictures like these."""
        if like.ndim == 2:
            return self.allowed
        return self.allowed.view(len(like), 1, *like.shape[2:])

    def learn(self, won: Tensor, failed: Tensor, delta: Tensor, uphill: Tensor) -> None:
        """Allow fewer pixels in pictures that ``won``; in those that ``failed``, drop fewer at once."""
        score = (delta * uphill).abs().view(*self.score.shape[:1], -1, self.score.shape[1]).sum(1)
        self.score = torch.where(won.unsqueeze(1), score, self.score)
        self.known = torch.where(won.unsqueeze(1), self.allowed, self.known)
        self.share = torch.where(failed, self.share / 2, self.share)
        number = (self.share * self.known.sum(1)).long().clamp_min(1)
        order = torch.where(self.known, self.score, torch.inf).argsort(dim=1, stable=True)
        place = torch.empty_like(order)
        place.scatter_(1, order, torch.arange(order.shape[1], device=order.device).expand_as(order))
        fewer = self.known & (place >= number.unsqueeze(1))
        self.allowed = torch.where((won | failed).unsqueeze(1), fewer, self.allowed)


RULE = (
    r"\min \lVert\delta\rVert_0:\quad \text{drop } \arg\min_i g_i\,\delta_i,\quad"
    r" g = \nabla f(x + \delta)"
)


@dataclass(frozen=True, kw_only=True)
class CWL0(Carlini):
    """Carlini and Wagner's L0 attack (2017, section VI.B): few pixels, any change.

    The L2 attack on the pixels that are still allowed, from the last success on, stopped as soon as
    it succeeds. Then the pixels that contributed least, by change times gradient, are held fixed: at
    first ``share`` of them at once, half as many after each failure, in the end one by one. A pixel
    counts once, however many of its channels change.
    """

    name = "cw-l0"
    title = "Carlini-Wagner (L0)"
    summary = "Drops pixel after pixel for as long as the network is fooled."
    equation, equation_towards = RULE + LEAVING, RULE + REACHING
    norm = "l0"

    steps: int = parameter(
        100, "Maximum number of steps with the same pixels.", low=1, high=100_000
    )
    learning_rate: float = parameter(0.1, "Step of Adam.", above=0.0, high=10.0)
    initial_const: float = parameter(
        1.0, "Initial weight of the classes against the distance.", above=0.0, high=LARGEST_CONST
    )
    share: float = parameter(
        0.5, "Share of the remaining pixels that is dropped at once.", above=0.0, high=0.99
    )
    rounds: int = parameter(100, "Maximum number of sets of pixels to try.", low=1, high=10_000)

    @property
    def observations(self) -> int:
        return self.rounds * self.steps

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        best = images.clone()
        found = torch.zeros(len(images), dtype=torch.bool, device=images.device)
        rows = torch.arange(len(images), device=images.device)
        adam = Adam.at(images)
        pixels = Pixels.of(images, self.share, oracle.free)
        const = torch.full_like(pixels.share, self.initial_const)
        rounds = torch.zeros_like(rows)
        while len(rows):
            x, slope = to_box(adam.w)
            allowed = pixels.mask(x)
            x = torch.where(allowed, x, images[rows])
            with oracle.within(rows):
                lack, uphill, won = self.ask(oracle, x, aim[rows])
            delta = x - images[rows]
            gradient = self.downhill(uphill, const, lack) + 2 * delta
            adam.step(gradient * slope * allowed, self.learning_rate)
            lost = ~won & (adam.age >= self.steps)
            if not (won | lost).any():
                continue
            best[rows[won]] = x[won]
            found[rows[won]] = True
            const = torch.where(lost, const * WIDER, const)
            failed = lost & (const > LARGEST_CONST)
            const = torch.where(failed, self.initial_const, const)
            last = (pixels.share * pixels.known.sum(1) < 2) | ~found[rows]
            pixels.learn(won, failed, delta, uphill)
            again = won | lost
            adam.restart(again, torch.where(pixels.mask(x), best[rows], images[rows])[again])
            rounds = rounds + again
            on = ~(failed & last) & pixels.allowed.any(1) & (rounds < self.rounds)
            rows, adam, pixels = rows[on], adam[on], pixels[on]
            const, rounds = const[on], rounds[on]
        return best
