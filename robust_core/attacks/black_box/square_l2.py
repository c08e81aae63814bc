"""Square attack in L2: bumps that share the budget, moved from one window to another."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

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


@lru_cache(maxsize=128)
def pair(side: int, device: torch.device) -> Tensor:
    """Two pyramids of opposite sign side by side in a window, ``[side, side]``. Not to be changed."""
    place = torch.arange(1, side + 1, device=device)
    down, right = place[:, None], place[None, :]
    whole = torch.as_tensor(side, dtype=torch.int64, device=device)
    half = whole // 2
    second = pyramid(down, right - half, whole, whole - half, half)
    return torch.where(right <= half, pyramid(down, right, whole, half, half), -second)


def window_of(top: Tensor, left: Tensor, side: Tensor, like: Tensor) -> Tensor:
    """``[n, 1, H, W]`` as ``like``: 1 in squares of ``side`` ``[n]`` from ``top`` and ``left`` on."""
    height, width = like.shape[-2:]
    down, right = within(top, side, height).to(like), within(left, side, width).to(like)
    return (down[:, :, None] * right[:, None, :]).unsqueeze(1)


def bump(top: Tensor, left: Tensor, side: Tensor, turned: Tensor, inside: Tensor) -> Tensor:
    """``pair`` in the windows ``inside`` (see ``window_of``), 0 outside them: ``[n, 1, H, W]``.

    Where ``turned`` (``[n]``) the two pyramids are one above the other.
    """
    sides, which = side.unique(return_inverse=True)
    largest = int(sides[-1])
    kinds = torch.stack([_padded(pair(each, side.device), largest) for each in sides.tolist()])
    kinds = torch.stack([kinds, kinds.mT]).to(inside.dtype)
    rows, columns = (torch.arange(n, device=side.device) for n in inside.shape[-2:])
    down = (rows - top[:, None]).clamp(0, largest - 1)[:, :, None]
    right = (columns - left[:, None]).clamp(0, largest - 1)[:, None, :]
    kind = (turned * len(sides) + which)[:, None, None]
    value = kinds.take((kind * largest + down) * largest + right)  # one index: quicker than four
    return value.unsqueeze(1) * inside


def _padded(shape: Tensor, side: int) -> Tensor:
    more = side - len(shape)
    return pad(shape, (0, more, 0, more)) if more else shape


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
                sides = torch.full_like(self.rows, side)
                tile = bump(*place, sides, turned, window_of(*place, sides, delta))
                delta += tile * (2 * (own % 2) - 1)[:, :, None, None]
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
        one = window_of(top, left, side, delta)
        two = window_of(there, across, other, delta)
        new = bump(top, left, side, numbers[:, 4] % 2 == 1, one)
        squares = delta.square()
        held = (squares * torch.maximum(one, two)).sum((2, 3), keepdim=True)
        whole = squares.sum((1, 2, 3), keepdim=True)
        unused = (self.radius[:, None, None, None] ** 2 - whole).clamp_min(0) / delta.shape[1]
        old = delta * one
        signs = (2 * (numbers[:, 5:] % 2) - 1)[:, :, None, None]
        mixed = (old / (_norm(old) + 1e-10) + signs * new) * self.upper
        placed = mixed / _norm(mixed).clamp_min(TINY) * (unused + held).sqrt()
        return self.shown(torch.where(one == 1, placed, delta * (1 - two)))

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
