"""The catalogue: the names of all classifiers, and what is known about each without loading it."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from robust_core.zoo import bundled_detectors, guests, imagenet, weights
from robust_core.zoo.imagenet import IMAGENET, checkpoint_path, imagenet_weights
from robust_core.zoo.specs import UNDEFENDED, has_spec, spec
from robust_core.zoo.weights import ZooError, index

if TYPE_CHECKING:
    import numpy as np


def bundled() -> list[str]:
    """Classifiers that come with the project: the undefended ones, and the others in the index.

    The undefended ones are always listed: problems with them are reported when they are loaded.
    """
    there = _entries()
    own = [name for name in there if _is_classifier(name, there)]
    return [*UNDEFENDED, *(name for name in own if name not in UNDEFENDED)]


def _entries() -> dict[str, dict]:
    """The index; nothing where it is damaged, which loading a model then reports."""
    try:
        return index()
    except ZooError:
        return {}


def _is_classifier(name: str, entries: dict[str, dict]) -> bool:
    return (
        name in entries and entries[name].get("kind") != bundled_detectors.KIND and has_spec(name)
    )


def names() -> list[str]:
    """All registered classifiers: bundled ones first. An untrained defence is not listed."""
    return [*bundled(), *IMAGENET]


def family(name: str) -> str:
    """The kind of pictures a model knows: its data set's, or ``imagenet``."""
    check_name(name)
    if guest := guests.guest(name):
        return guest.family
    return spec(name).record.family if has_spec(name) else "imagenet"


def in_words(size: tuple[int, int], channels: int) -> str:
    """The shape of a model's pictures: ``32 x 32 RGB``."""
    height, width = size
    return f"{height} x {width} {'RGB' if channels == 3 else 'grey'}"


@dataclass(frozen=True)
class Outline:
    """What a model sees, tells apart and needs, known without importing torchvision, which is slow."""

    size: tuple[int, int]
    channels: int
    classes: int
    download: int
    """Bytes of its weights, as torchvision states them; 0 for a bundled model."""

    @property
    def shape(self) -> str:
        """In words: ``32 x 32 RGB``."""
        return in_words(self.size, self.channels)


def outline(name: str) -> Outline:
    """What can be said of a model in a list. Raises ``ValueError`` for an unknown name."""
    size = download_size(name)
    if guest := guests.guest(name):
        model = guest.model
        return Outline(model.input_size, model.channels, len(model.class_names), 0)
    if has_spec(name):
        known = spec(name)
        record = known.record
        return Outline(known.size, record.channels, len(record.class_names), size)
    return Outline((IMAGENET[name].side,) * 2, 3, 1000, size)


@dataclass(frozen=True)
class Description:
    """What a picture must look like for a model, known without loading its weights."""

    name: str
    family: str
    class_names: tuple[str, ...]
    input_size: tuple[int, int]
    resize: int
    channels: int
    interpolation: str = "bilinear"
    data: str | None = None
    """The data set whose pictures and classes it knows; None for ImageNet, which is not registered."""

    @property
    def called(self) -> str:
        """What sentences call it: its name, or the file of a guest."""
        guest = guests.guest(self.name)
        return guest.model.called if guest else self.name

    @property
    def shape(self) -> str:
        """In words: ``32 x 32 RGB``."""
        return in_words(self.input_size, self.channels)

    def fitted(self, pixels: "np.ndarray", how: str = "crop") -> "np.ndarray":
        """Pixels uint8 ``[H, W, 3]`` as the model sees them, uint8 ``[h, w, c]`` (``fitting.fit``)."""
        from robust_core.data.fitting import fit

        return fit(
            pixels,
            size=self.input_size,
            resize=self.resize,
            channels=self.channels,
            how=how,
            interpolation=self.interpolation,
        )


def describe(name: str) -> Description:
    """What a model takes and knows. Raises ``ValueError`` for an unknown name."""
    check_name(name)
    if guest := guests.guest(name):
        model = guest.model
        return Description(
            guest.name,
            guest.family,
            model.class_names,
            model.input_size,
            model.resize,
            model.channels,
        )
    if has_spec(name):
        known = spec(name)
        return Description(
            name=name,
            family=known.record.family,
            class_names=known.record.class_names,
            input_size=known.size,
            resize=known.resize,
            channels=known.record.channels,
            data=known.data,
        )
    weights = imagenet_weights(name)
    transform = weights.transforms()
    side = transform.crop_size[0]
    return Description(
        name,
        "imagenet",
        imagenet.unique(weights.meta["categories"]),
        (side, side),
        transform.resize_size[0],
        len(transform.mean),
        transform.interpolation.value,
    )


def check_name(name: str) -> None:
    """Raises ``ValueError`` for an unknown name, ``ZooError`` for a defence that is not trained yet."""
    if (
        guests.guest(name)
        or name in IMAGENET
        or name in UNDEFENDED
        or _is_classifier(name, _entries())
    ):
        return
    if has_spec(name) and name not in index():  # maybe a defence that nobody has trained yet
        weights.entry_of(name, set(), f"{remedy(name)}. There are {', '.join(names())}")
    raise ValueError(f"model must be one of {', '.join(names())}; got {name!r}")


def remedy(name: str) -> str:
    """How to get the weights of a model that lacks them."""
    return weights.remedy("train", name)


def is_local(name: str) -> bool:
    """Whether a model can be loaded without a download. Raises ``ValueError`` for an unknown name."""
    check_name(name)
    return name not in IMAGENET or os.path.exists(checkpoint_path(name))


def download_size(name: str) -> int:
    """Bytes that loading a model would download, as torchvision states them; 0 for bundled ones.

    Raises ``ValueError`` for an unknown name.
    """
    check_name(name)
    if name not in IMAGENET:
        return 0
    return int(IMAGENET[name].megabytes * 1e6)
