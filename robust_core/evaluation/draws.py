"""Fresh draws: a random model is judged by draws that the attacker has not seen.

An attack may fit the very draws that it was made on, which says nothing about others. So success is judged
on draws of other seeds, and reported as their mean with an interval. Athalye, Carlini and Wagner (2018,
section 4.2) attack the expectation over draws; this is how the result of any attack is counted.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TypeVar, cast

import scipy  # its parts are loaded where they are first used
import torch
from torch import Tensor

from robust_core.defenses.base import Defended
from robust_core.defenses.noisy import Noisy

Model = Callable[[Tensor], Tensor]
AnyModel = TypeVar("AnyModel", bound=Model)
DRAWS = 10
"""Fresh draws of a random model."""
VOTED = 5
"""Of a model that votes, each of whose answers takes hundreds of passes."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Drawn:
    """Shares in [0, 1], one for each draw. A model that is not random has a single one."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def interval(self) -> tuple[float, float]:
        """Of the mean over all draws that could be made (Student's t, 95 %), in [0, 1].

        It says how far the draws disagree, not how few the pictures are. Of no width where there is
        nothing to draw.
        """
        n = len(self.values)
        if n == 1:
            return self.mean, self.mean
        half = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * stdev(self.values) / math.sqrt(n)
        return max(0.0, self.mean - half), min(1.0, self.mean + half)


@dataclass(frozen=True)
class Share:
    """``count`` of ``n`` pictures, with its Wilson interval at 95 %; of draws, ``count`` is a mean."""

    count: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """Of the probability: lower and upper end (Wilson, 1927), in [0, 1]."""
        return wilson(self.count, self.n)

    @property
    def value(self) -> float:
        return self.count / self.n


class Chance(Share):
    """How often one picture reached its goal in ``n`` fresh draws: ``count`` times."""

    @property
    def succeeds(self) -> bool:
        """In more than half of the draws."""
        return 2 * self.count > self.n

    def summary(self) -> dict:
        """Plain numbers."""
        return {"reached": self.count, "n": self.n, "interval": list(self.interval)}


def wilson(count: float, n: int) -> tuple[float, float]:
    """The 95 % interval of ``count`` of ``n`` (Wilson, 1927); ``count`` may be a mean of counts."""
    z = scipy.stats.norm.ppf((1 + CONFIDENCE) / 2)
    share = count / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low, high = (float((middle + side * half) / (1 + z**2 / n)) for side in (-1, 1))
    return (low if count > 0 else 0.0), (high if count < n else 1.0)  # exact at the ends


def is_random(model: Model) -> bool:
    """Whether a model says that its answers depend on random draws: see ``flags`` for any other."""
    return isinstance(model, Defended) and model.is_random


def count_for(model: Model) -> int:
    """How many fresh draws a random model is judged by."""
    voting = isinstance(model, Defended) and isinstance(model.defense, Noisy)
    return VOTED if voting else DRAWS


@contextmanager
def drawn(model: AnyModel, draw: int) -> Iterator[AnyModel]:
    """``model`` under the fresh draw of that number, from 1 on; 0 is the one that an attacker has seen.

    A defence gets another seed. Any other model is asked with torch's own generators seeded by ``draw`` and
    restored afterwards. A deterministic model gives the same answers as before.
    """
    if isinstance(model, Defended) and model.is_random:
        yield cast(AnyModel, model.redrawn(draw))
        return
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices):
        torch.manual_seed(draw)
        yield model


def fresh(count: int) -> Sequence[int]:
    """The numbers of ``count`` fresh draws."""
    return range(1, count + 1)
