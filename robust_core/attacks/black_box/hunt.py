"""Attacks by labels: each picture's search is a generator, and one driver asks for all of them at once.

A search yields views of its picture that it wants judged, ``[k, C, H, W]``, and is sent which of them reach
the goal, bool ``[k]``. So it reads as in its paper, for one picture, with its own random numbers. The
driver puts what all of them want into common passes, keeps each one's nearest success, counts, and ends a
search whose queries are spent. A picture in a batch gets the answers that it would get alone. Boundary,
whose every move is alike, moves all pictures in step instead, and asks by ``Driver.view``.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.black_box.draws import ask
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim

Search = Generator[Tensor, Tensor, None]
"""Yields views, is sent which of them reach the goal."""
Questions = Generator[Tensor, Tensor, object]
"""The same, whatever it returns."""
AT_ONCE = 64
"""Views that are measured at once: what fits a cache is quicker than all of them."""


@dataclass
class Prey:
    """One picture ``[C, H, W]`` and what its search knows: the label's answers, and how many are left.

    ``free``: where it may change, bool ``[1, H, W]``; None: everywhere.
    """

    image: Tensor
    free: Tensor | None
    generator: torch.Generator
    left: int

    def normal(self, *shape: int) -> Tensor:
        """Normal numbers of that shape, drawn on the CPU."""
        return self._drawn(torch.randn, shape)

    def uniform(self, *shape: int) -> Tensor:
        """Uniform numbers from 0 to 1 of that shape, drawn on the CPU."""
        return self._drawn(torch.rand, shape)

    def _drawn(self, draw: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        drawn = draw(shape, generator=self.generator, dtype=self.image.dtype, device="cpu")
        return drawn.to(self.image.device)

    def within(self, change: Tensor) -> Tensor:
        """A change, with what may not change at 0."""
        return change if self.free is None else change * self.free

    def allowed(self, x: Tensor) -> Tensor:
        """Views as they may be shown: in [0, 1], and unchanged outside the mask."""
        x = x.clamp(0, 1)
        return x if self.free is None else torch.where(self.free, x, self.image)

    def view(self, x: Tensor) -> Generator[Tensor, Tensor, tuple[Tensor, bool]]:
        """Ask about one view; what was shown, and whether it reaches the goal."""
        shown = self.allowed(x)
        (reached,) = (yield shown.unsqueeze(0)).tolist()
        return shown, reached


class Driver:
    """Runs the searches of N pictures in step, and keeps what they find.

    ``best`` is the nearest view of each picture so far that reached the goal ``[N, C, H, W]``, the picture
    itself where there is none; ``distance`` ``[N]`` is how far it is by ``size``, infinite without one.
    """

    def __init__(
        self,
        oracle: Oracle,
        images: Tensor,
        aim: Aim,
        prey: list[Prey],
        size: Callable[[Tensor], Tensor],
    ) -> None:
        self.oracle = oracle
        self.images = images
        self.aim = aim
        self.prey = prey
        self.size = size
        self.best = images.clone()
        self.distance = images.new_full((len(images),), torch.inf, dtype=torch.float64)

    def run(self, searches: Sequence[Questions]) -> None:
        """Ask what the searches want, one of each picture, until all have ended or spent their queries."""
        wanted: dict[int, Tensor] = {}
        for i, search in enumerate(searches):
            self._send(i, search, None, wanted)
        while wanted:
            answers = self._answer(wanted)
            for i, answer in answers.items():
                self._send(i, searches[i], answer, wanted)

    def _send(self, i: int, search: Questions, answer: Tensor | None, wanted: dict) -> None:
        """Let a search go on to its next question; it is over where it has none, or no query left."""
        wanted.pop(i, None)
        if not self.prey[i].left:
            search.close()
            return
        try:
            question = next(search) if answer is None else search.send(answer)
        except StopIteration:
            return
        wanted[i] = question[: self.prey[i].left]

    def view(self, rows: Tensor, x: Tensor) -> Tensor:
        """Ask about one view ``x`` ``[n, C, H, W]`` of each of the pictures ``rows``; which reach the goal.

        For walks that move all pictures in step. ``x`` is overwritten by what may be shown. A picture whose
        queries are spent is not asked about, and does not reach it.
        """
        with self.oracle.within(rows):
            x = self.oracle.keep(x.clamp_(0, 1))
        if all(each.left for each in self.of(rows)):
            return self._judge_each(rows, x)
        able = self.able(rows)
        reached = torch.zeros_like(able)
        if able.any():
            reached[able] = self._judge_each(rows[able], x[able])
        return reached

    def able(self, rows: Tensor) -> Tensor:
        """Which of these pictures have queries left, bool ``[n]``."""
        left = [each.left > 0 for each in self.of(rows)]
        return torch.tensor(left, dtype=torch.bool, device=rows.device)

    def of(self, rows: Tensor) -> list[Prey]:
        """The prey that these pictures are."""
        return [self.prey[i] for i in rows.tolist()]

    def _answer(self, wanted: dict[int, Tensor]) -> dict[int, Tensor]:
        """Which of the views that each picture wants judged reach the goal."""
        device = self.images.device
        counts = torch.tensor([len(x) for x in wanted.values()], dtype=torch.int64, device=device)
        rows = torch.tensor(list(wanted), dtype=torch.int64, device=device)
        x = torch.cat(list(wanted.values()))
        before = (counts.cumsum(0) - counts).repeat_interleave(counts)
        number = torch.arange(1, len(x) + 1, device=device) - before  # of each picture's views
        reached = self._judge(rows.repeat_interleave(counts), x, number)
        for i, views in wanted.items():
            self.prey[i].left -= len(views)
        self._tell(rows)
        return dict(zip(wanted, reached.split(counts.tolist()), strict=True))

    def _judge_each(self, rows: Tensor, x: Tensor) -> Tensor:
        """The same for one view of each of the pictures ``rows``."""
        reached = self._judge(rows, x, 1)
        for each in self.of(rows):
            each.left -= 1
        self._tell(rows)
        return reached

    def _judge(self, rows: Tensor, x: Tensor, number: Tensor | int) -> Tensor:
        """Which views ``x`` of the pictures ``rows`` reach the goal; ``number``: of each one's, from 1."""
        spent = self.oracle.ledger.spent[self.oracle.indices[rows]] + number
        reached = self.aim[rows].success(ask(self.oracle, x, rows, self.aim))
        self._keep(rows, x, spent, reached.nonzero().squeeze(1))
        return reached

    def _keep(self, rows: Tensor, x: Tensor, spent: Tensor, hits: Tensor) -> None:
        """``hits`` are the places of the views ``x`` that reached the goal."""
        of = rows[hits]
        pairs = zip(hits.split(AT_ONCE), of.split(AT_ONCE), strict=True)
        distance = torch.cat([self.size(x[some] - self.images[at]) for some, at in pairs]).double()
        with self.oracle.within(of):
            self.oracle.nearer(spent[hits], distance)
        before, self.distance = self.distance, self.distance.scatter_reduce(0, of, distance, "amin")
        nearest = ((distance == self.distance[of]) & (distance < before[of])).nonzero().squeeze(1)
        self.best[of[nearest]] = x[hits[nearest]]

    def _tell(self, rows: Tensor) -> None:
        """The nearest views so far, and their distances: NaN where there is none yet."""
        with self.oracle.within(rows):
            self.oracle.count("iterations")
            if self.oracle.recording:
                far = self.distance[rows].to(self.images.dtype)
                self.oracle.observe(self.best[rows], far.masked_fill(far.isinf(), torch.nan))
