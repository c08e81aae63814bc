"""Squeezers: filters that leave an adversary less room (Xu, Evans, Qi, 2018, section III)."""

from dataclasses import astuple, dataclass, field, fields
from typing import Any, ClassVar

from torch import Tensor

from robust_core import filters

NAMES = (
    "bits-I with I from 1 to 8, median-2, median-3, nlm-SEARCH-PATCH-STRENGTH such as nlm-13-3-2"
)


def _one_of(allowed: range) -> Any:
    """A field of a squeezer: one of these whole numbers."""
    return field(metadata={"allowed": allowed})


@dataclass(frozen=True)
class Squeezer:
    """Base of the squeezers. Subclasses declare their numbers, and filter when they are called.

    Raises ``ValueError`` for a number that is not allowed.
    """

    word: ClassVar[str]
    """What its name begins with."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            value = getattr(self, spec.name)
            allowed = spec.metadata["allowed"]
            if not isinstance(value, int) or value not in allowed:
                odd = "an odd number" if allowed.step == 2 else "a whole number"
                raise ValueError(
                    f"{spec.name} must be {odd} from {allowed[0]} to {allowed[-1]}; got {value!r}"
                )

    @property
    def name(self) -> str:
        """Its word and its numbers, such as ``bits-5``."""
        return "-".join([self.word, *(str(value) for value in astuple(self))])

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` in [0, 1], filtered: the same shape, dtype and device."""
        raise NotImplementedError


@dataclass(frozen=True)
class BitSqueezer(Squeezer):
    """Fewer grey levels: 2 to the power of ``bits``, which is from 1 to 8."""

    word = "bits"
    bits: int = _one_of(range(1, 9))

    def __call__(self, images: Tensor) -> Tensor:
        return filters.bit_depth(images, self.bits)


@dataclass(frozen=True)
class MedianSqueezer(Squeezer):
    """The median of a window ``width`` x ``width``, 2 or 3, of each channel; edges are mirrored."""

    word = "median"
    width: int = _one_of(range(2, 4))

    def __call__(self, images: Tensor) -> Tensor:
        return filters.median(images, self.width)


@dataclass(frozen=True)
class NonLocalMeansSqueezer(Squeezer):
    """Each pixel becomes a mean of pixels with similar surroundings (``filters.non_local_means``).

    ``search`` and ``patch`` are widths, both odd; ``strength`` is in grey levels of 255. There is no graph.
    """

    word = "nlm"
    search: int = _one_of(range(3, 100, 2))
    patch: int = _one_of(range(3, 100, 2))
    strength: int = _one_of(range(1, 256))

    def __call__(self, images: Tensor) -> Tensor:
        strength = self.strength / 255
        return filters.non_local_means(
            images, search=self.search, patch=self.patch, strength=strength
        )


PRESETS: dict[str, tuple[Squeezer, ...]] = {
    "cifar10": (BitSqueezer(5), MedianSqueezer(2), NonLocalMeansSqueezer(13, 3, 2)),
    "mnist": (BitSqueezer(1), MedianSqueezer(2)),
    "imagenet": (BitSqueezer(5), MedianSqueezer(2), NonLocalMeansSqueezer(11, 3, 4)),
}
"""The authors' best joint detectors, by data set."""
THUMBNAIL = 64
"""Colour pictures with sides up to this are squeezed as for CIFAR-10, larger ones as for ImageNet."""


def preset(shape: tuple[int, int, int]) -> tuple[Squeezer, ...]:
    """The authors' squeezers for pictures ``(C, H, W)`` like these: grey, small, or photographs."""
    channels, *sides = shape
    if channels == 1:
        return PRESETS["mnist"]
    return PRESETS["cifar10" if max(sides) <= THUMBNAIL else "imagenet"]


_KINDS = {kind.word: kind for kind in (BitSqueezer, MedianSqueezer, NonLocalMeansSqueezer)}


def squeezer(name: str) -> Squeezer:
    """The squeezer of a name such as ``bits-5``. Raises ``ValueError`` naming the allowed ones."""
    word, *numbers = name.split("-")
    kind = _KINDS.get(word)
    if kind is None or len(numbers) != len(fields(kind)) or not all(n.isdecimal() for n in numbers):
        raise ValueError(f"squeezer must be one of {NAMES}; got {name!r}")
    return kind(*(int(n) for n in numbers))
