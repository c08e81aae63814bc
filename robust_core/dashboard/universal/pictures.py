"""Twelve pictures that a perturbation was not fitted to, and the set that one is fitted to."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from robust_core import data, zoo
from robust_core.dashboard.request import Chosen
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.data.record import to_float
from robust_core.zoo import Description

MANY = 12
"""Pictures shown at a time."""


@dataclass(frozen=True)
class Shown:
    """Pictures uint8 ``[H, W, C]`` of the model's size, and what they are."""

    pixels: tuple[np.ndarray, ...]
    names: tuple[str, ...]
    source: str

    def batch(self) -> Tensor:
        """float32 ``[N, C, H, W]``."""
        return torch.cat([to_tensor(each) for each in self.pixels])


def digest(*pixels: np.ndarray) -> str:
    """A name for pictures in keys."""
    return hashlib.sha256(b"".join(each.tobytes() for each in pixels)).hexdigest()


def record_of(model: Description) -> data.DataSet | None:
    """The data set that the model was trained on, where it is on this computer."""
    record = zoo.spec(model.name).record if model.name in zoo.bundled() else None
    return record if record is not None and record.available() else None


def held_out(model: Description, start: int, many: int = MANY) -> Shown:
    """``many`` test pictures from number ``start`` on; without the data set, the sample photographs."""
    return _read(model, record_of(model), start, many)


@lru_cache(maxsize=16)  # they are decoded once, not in each run of the page
def _read(model: Description, record: data.DataSet | None, start: int, many: int) -> Shown:
    if record is None:
        chosen = samples.catalogue(model.family)[:many]
        source = "the photographs that come with this page"
    else:
        numbers = range(start, min(start + many, record.splits["test"]))
        chosen = [samples.load(f"{record.name}-test-{number}") for number in numbers]
        last = numbers[-1]
        source = f"the test pictures {start} to {last} of {record.title}"
    return Shown(
        tuple(model.fitted(each.picture.pixels) for each in chosen),
        tuple(each.title for each in chosen),
        source,
    )


def training(model: Description, limit: int) -> tuple[Tensor, Tensor]:
    """The first training pictures, float32 ``[N, C, H, W]``, and labels ``[N]``; reading takes seconds.

    Raises ``DataMissing`` (a ``ValueError``) where the data set is not here.
    """
    record = zoo.spec(model.name).record
    images, labels = record.sized("train", model.input_size, model.resize, limit=limit)
    return to_float(images), labels


def with_chosen(model: Description, start: int, pixels: np.ndarray, chosen: Chosen) -> Shown:
    """The picture chosen, as the model sees it, before test pictures: ``MANY`` in all, none twice."""
    shown = held_out(model, start)
    for k, each in enumerate(shown.pixels):
        if np.array_equal(each, pixels):
            order = sorted(range(len(shown.pixels)), key=lambda i: i != k)
            names = tuple(shown.names[i] for i in order)
            return Shown(tuple(shown.pixels[i] for i in order), names, shown.source)
    name = "your picture" if chosen.owner is not None else chosen.picture.title
    others = held_out(model, start, MANY - 1)
    source = f"{name} and {others.source}"
    return Shown((pixels, *others.pixels), (name, *others.names), source)
