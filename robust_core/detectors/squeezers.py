"""Squeezers: filters that leave an adversary less room (Xu, Evans, Qi, 2018, section III)."""

from dataclasses import dataclass

from torch import Tensor

from robust_core import filters

NAMES = (
    "bits-I with I from 1 to 8, median-2, median-3, nlm-SEARCH-PATCH-STRENGTH such as nlm-13-3-2"
)


def _whole(name: str, value: int, allowed: range) -> None:
    if not isinstance(value, int) or value not in allowed:
        odd = "an odd number" if allowed.step == 2 else "a whole number"
        raise ValueError(f"{name} must be {odd} from {allowed[0]} to {allowed[-1]}; got {value!r}")


@dataclass(frozen=True)
class BitSqueezer:
    """Fewer grey levels: 2 to the power of ``bits``.

    Raises ``ValueError`` unless ``bits`` is from 1 to 8.
    """

    bits: int

    def __post_init__(self) -> None:
        _whole("bits", self.bits, range(1, 9))

    @property
    def name(self) -> str:
        return f"bits-{self.bits}"

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` in [0, 1] on the lattice of ``2^bits`` levels."""
        return filters.bit_depth(images, self.bits)


@dataclass(frozen=True)
class MedianSqueezer:
    """The median of a window ``width`` x ``width`` of each channel; edges are mirrored.

    Raises ``ValueError`` unless ``width`` is 2 or 3.
    """

    width: int

    def __post_init__(self) -> None:
        _whole("width", self.width, range(2, 4))

    @property
    def name(self) -> str:
        return f"median-{self.width}"

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]``: the same shape, dtype and device."""
        return filters.median(images, self.width)


@dataclass(frozen=True)
class NonLocalMeansSqueezer:
    """Each pixel becomes a mean of pixels with similar surroundings (``filters.non_local_means``).

    ``search`` and ``patch`` are widths, both odd; ``strength`` is in grey levels of 255. Raises
    ``ValueError`` for other values.
    """

    search: int
    patch: int
    strength: int

    def __post_init__(self) -> None:
        _whole("search", self.search, range(3, 100, 2))
        _whole("patch", self.patch, range(3, 100, 2))
        _whole("strength", self.strength, range(1, 256))

    @property
    def name(self) -> str:
        return f"nlm-{self.search}-{self.patch}-{self.strength}"

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]``: the same shape, dtype and device, without a graph."""
        strength = self.strength / 255
        return filters.non_local_means(
            images, search=self.search, patch=self.patch, strength=strength
        )


Squeezer = BitSqueezer | MedianSqueezer | NonLocalMeansSqueezer

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


_KINDS: dict[str, tuple[type, int]] = {
    "bits": (BitSqueezer, 1),
    "median": (MedianSqueezer, 1),
    "nlm": (NonLocalMeansSqueezer, 3),
}


def squeezer(name: str) -> Squeezer:
    """The squeezer of a name such as ``bits-5``. Raises ``ValueError`` naming the allowed ones."""
    word, *numbers = name.split("-")
    kind, expected = _KINDS.get(word, (None, 0))
    if kind is None or len(numbers) != expected or not all(n.isdecimal() for n in numbers):
        raise ValueError(f"squeezer must be one of {NAMES}; got {name!r}")
    return kind(*(int(n) for n in numbers))
