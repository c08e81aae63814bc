"""The pictures of the protocol: as many of each class, all of which the model gets right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robust_core import data
from robust_core.classifier import Classifier
from robust_core.data.datasets import check_fit
from robust_core.data.folder import files_by_class, load_files
from robust_core.data.record import to_float
from robust_core.evaluation.deck_002.protocol import CLASSES, PICTURES
from robust_core.evaluation.judging import ranks

CHUNK = 16
ENOUGH = 4 * PICTURES
"""So many of a data set hold enough of each class, in whose order classes are mixed."""
Name = int | Path


class Source(NamedTuple):
    """Pictures by class, each by its number or file; ``load`` gives float32 ``[N, C, H, W]`` in [0, 1]."""

    by_class: Mapping[int, Sequence[Name]]
    load: Callable[[Sequence[Any]], Tensor]
    called: str
    """What the data is, without the path of a folder."""


@dataclass(frozen=True)
class Sample:
    """Pictures that the model gets right, ``images`` ``[N, C, H, W]`` and ``labels`` ``[N]``.

    ``pictures`` are their numbers or file names by class index, ``asked`` how many the model was asked
    about to find them, and ``data`` what they were taken from.
    """

    images: Tensor
    labels: Tensor
    pictures: dict[int, list[int | str]]
    asked: int
    data: str


def source(name: str | Path, model: Classifier) -> Source:
    """The first test pictures of a registered data set, or those of a folder: see ``files_by_class``.

    Raises ``ValueError`` where they do not fit the model or are not there.
    """
    if name in data.names():
        record = data.get(str(name))
        check_fit(record, model)
        images, labels = record.sized("test", model.input_size, model.resize, limit=ENOUGH)
        numbers = {
            label: (labels == label).nonzero().flatten().tolist()
            for label in range(len(record.class_names))
        }
        return Source(numbers, lambda chosen: to_float(images[list(chosen)]), record.name)
    files = files_by_class(name, model)
    count = sum(map(len, files.values()))
    return Source(
        files, lambda chosen: load_files(chosen, model), f"a folder of {count:,} pictures"
    )


def wanted(counts: Mapping[int, int], pictures: int) -> dict[int, int]:
    """How many pictures of each class to look for, by the number that there is of each.

    All, where there are at most ``pictures``. Else as many of each of at most 30 classes, which are
    evenly spread: neighbours in ImageNet's order look alike, and the deck's are "visually distinct".
    """
    if sum(counts.values()) <= pictures:
        return dict(counts)
    classes = sorted(counts)
    number = min(CLASSES, pictures, len(classes))
    chosen = [classes[i * len(classes) // number] for i in range(number)]
    return dict.fromkeys(chosen, pictures // number)


def choose(model: Classifier, found: Source, pictures: int = PICTURES) -> Sample:
    """The first pictures of each class that the model gets right, ``wanted`` of them.

    Raises ``ValueError`` where it gets none right.
    """
    images, labels, kept, asked = [], [], {}, 0
    need = wanted({label: len(names) for label, names in found.by_class.items()}, pictures)
    for label, count in need.items():
        names = found.by_class[label]
        own: list[int | str] = []
        for start in range(0, len(names), CHUNK):
            part = names[start : start + CHUNK]
            shown = found.load(part)
            truth = torch.full((len(part),), label, dtype=torch.int64, device="cpu")
            right = (ranks(model, shown, truth) < 1).nonzero().flatten()[: count - len(own)]
            images.append(shown[right])
            labels.append(truth[right])
            own += [_plain(part[i]) for i in right.tolist()]
            if len(own) == count:
                asked += int(right[-1]) + 1
                break
            asked += len(part)
        if own:
            kept[label] = own
    if not kept:
        raise ValueError(f"{model.name} gets none of the {asked} pictures right")
    return Sample(torch.cat(images), torch.cat(labels), kept, asked, found.called)


def _plain(name: Name) -> int | str:
    return name if isinstance(name, int) else name.name
