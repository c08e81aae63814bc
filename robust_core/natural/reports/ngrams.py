"""Character n-grams: a text as a unit vector of counts, and a linear classifier of such vectors.

Each word is read with a space on either side, in lower case; its runs of ``SIZES`` letters are counted
under a checksum, so that no dictionary is kept. A misspelling changes only the n-grams of its word.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

BUCKETS = 2**12
SIZES = (2, 3, 4)


@lru_cache(maxsize=2**14)
def _of_word(word: str) -> tuple[int, ...]:
    padded = f" {word.lower()} "
    return tuple(
        zlib.crc32(padded[i : i + size].encode()) % BUCKETS
        for size in SIZES
        for i in range(len(padded) - size + 1)
    )


def vectors(texts: Sequence[str]) -> Tensor:
    """Unit vectors of the square roots of counts, float32 ``[N, BUCKETS]``; 0 for a text without words."""
    found = torch.zeros(len(texts), BUCKETS, dtype=torch.float32, device="cpu")
    for row, text in zip(found, texts, strict=True):
        buckets = [bucket for word in text.split() for bucket in _of_word(word)]
        if buckets:
            at = torch.tensor(buckets, dtype=torch.int64, device="cpu")
            row.index_add_(0, at, torch.ones(len(buckets), dtype=torch.float32, device="cpu"))
    found.sqrt_()
    return found / found.norm(dim=1, keepdim=True).clamp_min(1e-12)


def cosine(one: str, other: str) -> float:
    """Cosine of the vectors of two texts, in [0, 1]."""
    a, b = vectors([one, other]).double()
    return min(1.0, max(0.0, float(a @ b)))


@dataclass(frozen=True, eq=False)
class Reader:
    """Logistic regression: ``weight`` ``[BUCKETS]`` and ``bias`` ``[]``, float32; positive above 0."""

    weight: Tensor
    bias: Tensor

    def scores(self, texts: Sequence[str]) -> Tensor:
        """The log odds of the positive class, float32 ``[N]``."""
        return vectors(texts) @ self.weight + self.bias

    def probability(self, text: str) -> float:
        """Of the positive class."""
        return torch.sigmoid(self.scores([text]).double())[0].item()


def fit(texts: Sequence[str], labels: Sequence[int], penalty: float = 1e-4) -> Reader:
    """The minimum of the logistic loss plus ``penalty |w|^2``: the same for every order of the texts."""
    x, y = vectors(texts).double(), torch.tensor(labels, dtype=torch.float64, device="cpu")
    weight = torch.zeros(BUCKETS, dtype=torch.float64, device="cpu", requires_grad=True)
    bias = torch.zeros((), dtype=torch.float64, device="cpu", requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        logits = x @ weight + bias
        value = torch.nn.functional.binary_cross_entropy_with_logits(logits, y)
        return value + penalty * weight.square().sum()

    def closure() -> Tensor:
        value = loss()
        weight.grad, bias.grad = torch.autograd.grad(value, (weight, bias))
        return value

    solver.step(closure)
    return Reader(weight.detach().float(), bias.detach().float())
