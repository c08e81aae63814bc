"""SimBA: one direction after the other, kept where it lowers the probability of the class."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.attempts import Best
from robust_core.attacks.balls import own_generators
from robust_core.attacks.base import Attack
from robust_core.attacks.black_box.dct import basis, blocks
from robust_core.attacks.black_box.draws import queries_parameter
from robust_core.attacks.knowledge import SCORES
from robust_core.attacks.losses import ascended
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.rows import Rows
from robust_core.goals import Aim
from robust_core.papers import GUO_SIMBA
from robust_core.parameters import parameter


@dataclass
class Walk(Rows):
    """The pictures under way, ``[n, C, H, W]`` whatever their shape, and the next move of each.

    The next move is along the direction of the basis that is number ``at`` in the picture's own order,
    backwards first; the first ``count`` of them are its own. It leads from ``origin``, where the picture
    stood before that direction. ``value`` is the loss where it stands.
    """

    rows: Tensor
    origin: Tensor
    x: Tensor
    value: Tensor
    count: Tensor
    at: Tensor
    forwards: Tensor

    def next(self, done: Tensor) -> None:
        """On to the next move: the other way along a direction, unless it is ``done`` (bool ``[n]``)."""
        over = done | self.forwards
        self.at = self.at + over
        self.forwards = ~over
        self.origin = torch.where(over[:, None, None, None], self.x, self.origin)


@dataclass(frozen=True)
class Moves:
    """``order`` ``[N, T]``: the directions of each picture of the batch, in the order of its own."""

    basis: "Pixels | Waves"
    order: Tensor

    def next(self, walk: Walk, length: Tensor) -> Tensor:
        """Where the pictures' next moves lead, by so much ``[n]``, before clipping."""
        place = walk.at.clamp_max(self.order.shape[1] - 1)
        return self.basis.moved(walk.origin, self.order[walk.rows, place], length)


class Pixels:
    """The basis of single values: one channel of one pixel each."""

    def __init__(self, like: Tensor, share: float | None) -> None:
        self.like = like

    def ranks(self) -> Tensor:
        """The block of each direction; the blocks come one after the other."""
        return torch.zeros(self.like[0].numel(), dtype=torch.int64, device="cpu")

    def moved(self, x: Tensor, direction: Tensor, length: Tensor) -> Tensor:
        """``x + length * q`` for the direction q of each picture, ``[n]`` both."""
        flat = x.flatten(1).clone()
        flat.scatter_add_(1, direction[:, None], length[:, None])
        return flat.view_as(x)


class Waves:
    """The basis of the discrete cosine transform: a wave in one channel each, the smooth ones first."""

    def __init__(self, like: Tensor, share: float | None) -> None:
        assert share is not None
        self.share = share
        self.channels, self.height, self.width = like.shape[1:]
        self.down, self.across = basis(self.height, like), basis(self.width, like)

    def ranks(self) -> Tensor:
        rank = blocks(self.height, self.width, self.share)
        return rank.expand(self.channels, -1, -1).flatten()

    def moved(self, x: Tensor, direction: Tensor, length: Tensor) -> Tensor:
        channel = direction // (self.height * self.width)
        row = direction // self.width % self.height
        wave = self.down[row][:, :, None] * self.across[direction % self.width][:, None]
        x = x.clone()
        x[torch.arange(len(x), device=x.device), channel] += length[:, None, None] * wave
        return x


