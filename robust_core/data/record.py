"""A data set as one record: its pictures, their source and licence, how they are read and downloaded."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import torch
from torch import Tensor

from robust_core.data.fitting import to_pixels

SPLITS = ("train", "test")
Split = tuple[Tensor, Tensor]
"""Pictures ``[N, C, H, W]`` and labels, int64 ``[N]``."""
OFFERED = 24


class DataMissing(ValueError):
    """A data set was not found, or is damaged. The message says what to do."""


class DataUnreadable(DataMissing):
    """A data set may be there, but may not be read. The message says which file or folder, and why."""


@dataclass(frozen=True)
class Archive:
    """Where a ``.tar.gz`` or a ``.zip`` is, what its bytes must be, and what is unpacked from it.

    ``checksum`` is the hexadecimal digest of its bytes by ``algorithm``. ``members`` are files of its
    folder ``inside``, the only ones that are unpacked (None: all plain files in it); they go to
    ``folder``, which is also ``inside`` where that is None. ``unpacked`` is roughly their size.
    """

    url: str
    size: int
    checksum: str
    folder: str
    members: tuple[str, ...] | None
    unpacked: int
    algorithm: str = "sha256"
    inside: str | None = None

    @property
    def name(self) -> str:
        return Path(urlsplit(self.url).path).name

    @property
    def zipped(self) -> bool:
        """Whether it is a ``.zip``."""
        return self.name.endswith(".zip")


@dataclass(frozen=True, kw_only=True, eq=False)
class DataSet:
    """All that the rest of the code needs to know of a data set, so that nothing branches on its name.

    ``read(split, root)`` gives the pictures as they are stored: bytes, or floats in [0, 1] that are not
    multiples of 1/255. ``find(root)`` gives the folder with its files, at or below ``root``, or raises
    ``DataMissing``; a data set of an installed package has none, and ``comes_with`` names the package.
    ``read_one(number, folder)`` gives pixels uint8 ``[H, W, C]`` and label of one test picture, where
    that is possible without reading all of them.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    synsets: tuple[str, ...] = ()
    """WordNet ids of the classes, where these are ImageNet's."""
    size: tuple[int, int]
    """Height and width."""
    channels: int
    splits: Mapping[str, int]
    """How many pictures ``train`` and ``test`` hold."""
    licence: str
    credit: str
    link: str
    """Where it comes from."""
    read: Callable[[str, str | Path | None], Split]
    find: Callable[[str | Path | None], Path] | None = None
    read_one: Callable[[int, Path], tuple[np.ndarray, int]] | None = None
    read_larger: Callable[[str | Path | None], Split] | None = None
    """Training pictures larger than ``size``, of which a training takes random crops."""
    read_groups: Callable[[str | Path | None], Tensor] | None = None
    """One number for each training picture, int64 ``[N]``, shared by pictures of the same thing: a training
    that sets pictures aside takes such a group as a whole. None where each stands for itself."""
    read_sized: Callable[..., Split] | None = None
    """``read_sized(split, root, side=S, shorter=R, how=H, limit=N)`` gives the first N pictures at S x S,
    for models that take them at another size than ``size``; "crop" cuts them out of a shorter side of R."""
    resize: int | None = None
    """The shorter side of a picture before its centre is cut out; by default that of ``size``."""
    archives: tuple[Archive, ...] = ()
    """How it is downloaded, into one folder; none if it is not."""
    comes_with: str = ""
    family: str = ""
    """The family of models that know such pictures (``zoo.family``); by default the data set's own name."""
    subject: str = ""
    """What its pictures show, where models that know them are named; by default its title."""
    sample_title: str = "{title} test picture {number}: {label}"
    offered: Mapping[int, int | None] = field(default_factory=lambda: dict.fromkeys(range(OFFERED)))
    """Numbers of the test pictures that pages offer, with their labels where known without reading."""
    start_eps: float = 2 / 255
    """The Linf radius at which the Detectors page starts."""
    detector_eps: Mapping[str, float] = field(
        default_factory=lambda: {"fgsm": 4 / 255, "bim": 2 / 255}
    )
    """Linf radii of the attacks that detectors are trained on and measured against."""
    alike_when_near: bool = False
    """Whether a picture looks like the training picture nearest to it in L2."""

    def __post_init__(self) -> None:
        if not self.family:
            object.__setattr__(self, "family", self.name)
        if not self.subject:
            object.__setattr__(self, "subject", self.title)
        if set(self.splits) != set(SPLITS):
            raise ValueError(f"splits must be {' and '.join(SPLITS)}; got {', '.join(self.splits)}")

        if len({archive.folder for archive in self.archives}) > 1:
            raise ValueError(
                f"archives must be unpacked into one folder; those of {self.name} are not"
            )

    @property
    def download_size(self) -> int:
        """Bytes of its archives; 0 if it is not downloaded."""
        return sum(archive.size for archive in self.archives)

    @property
    def shorter(self) -> int:
        """The shorter side of a picture before its centre is cut out."""
        return self.resize or min(self.size)

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of a picture."""
        return (self.channels, *self.size)

    @property
    def full_title(self) -> str:
        """The title, with the package that provides it: "scikit-learn digits"."""
        return f"{self.comes_with} {self.title}".strip()

    def available(self, root: str | Path | None = None) -> bool:
        """Whether its files are at or below ``root`` (default: the data folder)."""
        try:
            self.folder(root)
        except DataMissing:
            return False
        return True

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn the system's refusal to read a file or folder into ``DataUnreadable``."""
        try:
            yield
        except OSError as error:
            raise DataUnreadable(
                f"{self.title} cannot be read: {error.filename or self.title} "
                f"({error.strerror or error}). Allow access to it, or set ROBUST_DATA to another folder."
            ) from error

    def folder(self, root: str | Path | None = None) -> Path | None:
        """The folder with its files; None for one that comes with a package. Raises ``DataMissing``."""
        with self._reading():
            return self.find(root) if self.find else None

    def stored(self, split: str, root: str | Path | None = None) -> Split:
        """Pictures ``[N, C, H, W]`` as they are stored, bytes or floats in [0, 1], and labels ``[N]``.

        Raises ``ValueError`` for a split other than ``train`` and ``test`` and for a ``root`` where the
        pictures come with a package, ``DataMissing`` where they are missing.
        """
        self._check_split(split)
        if root is not None and self.comes_with:
            raise ValueError(
                f"{self.name} takes no data folder: its pictures come with {self.comes_with}"
            )
        with self._reading():
            images, labels = self.read(split, root)
        if images.shape[1:] != self.shape:
            raise ValueError(
                f"{self.name} gave pictures of {list(images.shape[1:])} instead of {list(self.shape)}"
            )
        return images, labels

    def sized(
        self,
        split: str,
        size: tuple[int, int],
        resize: int,
        *,
        root: str | Path | None = None,
        limit: int | None = None,
        how: str = "crop",
    ) -> Split:
        """The first ``limit`` pictures as a model takes them, whose size may be another, and their labels.

        ``size`` is (height, width); ``resize`` is the shorter side before the centre is cut out, or ``how``
        is "squash": see ``fitting.fit``. Raises ``ValueError`` where the data set has no pictures of other
        sizes, otherwise as ``stored`` does.
        """
        if not self.has_size(size):
            raise ValueError(f"{self.name} has no pictures of {size[0]} x {size[1]}")
        if self.read_sized is None:
            images, labels = self.stored(split, root)
            return images[:limit], labels[:limit]
        self._check_split(split)
        with self._reading():
            return self.read_sized(split, root, side=size[0], shorter=resize, how=how, limit=limit)

    def has_size(self, size: tuple[int, int]) -> bool:
        """Whether ``sized`` gives pictures of this height and width."""
        return size == self.size or (self.read_sized is not None and size[0] == size[1])

    def _check_split(self, split: str) -> None:
        if split not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}; got {split!r}")

    def larger(self, root: str | Path | None = None) -> Split:
        """The pictures that a training takes random crops of: larger ones than ``stored``, where there are.

        Raises as ``stored`` does.
        """
        if self.read_larger is None:
            return self.stored("train", root)
        with self._reading():
            return self.read_larger(root)

    def groups(self, root: str | Path | None = None) -> Tensor | None:
        """The group of each training picture, int64 ``[N]``, None where there are none: ``read_groups``.

        Raises as ``stored`` does.
        """
        if self.read_groups is None:
            return None
        with self._reading():
            return self.read_groups(root)

    def pictures(self, split: str, root: str | Path | None = None) -> Split:
        """The exact pictures, float32 ``[N, C, H, W]`` in [0, 1], and labels, int64 ``[N]``.

        What evaluation and pages read. Raises as ``stored`` does.
        """
        images, labels = self.stored(split, root)
        return to_float(images), labels

    def load(self, split: str, root: str | Path | None = None) -> Split:
        """Pictures for display, uint8 ``[N, H, W, C]``, and labels, int64 ``[N]``.

        Floats are rounded to the nearest 255th. Raises as ``stored`` does.
        """
        images, labels = self.stored(split, root)
        if images.dtype == torch.uint8:
            return images.permute(0, 2, 3, 1).contiguous(), labels
        return torch.from_numpy(to_pixels(images)), labels

    def check_number(self, number: int) -> None:
        """Raise ``ValueError`` unless there is a test picture of that number."""
        count = self.splits["test"]
        if not 0 <= number < count:
            raise ValueError(f"{self.name} has the test pictures 0 to {count - 1}, not {number}.")

    def test_picture(self, number: int, root: str | Path | None = None) -> tuple[np.ndarray, int]:
        """Pixels, uint8 ``[H, W, C]``, and label of one test picture.

        Raises ``ValueError`` for a number out of range, ``DataMissing`` where the data is missing.
        """
        self.check_number(number)
        folder = self.folder(root)
        if self.read_one is not None and folder is not None:
            with self._reading():
                return self.read_one(number, folder)
        images, labels = _test_pictures(self, folder)
        return images[number].numpy(), int(labels[number])


def to_float(images: Tensor) -> Tensor:
    """Pictures as float32 in [0, 1], from bytes or floats."""
    return images.float().div_(255) if images.dtype == torch.uint8 else images


@lru_cache(maxsize=2)
def _test_pictures(record: DataSet, folder: Path | None) -> Split:
    return record.load("test", folder)
