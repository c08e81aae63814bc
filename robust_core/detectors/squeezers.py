"""Squeezers: pictures with less room for an adversary (Xu, Evans, Qi, 2018, section III)."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

NAMES = (
    "bits-I with I from 1 to 8, median-2, median-3, nlm-SEARCH-PATCH-STRENGTH such as nlm-13-3-2"
)


def _whole(name: str, value: int, allowed: range) -> None:
    if not isinstance(value, int) or value not in allowed:
        odd = "an odd number" if allowed.step == 2 else "a whole number"
        raise ValueError(f"{name} must be {odd} from {allowed[0]} to {allowed[-1]}; got {value!r}")


@dataclass(frozen=True)
class BitDepth:
    """Fewer grey levels: ``round(x (2^bits - 1)) / (2^bits - 1)``, each value by itself.

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
        top = 2**self.bits - 1
        return images.mul(top).round_().div_(top)


@dataclass(frozen=True)
class Median:
    """The median of a window ``width`` x ``width`` of each channel; edges are mirrored.

    As ``scipy.ndimage.median_filter(mode="reflect")``, which the authors use: a window of 2 holds the
    pixel, those above and to the left, and of four values the third counts.
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
        width, rows, columns = self.width, *images.shape[2:]
        after = width - 2  # nothing follows the pixel in a window of 2
        # One pixel mirrored at the edge is that pixel again.
        padded = F.pad(images, (1, after, 1, after), mode="replicate")
        window = [
            padded[..., i : i + rows, j : j + columns] for i in range(width) for j in range(width)
        ]
        return torch.stack(window).sort(0).values[width**2 // 2]


@dataclass(frozen=True)
class NonLocalMeans:
    """Each pixel becomes a mean of those whose surroundings are alike (Buades et al., 2005).

    By scikit-image's fast ``denoise_nl_means``, all channels together, on the CPU; the authors use
    OpenCV's. ``search`` is the width of the area that is looked through, ``patch`` that of the
    surroundings that are compared, both odd; ``strength`` is how different they may be, in grey levels
    of 255. Raises ``ValueError`` for other values.
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
        from skimage.restoration import denoise_nl_means

        # scikit-image returns a picture of one channel turned on its side: it gets the plane alone.
        lone = images.shape[1] == 1
        pictures = images.detach().cpu().contiguous().float().numpy()
        smooth = [
            denoise_nl_means(
                picture[0] if lone else picture,
                patch_size=self.patch,
                patch_distance=self.search // 2,
                h=self.strength / 255,
                fast_mode=True,
                channel_axis=None if lone else 0,
            )
            for picture in pictures
        ]
        # Its integral images round: a mean of values in [0, 1] can be a hair outside.
        return torch.from_numpy(np.stack(smooth)).view(images.shape).clamp_(0, 1).to(images)


Squeezer = BitDepth | Median | NonLocalMeans

PRESETS: dict[str, tuple[Squeezer, ...]] = {
    "cifar10": (BitDepth(5), Median(2), NonLocalMeans(13, 3, 2)),
    "digits": (BitDepth(1), Median(2)),
    "imagenet": (BitDepth(5), Median(2), NonLocalMeans(11, 3, 4)),
}
"""The authors' best joint detectors, by the family of the pictures; theirs for MNIST is for digits."""

_KINDS: dict[str, tuple[type, int]] = {
    "bits": (BitDepth, 1),
    "median": (Median, 1),
    "nlm": (NonLocalMeans, 3),
}


def squeezer(name: str) -> Squeezer:
    """The squeezer of a name such as ``bits-5``. Raises ``ValueError`` naming what there is."""
    word, *numbers = name.split("-")
    kind, expected = _KINDS.get(word, (None, 0))
    if kind is None or len(numbers) != expected or not all(n.isdecimal() for n in numbers):
        raise ValueError(f"squeezer must be one of {NAMES}; got {name!r}")
    return kind(*(int(n) for n in numbers))