@dataclass(frozen=True, kw_only=True)
class SimBA(Attack):
    """The simple black-box attack (Guo et al., 2019, algorithm 1) with single values as directions.

    Directions of an orthonormal basis come in random order, none twice. A step of ``step_size`` backwards,
    else forwards, is kept if the probability of the class falls (of a target: rises). So without clipping
    the change has the L2 length ``step_size`` times the root of the number of steps kept. A move that
    clipping to [0, 1] undoes is passed over without a query. A picture is done when it reaches the goal or
    has tried all directions: T of them cost at most ``2 T + 1`` queries.

    With ``both_ways`` the step forwards is asked about also where the one backwards helps, and the better
    one is kept, as in the Adversarial Robustness Toolbox. A direction costs two queries then.

    Probabilities are compared as log-odds, which do not underflow. With a mask the directions are those of
    the free values.
    """

    name = "simba"
    title = "SimBA"
    summary = (
        "Changes one value after the other, and keeps what lowers the probability of the class."
    )
    equation = (
        r"x \leftarrow x + \alpha q\ \text{if}\ p_y(x + \alpha q) < p_y(x),\quad"
        r"\alpha \in \{-\varepsilon, \varepsilon\},\quad q \in Q\ \text{without replacement}"
    )
    equation_towards = (
        r"x \leftarrow x + \alpha q\ \text{if}\ p_t(x + \alpha q) > p_t(x),\quad"
        r"\alpha \in \{-\varepsilon, \varepsilon\},\quad q \in Q\ \text{without replacement}"
    )
    paper = GUO_SIMBA
    norm = "l2"
    knowledge = SCORES
    directions: ClassVar[type[Pixels] | type[Waves]] = Pixels

    max_queries: int = queries_parameter(5000)
    step_size: float = parameter(
        0.2, "Length of a step along a direction.", above=0.0, high=1e3, unit="[0, 1]"
    )
    both_ways: bool = parameter(
        False, "Try both ways along each direction and keep the better, not the first that helps."
    )
    seed: int = parameter(0, "Seed of the order of directions.", low=0, high=2**31 - 1)

    @property
    def observations(self) -> int:
        return self.max_queries

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        planes = (1, *images.shape[1:])[-2:]
        x = images.reshape(len(images), -1, *planes)
        walk, moves = self._start(oracle, x, images)
        best = Best(x)
        tried = x
        for query in range(oracle.budget(self.max_queries)):
            going = self._ask(oracle, walk, tried, aim, best, images.shape[1:], first=not query)
            walk = walk.only(going)
            with oracle.within(walk.rows):
                tried, walk = self._propose(walk, moves, oracle.free)
            if not len(walk.rows):
                break
        return best.x.reshape(images.shape)

    def _start(self, oracle: Oracle, x: Tensor, images: Tensor) -> tuple[Walk, Moves]:
        basis = self.directions(x, getattr(self, "share", None))
        ranks = basis.ranks()
        drawn = [
            torch.rand(len(ranks), generator=generator, dtype=torch.float64, device="cpu")
            for generator in own_generators(images, self.seed, 0)
        ]
        keys = ranks + torch.stack(drawn)  # blocks in their order, and at random within
        count = torch.full((len(x),), len(ranks), dtype=torch.int64, device=x.device)
        if oracle.free is not None and self.directions is Pixels:
            free = oracle.free.reshape(len(x), 1, *x.shape[2:]).expand_as(x).flatten(1).cpu()
            keys = keys.masked_fill(~free, torch.inf)
            count = free.sum(1)
        every = torch.arange(len(x), device=x.device)
        value = x.new_full((len(x),), -torch.inf)
        off = torch.zeros_like(every)
        walk = Walk(every, x.clone(), x, value, count.to(x.device), off, off.bool())
        return walk, Moves(basis, keys.argsort(dim=1).to(x.device))

    def _ask(
        self,
        oracle: Oracle,
        walk: Walk,
        tried: Tensor,
        aim: Aim,
        best: Best,
        shape: torch.Size,
        *,
        first: bool,
    ) -> Tensor:
        """Keep the moves to ``tried`` that help; bool ``[n]``, which pictures go on."""
        rows, own = walk.rows, aim[walk.rows]
        with oracle.within(rows):
            logits = oracle.logits(tried.reshape(len(tried), *shape), own)
            oracle.count("iterations")
            value = ascended("ce", own, logits).to(walk.value.dtype)
            better = value > walk.value
            reached = own.success(logits)
            walk.x = torch.where(better[:, None, None, None], tried, walk.x)
            walk.value = torch.where(better, value, walk.value)
            if not first:
                walk.next(better & (not self.both_ways))
            taken = better | reached
            best.x[rows[taken]] = tried[taken]
            if oracle.recording:
                oracle.note(own.margin(logits), reached)
                oracle.observe(best.x[rows].reshape(len(rows), *shape), walk.value)
        return ~reached

    def _propose(self, walk: Walk, moves: Moves, free: Tensor | None) -> tuple[Tensor, Walk]:
        """Where the next moves lead, and the pictures that have one: others are left out."""
        on = walk.at < walk.count
        walk = walk.only(on)
        free = free if free is None else free[on].reshape(-1, 1, *walk.x.shape[2:])
        tried = self._moved(walk, moves, free)
        while (still := (tried == walk.origin).flatten(1).all(1)).any():
            ahead = walk[still]
            ahead.next(torch.zeros_like(ahead.forwards))
            walk.at[still], walk.forwards[still] = ahead.at, ahead.forwards
            walk.origin[still] = ahead.origin
            on = walk.at < walk.count
            walk, tried, still = walk[on], tried[on], still[on]
            free = free if free is None else free[on]
            if not still.any():
                break
            tried[still] = self._moved(walk[still], moves, None if free is None else free[still])
        return tried, walk

    def _moved(self, walk: Walk, moves: Moves, free: Tensor | None) -> Tensor:
        length = torch.where(walk.forwards, self.step_size, -self.step_size).to(walk.x)
        x = moves.next(walk, length).clamp_(0, 1)
        return x if free is None else torch.where(free, x, walk.origin)


@dataclass(frozen=True, kw_only=True)
class SimBADCT(SimBA):
    """SimBA along waves of the discrete cosine transform, smooth ones first (Guo et al., 2019, 3.3).

    The lowest ``share`` of the frequencies of each axis come first, then frames a quarter as wide around
    them, until all have been tried.
    """

    name = "simba-dct"
    title = "SimBA (DCT)"
    summary = "SimBA along smooth waves instead of single values."
    directions = Waves

    share: float = parameter(
        0.125, "Share of each axis' frequencies that come first.", above=0.0, high=1.0
    )
