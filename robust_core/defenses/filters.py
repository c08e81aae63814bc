"""Filters in front of the network: they remove fine detail, and the perturbation with it.

The network sees exactly the filtered picture, without a gradient. An adaptive attack differentiates the
identity instead (BPDA), which works because a filter returns nearly the picture that it got.
"""

import io
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from robust_core import filters
from robust_core.classifier import Classifier
from robust_core.data.fitting import MODES, to_pixels
from robust_core.defenses.base import Defense, register
from robust_core.defenses.gradients import straight_through
from robust_core.papers import ATHALYE, DZIUGAITE, GUO, XU
from robust_core.parameters import parameter


@dataclass(frozen=True, kw_only=True)
class Filter(Defense):
    """Base of the filters: subclasses implement ``filtered``."""

    kind = "filter"
    breaker = ATHALYE
    broken_by = (
        "It has no useful gradient, but returns nearly the picture that it got: an attacker takes the "
        "gradient as if the filter were not there (BPDA)."
    )
    aware = "Through the filter; its gradient is replaced by the identity (BPDA)."

    def filtered(self, images: Tensor) -> Tensor:
        """The filter itself, ``[N, C, H, W]`` to the same shape; it needs no gradient."""
        raise NotImplementedError

    def seen(self, images: Tensor) -> Tensor:
        return self.filtered(images.detach())

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        return model(straight_through(self.seen(images), images))


@register
@dataclass(frozen=True, kw_only=True)
class JPEG(Filter):
    """JPEG compression of the picture rounded to 8 bits (Dziugaite et al., 2016), by Pillow.

    Raises ``ValueError`` for pictures with other than 1 or 3 channels.
    """

    name = "jpeg"
    title = "JPEG compression"
    summary = "The picture is compressed and read back before the network sees it."
    equation = r"f\big(\mathrm{JPEG}_q(x)\big)"
    paper = DZIUGAITE

    broken_by = (
        "Taking the gradient as if the filter were not there (BPDA) gets through, less surely the more the "
        "filter discards: on cifar10-resnet32 at eps 8/255, 10 steps of PGD leave under 1 % right at "
        "quality 75, 10 % at 50 and 15 % at 25. That is the attack's weakness, not robustness shown."
    )

    quality: int = parameter(75, "Quality: lower discards more.", low=1, high=95)
    subsampling: str = parameter(
        "4:2:0",
        "4:2:0 keeps one colour for four pixels, which is harsh on small pictures; 4:4:4 keeps all.",
        choices=("4:2:0", "4:2:2", "4:4:4"),
    )

    def filtered(self, images: Tensor) -> Tensor:
        if images.shape[1] not in MODES:
            raise ValueError(
                f"images must have 1 or 3 channels to become a JPEG file; got {images.shape[1]}"
            )
        pixels = np.stack([self._compressed(x) for x in to_pixels(images)])
        planes = torch.from_numpy(pixels).view(len(images), *images.shape[2:], images.shape[1])
        return planes.permute(0, 3, 1, 2).to(images.device, images.dtype).contiguous() / 255

    def _compressed(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 ``[H, W, C]``, written and read back; one channel becomes ``[H, W]``."""
        grey = pixels.shape[2] == 1
        picture = Image.fromarray(pixels[:, :, 0] if grey else pixels)
        file = io.BytesIO()
        options = {} if grey else {"subsampling": self.subsampling}
        picture.save(file, "JPEG", quality=self.quality, **options)
        return np.array(Image.open(file))


@register
@dataclass(frozen=True, kw_only=True)
class BitDepth(Filter):
    """Fewer grey levels (Xu et al., 2018, section III.A; Guo et al., 2018, section 3.2)."""

    name = "bit-depth"
    title = "Bit depth"
    summary = "Every value is rounded to one of a few levels."
    equation = r"f\big(\mathrm{round}(x\,(2^b - 1)) / (2^b - 1)\big)"
    paper = XU
    broken_by = (
        "Taking the gradient as if the filter were not there (BPDA): on cifar10-resnet32 at eps 8/255, 20 "
        "steps of PGD leave no picture right at 4 bits."
    )

    bits: int = parameter(4, "Bits per value: b bits give 2^b levels.", low=1, high=8)

    def filtered(self, images: Tensor) -> Tensor:
        return filters.bit_depth(images, self.bits)


@register
@dataclass(frozen=True, kw_only=True)
class Median(Filter):
    """The median of a small window around each pixel (Xu et al., 2018, section III.B)."""

    name = "median"
    title = "Median filter"
    summary = "Every value becomes the median of its neighbourhood."
    equation = r"f\big(\mathrm{median}_{w \times w}(x)\big)"
    paper = XU
    broken_by = (
        "The median is one of the values in its window, so its gradient is known and leads the attack "
        "through the filter."
    )
    aware = "Through the filter, by the gradient of the pixel that is the median."

    width: int = parameter(2, "Side of the window in pixels.", choices=(2, 3))

    def filtered(self, images: Tensor) -> Tensor:
        return filters.median(images, self.width)

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        return model(self.filtered(images))


@register
@dataclass(frozen=True, kw_only=True)
class TotalVariation(Filter):
    """The picture of least total variation near the given one (Guo et al., 2018, section 3.3).

    Guo et al. also drop random pixels, which is left out here.
    """

    name = "tv"
    title = "Total variation"
    summary = "The picture is smoothed where it is flat; edges are kept."
    equation = r"f\big(\arg\min_z\ \mathrm{TV}(z) + \tfrac{1}{2\lambda}\lVert z - x\rVert_2^2\big)"
    paper = GUO
    broken_by = (
        "It leaves most of a perturbation in place: pictures made on the undefended model often fool "
        "it too, and an attacker can go through it (BPDA)."
    )

    weight: float = parameter(0.03, "Strength: higher smooths more.", above=0.0, high=1.0)

    def filtered(self, images: Tensor) -> Tensor:
        return filters.total_variation(images, self.weight)
