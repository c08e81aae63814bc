"""Pictures of a model's kind that are here without a download: test pictures, else photographs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robust_core import data
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.data.record import DataSet, to_float
from robust_core.zoo import Description

COUNTS = ((64, 600), (200, 160), (10_000, 80))
"""Below which side of a picture how many test pictures are taken: large ones take longer to ask about."""


@dataclass(frozen=True)
class AtHand:
    """Pictures ``[N, C, H, W]`` in [0, 1] as the model sees them, and what they are."""

    images: Tensor
    source: str


def record_of(model: Description) -> DataSet | None:
    """The data set of the model's family whose files are here; None where only photographs are."""
    return next((each for each in data.of_family(model.family) if each.available()), None)


def at_hand(model: Description) -> AtHand:
    """The first test pictures of the model's family; without them, sample photographs.

    Of the photographs, which are few, each is also squashed, and both are also mirrored.
    """
    record = record_of(model)
    if record is not None:
        most = next(count for side, count in COUNTS if max(model.input_size) < side)
        images = _first(record, model, most)
        return AtHand(
            images,
            f"the first {len(images)} of {record.splits['test']:,} {record.title} test pictures",
        )
    there = samples.catalogue(model.family)
    turned = [way for each in there for way in _ways(model, each.picture.pixels)]
    return AtHand(
        _stacked(turned), f"{len(there)} sample photographs, each cut out, squashed and mirrored"
    )


def _first(record: DataSet, model: Description, most: int) -> Tensor:
    if record.has_size(model.input_size) and record.channels == model.channels:
        return to_float(record.sized("test", model.input_size, model.resize, limit=most)[0])
    numbers = range(min(most, record.splits["test"]))  # of another size: one by one
    return _stacked([model.fitted(_rgb(record.test_picture(n)[0])) for n in numbers])


def _ways(model: Description, pixels: np.ndarray) -> Iterator[np.ndarray]:
    for how in ("crop", "squash"):
        fitted = model.fitted(pixels, how)
        yield fitted
        yield fitted[:, ::-1]


def _rgb(pixels: np.ndarray) -> np.ndarray:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _stacked(pixels: list[np.ndarray]) -> Tensor:
    return torch.cat([to_tensor(each) for each in pixels])
