"""The data of a static detector: one adversarial picture for each picture, and activations of both.

Both are made once and kept on disk, as the trunk is frozen and the adversary static.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from robust_core import files
from robust_core.classifier import Classifier
from robust_core.detectors import Subnetwork
from robust_core.detectors.measure import per_pass
from robust_core.training.detectors.array_file import filled, take
from robust_core.training.recipes import DetectorRecipe
from robust_core.training.run import to_float

ATTACKS = Path(__file__).parents[2] / "attacks"
"""Their code decides what adversaries find. It is read here, and not imported: the caller brings them."""
Adversary = Callable[[Classifier, Tensor, Tensor], Tensor]
"""What an ``attacks.Attack`` is: (model, pictures, classes to leave) to adversarial pictures."""


def to_half(delta: Tensor) -> Tensor:
    """``delta`` as float16, rounded towards 0: no norm grows.

    The bits of a half-precision number are its sign and its size: one less is the next smaller size.
    """
    half = delta.half()
    too_large = half.double().abs() > delta.double().abs()
    return (half.view(torch.int16) - too_large.to(torch.int16)).view(torch.float16)


@dataclass(frozen=True)
class Originals:
    """Pictures for adversaries to change, the classifier to fool, and where the results are kept.

    Args:
        images: ``[N, C, H, W]``, bytes, or floats in [0, 1].
        labels: the classes to leave ``[N]``; None means the classifier's prediction for each clean
            picture, so that the true classes are not used (as in training, where they could leak).
        cache: the folder for the adversarial pictures.
        what: names them on the progress bar.
    """

    classifier: Classifier
    images: Tensor
    labels: Tensor | None
    cache: Path
    what: str
    show: bool = True


class Pairs(Protocol):
    """Pictures and what one or several adversaries have made of them: ``Crafted`` or ``InTurn``."""

    @property
    def images(self) -> Tensor: ...

    @property
    def key(self) -> str: ...

    def __len__(self) -> int: ...

    def pairs(self, rows: Tensor | slice, device: torch.device) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True)
class Crafted:
    """Pictures (bytes, or floats in [0, 1]) and what an adversary adds to each, on disk.

    ``key`` is the name of the file, which identifies all that decides its content.
    """

    images: Tensor
    deltas: np.ndarray
    key: str

    def __len__(self) -> int:
        return len(self.images)

    def pairs(self, rows: Tensor | slice, device: torch.device) -> tuple[Tensor, Tensor]:
        """The pictures themselves and the adversarial ones, float32 in [0, 1], on ``device``."""
        if isinstance(rows, slice):
            rows = torch.arange(len(self), device="cpu")[rows]
        clean = to_float(self.images[rows], device)
        return clean, (clean + take(self.deltas, rows).to(device)).clamp_(0, 1)


def craft(originals: Originals, adversary: Adversary, recipe: DetectorRecipe) -> Crafted:
    """An adversarial picture for each of ``originals``, made in parts and kept.

    What an adversary without an eps adds is kept in float32: it ends just across a boundary, and rounding
    to float16 would take one in twenty back. The name of the file identifies the classifier, the
    adversary and its code, the pictures and the classes to leave.
    """
    classifier = originals.classifier
    images = originals.images
    labels = originals.labels
    bounded = recipe.parameters.get("eps") is not None
    dtype = np.float16 if bounded else np.float32

    def make(rows: slice) -> Tensor:
        clean = to_float(images[rows], classifier.device)
        if labels is None:
            with torch.no_grad():
                classes = classifier(clean).argmax(1)
        else:
            classes = labels[rows].to(classifier.device)
        delta = adversary(classifier, clean, classes) - clean
        return to_half(delta) if bounded else delta

    def make_all(rows: slice) -> Tensor:
        return torch.cat([make(part).cpu() for part in passes(rows, images)])

    leaving = "predicted" if labels is None else "true"
    key = f"{recipe.adversary}-{leaving}-{len(images)}-{_key(recipe, images, labels)}"
    path = originals.cache / f"{key}.npy"
    shape = tuple(images.shape)
    told = f"craft {originals.what}"
    kept = filled(path, shape, make_all, what=told, show=originals.show, dtype=dtype)
    return Crafted(images, kept, key)


def activations(
    detector: Subnetwork, crafted: Pairs, folder: Path, *, show: bool = True
) -> np.ndarray:
    """What a subnetwork reads of each pair, float16 ``[N, 2, ...]``: clean first, adversarial second."""

    limit = torch.finfo(torch.float16).max

    @torch.no_grad()
    def read(rows: slice) -> Tensor:
        pair = crafted.pairs(rows, detector.device)
        return torch.stack([detector.activation(x) for x in pair], 1).clamp_(-limit, limit).half()

    def read_all(rows: slice) -> Tensor:
        return torch.cat([read(part).cpu() for part in passes(rows, crafted.images)])

    with torch.no_grad():
        one = detector.activation(to_float(crafted.images[:1], detector.device))
    shape = (len(crafted), 2, *one.shape[1:])
    path = folder / f"{crafted.key}-{slug(detector.point)}.npy"
    return filled(path, shape, read_all, what=f"activations {detector.point}", show=show)


def passes(rows: slice, images: Tensor) -> Iterator[slice]:
    """Parts of ``rows`` that go through a network at a time: large pictures do not fit all at once."""
    size = per_pass(images)
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(start + size, rows.stop))


def slug(point: str) -> str:
    """``AD(2)`` as a part of a file name: ``ad2``."""
    return "".join(c for c in point.lower() if c.isalnum())


def _key(recipe: DetectorRecipe, images: Tensor, labels: Tensor | None) -> str:
    """A short name for all that decides the pictures: classifier, adversary, its code, originals, classes.

    The point of the detector is not in it.
    """
    known = asdict(recipe)
    content = {k: known[k] for k in ("model", "fingerprint", "adversary", "parameters")}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    digest.update(files.hash_of_code(ATTACKS))
    digest.update(images.contiguous().numpy().tobytes())
    if labels is not None:
        digest.update(labels.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
