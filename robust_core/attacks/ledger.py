"""The ledger: what was spent on each picture, when it first reached the goal, and its best by then."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

COUNTERS = ("iterations", "queries", "gradients", "zero_gradients")
FOLDED = 64
"""Passes after which they are summed up: see the oracle's own, for the same reason."""
DISTANCE = "distance"
MARGIN = "margin"


@dataclass(frozen=True, eq=False)
class Curve:
    """The best so far against queries, for each of N pictures: one entry for each improvement.

    ``what`` is "distance", in the norm of the attack, of the nearest picture that reached the goal; or
    "margin", in logits, how far beyond the goal the best picture was (negative before it). Entries belong
    to picture ``picture`` ``[E]``, came with its query number ``queries`` ``[E]`` (from 1), and have the
    ``value`` ``[E]``, float64. For each picture ``queries`` rises and ``value`` gets better.
    """

    what: str
    size: int
    picture: Tensor
    queries: Tensor
    value: Tensor

    def of(self, picture: int) -> tuple[Tensor, Tensor]:
        """Queries ``[e]`` and values ``[e]`` of one picture: a step function."""
        own = self.picture == picture
        return self.queries[own], self.value[own]

    def at(self, queries: Sequence[int] | Tensor) -> Tensor:
        """The best value within so many queries, float64 ``[N, len(queries)]``.

        Before the first entry of a picture it is infinite for a distance, minus infinite for a margin.
        """
        sign = 1.0 if self.what == DISTANCE else -1.0
        wanted = torch.as_tensor(queries, device=self.queries.device, dtype=torch.int64)
        best = torch.full(
            (self.size, len(wanted)), torch.inf, dtype=torch.float64, device=self.queries.device
        )
        for column, most in zip(best.T, wanted, strict=True):
            within = self.queries <= most
            column.scatter_reduce_(0, self.picture[within], sign * self.value[within], "amin")
        return sign * best

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Curve):
            return NotImplemented
        mine, theirs = ((c.picture, c.queries, c.value) for c in (self, other))
        same = (a.shape == b.shape and a.equal(b) for a, b in zip(mine, theirs, strict=True))
        return (self.what, self.size) == (other.what, other.size) and all(same)

    __hash__ = None  # type: ignore[assignment]


class Ledger:
    """Counts for a batch of N pictures. ``rows`` are always their indices, or None for all of them.

    ``limit`` is the most queries of a picture; None: any number. Only with a limit are queries numbered,
    and so ``spent``, ``first`` and the curve known.
    """

    def __init__(self, size: int, device: torch.device, limit: int | None = None) -> None:
        self.size = size
        self.device = device
        self.limit = limit
        self._counted: dict[str, list[Tensor | None]] = {name: [] for name in COUNTERS}
        self._totals: dict[str, Tensor] = {}
        self.spent = torch.zeros(size, dtype=torch.int64, device=device)
        self.first = torch.full_like(self.spent, -1)
        self._what = MARGIN
        self._best = torch.full_like(self.spent, torch.inf, dtype=torch.float64)
        self._entries: list[tuple[Tensor, Tensor, Tensor]] = []

    def count(self, what: str, rows: Tensor | None, times: int = 1) -> None:
        """Count one more, or so many ``times``, for each of ``rows``."""
        counted = self._counted[what]
        if times != 1:
            total = self.tally(what)
            total[slice(None) if rows is None else rows] += times
            self._totals[what] = total
            counted.clear()
            return
        counted.append(rows)  # summed now and then
        if len(counted) == FOLDED:
            self._totals[what] = self.tally(what)
            counted.clear()

    def tally(self, what: str) -> Tensor:
        """How often each picture was counted, int64 ``[N]``."""
        before = self._totals.get(what)
        if before is None:
            total = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        else:
            total = before.clone()
        for rows in self._counted[what]:
            if rows is None or rows.dtype == torch.bool:
                total[slice(None) if rows is None else rows] += 1
            else:  # a picture may be there several times
                total.index_add_(0, rows, torch.ones_like(rows))
        return total

    def spend(self, rows: Tensor | None, times: int = 1) -> None:
        """So many queries about each of ``rows`` are to be asked; ``RuntimeError`` beyond the limit."""
        if self.limit is None:
            return
        after = self.spent.clone()
        if rows is None:
            after += times
        else:
            after.index_add_(0, rows, torch.full_like(rows, times))
        if (after > self.limit).any():
            raise RuntimeError(f"an attack may not ask more than its {self.limit} queries")
        self.spent = after

    def note(self, rows: Tensor, queries: Tensor, value: Tensor, reached: Tensor) -> None:
        """After query number ``queries`` ``[n]`` about the pictures ``rows`` ``[n]``, no picture twice.

        ``value`` ``[n]`` is the margin then; ``reached`` bool ``[n]`` whether it was beyond the goal.
        """
        new = reached & (self.first[rows] < 0)
        self.first[rows[new]] = queries[new]
        self._improve(rows, queries, -value.double())

    def nearer(self, rows: Tensor, queries: Tensor, distance: Tensor) -> None:
        """At query number ``queries`` ``[n]`` pictures at ``distance`` ``[n]`` were found beyond the goal.

        Entries of a picture in the order of its queries.
        """
        self._what = DISTANCE
        new = self.first[rows] < 0
        if new.any():
            never = torch.iinfo(torch.int64).max
            earliest = torch.full_like(self.first, never)
            earliest.scatter_reduce_(0, rows[new], queries[new], "amin")
            self.first = torch.where(earliest < never, earliest, self.first)
        self._improve(rows, queries, distance.double())

    def _improve(self, rows: Tensor, queries: Tensor, value: Tensor) -> None:
        """Keep what is lower than all before it."""
        better = value < self._best[rows]
        if not better.any():
            return
        rows, queries, value = rows[better], queries[better], value[better]
        first = self._best.new_full((self.size,), torch.inf).scatter_reduce(0, rows, value, "amin")
        pictures = rows.tolist()
        if len(pictures) > len(set(pictures)):  # of several views of a picture in one pass
            kept = _falling(pictures, value.tolist())
            rows, queries, value = rows[kept], queries[kept], value[kept]
        self._entries.append((rows, queries, value))
        self._best = torch.minimum(self._best, first)

    @property
    def improvements(self) -> int:
        """How often the best of a picture has got better, passes about several at once counted once."""
        return len(self._entries)

    def curve(self) -> Curve:
        """All improvements so far."""
        nothing = (self.spent[:0], self.spent[:0], self._best[:0])
        picture, queries, value = (
            torch.cat(parts) for parts in zip(nothing, *self._entries, strict=True)
        )
        signed = value if self._what == DISTANCE else -value
        return Curve(self._what, self.size, picture, queries, signed)


def _falling(rows: list[int], values: list[float]) -> list[int]:
    """The places of the values that are below all earlier ones of the same picture."""
    least: dict[int, float] = {}
    kept = []
    for place, (row, value) in enumerate(zip(rows, values, strict=True)):
        if value < least.get(row, float("inf")):
            least[row] = value
            kept.append(place)
    return kept
