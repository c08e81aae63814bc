"""Passes over the pictures of a test set, a batch at a time: here, or dealt to many processes.

A shard is one batch of one pass, whoever works on it: the boundaries depend on the number of pictures and
the batch alone, so that results do not depend on the number of processes.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load, save
from torch import Tensor

from robust_core import processes
from robust_core.engine import in_batches

Tell = Callable[..., None]
"""Called with sentences that belong beside the figures."""
NOTICES = "notices"


@dataclass(frozen=True)
class Pass:
    """``work(rows, tell)`` gives a tensor ``[n, ...]`` or several for the pictures ``rows`` (indices).

    ``progress`` is called with the number of pictures that are done.
    """

    work: Callable[[Tensor, Tell], tuple[Tensor, ...]]
    progress: Callable[[int], object] = lambda count: None


class Passes(Protocol):
    """How passes over ``n`` pictures are made: for each of them its tensors, of all pictures."""

    def __call__(
        self, passes: Sequence[Pass], n: int, batch: int, tell: Tell
    ) -> list[tuple[Tensor, ...]]: ...


def in_turn(passes: Sequence[Pass], n: int, batch: int, tell: Tell) -> list[tuple[Tensor, ...]]:
    """One after the other, in this process."""

    def work(one: Pass, rows: Tensor) -> tuple[Tensor, ...]:
        outcome = one.work(rows, tell)
        one.progress(len(rows))
        return outcome

    every = torch.arange(n, device="cpu")
    return [in_batches(partial(work, one), every, batch, on_notice=tell) for one in passes]


class Dealt:
    """Shard by shard, by all processes; finished shards are kept in ``folder``.

    ``made`` and ``found`` count the shards of all calls: those that this process worked on, and those
    that were in ``folder`` at first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = 0
        self.shards = 0
        self.found = 0

    def __call__(
        self, passes: Sequence[Pass], n: int, batch: int, tell: Tell
    ) -> list[tuple[Tensor, ...]]:
        shards = list(self._shards(passes, n, batch))
        names = [
            f"{self.calls:03}-{k:03}-{int(rows[0]) if len(rows) else 0:07}.safetensors"
            for k, rows in shards
        ]
        self.calls += 1
        self.shards += len(shards)
        self.found += processes.told(lambda: sum((self.folder / n).exists() for n in names))

        def make(i: int) -> bytes:
            k, rows = shards[i]
            return _made(passes[k], rows, batch, seed=i)

        parts: list[list[tuple[Tensor, ...]]] = [[] for _ in passes]
        outcomes = processes.spread(names, make, folder=self.folder)
        for (k, rows), content in zip(shards, outcomes, strict=True):
            outcome, sentences = _read(content)
            parts[k].append(outcome)
            tell(*sentences)
            passes[k].progress(len(rows))
        return [
            tuple(torch.cat(column) for column in zip(*of_one, strict=True)) for of_one in parts
        ]

    def _shards(self, passes: Sequence[Pass], n: int, batch: int) -> Iterator[tuple[int, Tensor]]:
        every = torch.arange(n, device="cpu").split(batch)
        return ((k, rows) for k in range(len(passes)) for rows in every)


def _made(one: Pass, rows: Tensor, batch: int, seed: int) -> bytes:
    """A shard as a file: its tensors by number, and what was told, as bytes.

    A model with chance of its own, which draws from torch's generators, gets the same draws whichever
    process it runs in.
    """
    torch.manual_seed(seed)
    sentences: list[str] = []

    def tell(*told: str) -> None:
        sentences.extend(told)

    outcome = in_batches(lambda part: one.work(part, tell), rows, batch, on_notice=tell)
    tensors = {str(k): tensor.contiguous() for k, tensor in enumerate(outcome)}
    text = json.dumps(sentences).encode()
    return save(tensors | {NOTICES: torch.tensor(list(text), dtype=torch.uint8, device="cpu")})


def _read(content: bytes) -> tuple[tuple[Tensor, ...], list[str]]:
    tensors = load(content)
    sentences = json.loads(bytes(tensors.pop(NOTICES).tolist()))
    return tuple(tensors[str(k)] for k in range(len(tensors))), sentences
