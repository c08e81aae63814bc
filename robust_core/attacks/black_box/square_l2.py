"""Square attack in L2: bumps that share the budget, moved from one window to another."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, L2Ball
from robust_core.attacks.black_box.square import Search, Square, within
from robust_core.attacks.gradient import L2_EPS, eps_parameter
from robust_core.parameters import parameter

TILES = 5
"""The picture starts with that many tiles a side, each with a bump (the authors' code)."""


def pyramid(row: Tensor, column: Tensor, high: Tensor, wide: Tensor, half: Tensor) -> Tensor:
    """The value of eta^(high, wide) at ``row`` and ``column`` (from 1) in it (eq. 2), whatever outside.

    The sum over k up to M of ``1 / (n + 1 - k)^2``: M counts the nested rectangles that the place is in,
    and n is ``half``, half of ``high``.
    """
    sums = torch.arange(1, int(half.max()) + 2, device=row.device).double().pow(-2).cumsum(0)
    sums = torch.cat([sums.new_zeros(1), sums])
    off = torch.maximum((row - half - 1).abs(), (column - wide // 2 - 1).abs())
    nested = (half - off).clamp_min(0)
    return sums[half + 1] - sums[(half - nested).clamp_min(0)]


def bump(top: Tensor, left: Tensor, side: Tensor, turned: Tensor, size: tuple[int, int]) -> Tensor:
    """Two pyramids of opposite sign side by side in a window, 0 outside it: ``[n, 1, H, W]``.

    ``top``, ``left``, ``side`` ``[n]`` are the window; where ``turned`` they are one above the other.
    """
    height, width = size
    rows, columns = (torch.arange(n, device=top.device) for n in size)
    down = (rows - top[:, None] + 1)[:, :, None].expand(-1, -1, width)
    right = (columns - left[:, None] + 1)[:, None, :].expand(-1, height, -1)
    turn = turned[:, None, None]
    down, right = torch.where(turn, right, down), torch.where(turn, down, right)
    side = side[:, None, None]
    first, half = side // 2, side // 2
    second = pyramid(down, right - first, side, side - first, half)
    value = torch.where(right <= first, pyramid(down, right, side, first, half), -second)
    inside = within(top, side[:, 0, 0], height)[:, :, None]
    inside = inside & within(left, side[:, 0, 0], width)[:, None, :]
    return (value * inside).unsqueeze(1)


@dataclass
class SearchL2(Search):
    """The pictures not yet done, with changes of L2 length ``radius`` ``[n]``.

    ``lower`` and ``upper`` are the clean pictures ``[n, C, H, W]``, and which of their values may change.
    """

    radius: Tensor

    @classmethod
    def of(cls, images: Tensor, eps: float, aim, free: Tensor | None = None) -> "SearchL2":
        linf = Search.of(images, 1.0, aim, free)
        clean = images.reshape(linf.lower.shape)
        may = torch.ones_like(clean)
        if free is not None:
            may = may * free.reshape(len(images), 1, *clean.shape[2:])
        return cls(
            linf.rows,
            images,
            clean,
            may,
            linf.places,
            linf.counts,
            aim,
            images.new_full((len(images),), eps),
        )

    def columns(self) -> int:
        """Two windows, the turn of the bump, and a sign for each channel."""
        return 5 + self.upper.shape[1]

    def first(self, numbers: Tensor) -> Tensor:
        """Tiles of bumps, each with a sign for each channel."""
        _, channels, height, width = self.upper.shape
        side = max(1, min(height, width) // TILES)
        delta = torch.zeros_like(self.lower)
        numbers = numbers.flatten(1)
        count = 0
        for top in range((height % side) // 2, height - side + 1, side):
            for left in range((width % side) // 2, width - side + 1, side):
                place = torch.full_like(self.rows, top), torch.full_like(self.rows, left)
                own = numbers[:, [(count + 7 * c) % numbers.shape[1] for c in range(channels)]]
                own = own >> (count // 7 % 28)
                turned = (own[:, 0] >> 2) % 2 == 1
                tile = bump(*place, torch.full_like(self.rows, side), turned, (height, width))
                delta += tile.to(delta) * (2 * (own % 2) - 1)[:, :, None, None]
                count += 1
        return self.shown(delta)

    def square(self, best: Tensor, numbers: Tensor, length: int) -> Tensor:
        """``best`` with a new bump in one window, paid for by what is taken from another (algorithm 3)."""
        height, width = best.shape[-2:]
        # An odd side of 3 at least has a pyramid with a top on either side.
        length = min(max(3, length + 1 - length % 2), height, width)
        top, left, side = self.window(numbers[:, :2], length)
        there, across, other = self.window(numbers[:, 2:4], length)
        delta = best - self.lower
        new = bump(top, left, side, numbers[:, 4] % 2 == 1, (height, width)).to(delta)
        one, two = (
            (within(t, s, height)[:, :, None] & within(x, s, width)[:, None, :]).unsqueeze(1)
            for t, x, s in ((top, left, side), (there, across, other))
        )
        held = (delta * (one | two)).square().sum((2, 3), keepdim=True)
        whole = delta.square().sum((1, 2, 3), keepdim=True)
        unused = (self.radius[:, None, None, None] ** 2 - whole).clamp_min(0) / delta.shape[1]
        old = delta * one
        signs = (2 * (numbers[:, 5:] % 2) - 1)[:, :, None, None]
        mixed = (old / (_norm(old) + 1e-10) + signs * new) * self.upper
        placed = mixed / _norm(mixed).clamp_min(TINY) * (unused + held).sqrt()
        return self.shown(torch.where(one, placed, delta * ~two))

    def shown(self, delta: Tensor) -> Tensor:
        """The clean pictures with a change along ``delta``, of the whole length, clipped to the box."""
        delta = delta * self.upper
        length = delta.square().sum((1, 2, 3), keepdim=True).sqrt().clamp_min(TINY)
        x = self.lower + self.radius[:, None, None, None] * delta / length
        return x.clamp_(0, 1)


def _norm(delta: Tensor) -> Tensor:
    """Length in each channel, ``[n, C, 1, 1]``."""
    return delta.square().sum((2, 3), keepdim=True).sqrt()


@dataclass(frozen=True, kw_only=True)
class SquareL2(Square):
    """Square attack in L2 (Andriushchenko et al., 2020, algorithms 1 and 3).

    Starts with a grid of bumps: two pyramids of opposite sign each. Then the change in one window is taken
    away, and another window gets a new bump, added to what is there and lengthened by all that is unused.
    So the change has the length eps, unless the box clips it. Otherwise as in Linf.
    """

    name = "square-l2"
    title = "Square (L2)"
    summary = "Random bumps that share the length of the change, kept when they help."
    equation = (
        r"\delta \leftarrow \delta'\ \text{if}\ L(x + \delta') < L(x + \delta),\quad"
        r" L = z_y - \max_{k \ne y} z_k,\quad \lVert\delta'\rVert_2 = \varepsilon"
    )
    equation_towards = (
        r"\delta \leftarrow \delta'\ \text{if}\ L(x + \delta') < L(x + \delta),\quad"
        r" L = \max_{k \ne t} z_k - z_t,\quad \lVert\delta'\rVert_2 = \varepsilon"
    )
    norm = "l2"
    search = SearchL2

    eps: float = eps_parameter(L2_EPS, "l2")
    p_init: float = parameter(
        0.1, "Share of the picture that the first windows cover.", above=0.0, high=1.0
    )

    def perturb(self, oracle, images: Tensor, aim) -> Tensor:
        """As in Linf; rounding is undone where it took a change out of the ball."""
        ball = L2Ball(images, self.eps, oracle.free)
        return ball.settle(super().perturb(oracle, images, aim))
