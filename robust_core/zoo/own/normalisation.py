"""Whether the normalisation is the one that the network was trained with, tested on labelled pictures.

The most common mistake with other people's models: no normalisation, a double one, or that of another data
set. The network still answers, and is only right less often.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from robust_core.attacks.checks import check_labels
from robust_core.classifier import Classifier, at_once
from robust_core.modes import evaluating

BATCH = 32
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CENTRED = ((0.5,), (0.5,))
"""To [-1, 1], as many transformers are trained."""
CLEAR = 3
"""Pictures, and a tenth of all, by which another normalisation must be better to be named."""
FITS_BETTER = "Mean {mean} and deviation {std} fit better."
NONE_FITS = "None is right often: look at the order of the classes, and at the size."


class Normalisation(NamedTuple):
    """How often a model is right with one normalisation."""

    title: str
    right: int
    n: int
    mean: tuple[float, ...]
    std: tuple[float, ...]


def compare_normalisations(
    model: Classifier, images: Tensor, labels: Tensor
) -> list[Normalisation]:
    """The model's own normalisation first, then none, and the usual ones, on labelled pictures.

    ``images`` ``[N, C, H, W]`` in [0, 1] of the model's size, ``labels`` ``[N]``. Raises ``ValueError`` for
    pictures of another size and labels that the model lacks.
    """
    model.check_pictures(images)
    labels = check_labels(labels, images)
    channels = model.channels
    own = tuple(model.mean.flatten().tolist()), tuple(model.std.flatten().tolist())
    options = {"this normalisation": own, "none": ((0.0,) * channels, (1.0,) * channels)}
    if channels == 3:
        options["ImageNet's"] = IMAGENET
    options["to [-1, 1]"] = tuple(v * channels for v in CENTRED)  # type: ignore[assignment]
    kept: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {}
    for title, values in options.items():
        if not any(_near(values, other) for other in kept.values()):
            kept[title] = values
    return [
        Normalisation(title, _right(model, images, labels, mean, std), len(labels), mean, std)
        for title, (mean, std) in kept.items()
    ]


def in_words(found: list[Normalisation], of: str = "your {n} pictures") -> str:
    """Right on 41 of your 50 pictures with this normalisation, without it on 3; and the remedy."""
    own, *others = found
    plain = not any(own.mean) and set(own.std) == {1.0}
    how = "Without a normalisation" if plain else "With this normalisation"
    told = f"{how} it is right on {own.right} of {of.format(n=own.n)}"
    parts = [
        f"without it on {one.right}"
        if one.title == "none"
        else f"with {one.title} on {one.right}"
        if one.title != "to [-1, 1]"
        else f"with pixels in [-1, 1] on {one.right}"
        for one in others
    ]
    best = max(found, key=lambda one: one.right)
    told = "; ".join([told, *parts]) + "."
    if best.right - own.right >= max(CLEAR, own.n / 10):
        mean, std = (" ".join(f"{v:g}" for v in values) for values in (best.mean, best.std))
        told += f" {FITS_BETTER.format(mean=mean, std=std)}"
    elif own.right < own.n / 4:
        told += f" {NONE_FITS}"
    return told


def _near(
    one: tuple[tuple[float, ...], tuple[float, ...]],
    other: tuple[tuple[float, ...], tuple[float, ...]],
) -> bool:
    pairs = zip((*one[0], *one[1]), (*other[0], *other[1]), strict=True)
    return all(abs(a - b) < 1e-3 for a, b in pairs)


@torch.no_grad()
def _right(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    mean: tuple[float, ...],
    std: tuple[float, ...],
) -> int:
    """How many pictures the network gets right after this normalisation."""
    shift, scale = (
        torch.tensor(v, dtype=torch.float32, device=model.device).view(1, -1, 1, 1)
        for v in (mean, std)
    )
    right, size = 0, at_once(model, BATCH)
    with evaluating(model):
        for pictures, theirs in zip(images.split(size), labels.split(size), strict=True):
            given = (pictures.to(model.device, model.mean.dtype) - shift) / scale
            right += int((model.network(given).argmax(1).cpu() == theirs.cpu()).sum())
    return right
