"""What judges a contestant of benchmarks/black_box.py: the model itself, which counts and remembers.

A peer takes no budget of queries but iterations, and each returns something else at its end. So the model
that it is given keeps the nearest picture that it was asked about and got wrong, picture by picture, and
refuses to answer once the budget is spent.
"""

import math

import torch
from torch import Tensor, nn

ALIGNED, NEAREST = "aligned", "nearest"
"""How a pass tells which pictures it asks about: in their order, again and again (or one alone); or each by
the picture nearest to it, for attacks that leave some out and stay in a small ball."""


class Spent(Exception):
    """The budget of every picture that was asked about is spent."""


class Counting(nn.Module):
    """``model`` for at most ``most`` queries altogether: what the clock runs on; it adds nothing else."""

    def __init__(self, model: nn.Module, most: int) -> None:
        super().__init__()
        self.model = model
        self.most = most
        self.asked = 0

    def forward(self, x: Tensor) -> Tensor:
        if self.asked >= self.most:
            raise Spent
        self.asked += len(x)
        return self.model(x)


class Judge(nn.Module):
    """``model`` for at most ``budget`` queries of each picture; ``distance`` ``[N]`` is what they led to.

    A query beyond the budget in the same pass is answered, but not counted as found.
    """

    def __init__(
        self, model: nn.Module, images: Tensor, labels: Tensor, budget: int, norm: str, rows: str
    ) -> None:
        super().__init__()
        self.model = model
        self.images, self.labels = images, labels
        self.budget, self.norm, self.rows = budget, norm, rows
        self.asked = torch.zeros(len(images), dtype=torch.int64)
        self.first = torch.full((len(images),), -1)
        self.distance = torch.full((len(images),), math.inf, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        rows = self._which(x)
        number = self.asked[rows] + 1 + _earlier(rows)
        within = number <= self.budget
        if not within.any():
            raise Spent
        logits = self.model(x)
        with torch.no_grad():
            wrong = within & (logits.argmax(1) != self.labels[rows])
            far = (x - self.images[rows]).double().flatten(1)
            far = far.norm(2 if self.norm == "l2" else torch.inf, dim=1)
            self.distance.scatter_reduce_(0, rows[wrong], far[wrong], "amin")
            for row, count in zip(rows[wrong].tolist(), number[wrong].tolist(), strict=True):
                if self.first[row] < 0:
                    self.first[row] = count
            self.asked.index_add_(0, rows, torch.ones_like(rows))
        return logits

    def _which(self, x: Tensor) -> Tensor:
        if self.rows == NEAREST and len(self.images) > 1:
            return torch.cdist(x.flatten(1), self.images.flatten(1)).argmin(1)
        return torch.arange(len(x)) % len(self.images)


def _earlier(rows: Tensor) -> Tensor:
    """How many of the rows before it in the pass ask about the same picture."""
    seen: dict[int, int] = {}
    places = []
    for row in rows.tolist():
        places.append(seen.get(row, 0))
        seen[row] = places[-1] + 1
    return torch.tensor(places, dtype=torch.int64)
