"""Natural changes of pictures, each along one strength, after which a person still sees the same thing.

The metamorphic statement of robustness needs no label: the answer to a changed picture is the answer to
the picture, ``f(T_s(x)) = f(x)``, for all strengths s at which a person still sees the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.physical.transformation import Transformation, generator_of, rotated
from robust_core.natural.weather import fog, rain
from robust_core.registry import Registry
from robust_core.warps import CORNERS, homography, warp

TILT = 0.5
"""Sine of the angle from which a cylinder is seen from above: rows become arcs."""


@dataclass(frozen=True)
class Change:
    """One kind of change: ``apply(images, strength)``, and five ``strengths`` from mild to severe.

    ``apply`` takes pictures ``[N, C, H, W]`` in [0, 1] of any size and channels, and gives pictures of the
    same shape, dtype and device in [0, 1]; at strength 0 the same pictures. ``form`` writes a
    strength as it is ``shown``, and ``axis`` says of what it is.
    """

    name: str
    title: str
    strengths: tuple[float, ...]
    apply: Callable[[Tensor, float], Tensor]
    form: str
    axis: str
    shown: Callable[[float], float] = float

    def __call__(self, images: Tensor, strength: float) -> Tensor:
        """Changed pictures. Raises ``ValueError`` for a strength outside 0 to the most severe."""
        if not 0 <= strength <= self.strengths[-1]:
            raise ValueError(
                f"strength of {self.name} must be from 0 to {self.strengths[-1]:g}; got {strength!r}"
            )
        return images.clone() if strength == 0 else self.apply(images, strength).clamp(0, 1)

    def words(self, strength: float) -> str:
        """A strength with its unit: ``12°``, ``20 %``."""
        return self.form.format(self.shown(strength)).replace("%", " %")

    def at(self, strength: float) -> str:
        """The change with a strength: ``fog 20 %``."""
        title = self.title if self.title.isupper() else self.title.lower()
        return f"{title} {self.words(strength)}"

    @property
    def path(self) -> tuple[float, ...]:
        """0, the strengths, and the middle before each: where a live sweep looks."""
        ends = (0.0, *self.strengths)
        middles = [(a + b) / 2 for a, b in zip(ends, self.strengths, strict=False)]
        return (0.0, *(s for pair in zip(middles, self.strengths, strict=True) for s in pair))


def turned(images: Tensor, degrees: float) -> Tensor:
    """Clockwise about the middle, by any angle; beyond the edge the edge goes on."""
    return rotated(images, (degrees + 180) % 360 - 180)


def shifted(images: Tensor, share: float) -> Tensor:
    """To the right by a share of the width; beyond the edge the edge goes on."""
    return _linear(images, [[1, 0, -2 * share], [0, 1, 0], [0, 0, 1]])


def zoomed(images: Tensor, factor: float) -> Tensor:
    """Enlarged about the middle; below 1 the edge goes on around them."""
    fixed = Transformation(scale_low=factor, scale_high=factor)
    return fixed.draw(1, generator_of(0))(images)


def sheared(images: Tensor, share: float) -> Tensor:
    """The top to the right and the bottom to the left, by ``share`` of the width from one to the other."""
    return _linear(images, [[1, share, 0], [0, 1, 0], [0, 0, 1]])


def tilted(images: Tensor, share: float) -> Tensor:
    """Leant back: ``share`` of the upper edge is lost to perspective, the lower edge stays."""
    corners = torch.tensor([CORNERS], dtype=torch.float64, device="cpu")
    narrow = corners.clone()
    narrow[:, :2, 0] *= 1 - share
    return warp(images, homography(narrow, corners).expand(len(images), 3, 3))


def curved(images: Tensor, degrees: float) -> Tensor:
    """Bent around an upright cylinder, to ``degrees`` on either side, seen a little from above.

    With half the arc a, the place x in [-1, 1] across shows what was at ``asin(x sin a) / a``, and rows
    become arcs of height ``TILT (1 - cos a) / sin a``, in halves of the side.
    """
    a = math.radians(degrees)
    n, _, height, width = images.shape
    across = (torch.arange(width, dtype=torch.float64, device="cpu") + 0.5) * 2 / width - 1
    down = (torch.arange(height, dtype=torch.float64, device="cpu") + 0.5) * 2 / height - 1
    angle = torch.asin(across * math.sin(a))
    drop = TILT * (1 - angle.cos()) / math.sin(a)
    columns = (angle / a).expand(height, width)
    rows = down.view(-1, 1) + drop - TILT * math.tan(a / 2) / 2
    places = torch.stack([columns, rows], -1).to(images)
    return F.grid_sample(
        images, places.expand(n, -1, -1, -1), padding_mode="border", align_corners=False
    )


def lit(images: Tensor, amount: float) -> Tensor:
    """``amount`` added to every value, clipped to [0, 1]."""
    return (images + amount).clamp(0, 1)


def faded(images: Tensor, share: float) -> Tensor:
    """Every value nearer to its picture's mean, by ``share`` of the way."""
    return images + share * (images.mean((1, 2, 3), keepdim=True) - images)


def blurred(images: Tensor, share: float) -> Tensor:
    """By a Gaussian whose deviation is ``share`` of the shorter side."""
    sigma = share * min(images.shape[2:])
    fixed = Transformation(blur_low=sigma, blur_high=sigma)
    return fixed.draw(1, generator_of(0))(images)


def noisy(images: Tensor, sigma: float) -> Tensor:
    """Gaussian noise of deviation ``sigma``, seed 0: one field, the same for all pictures."""
    fixed = Transformation(noise_low=sigma, noise_high=sigma)
    return fixed.draw(1, generator_of(0, "noise"))(images)


def compressed(images: Tensor, lost: float) -> Tensor:
    """Saved as JPEG at quality ``100 - lost``."""
    fixed = Transformation(jpeg_low=100 - lost, jpeg_high=100 - lost)
    return fixed.draw(1, generator_of(0))(images)


def _linear(images: Tensor, rows: list[list[float]]) -> Tensor:
    matrix = torch.tensor(rows, dtype=torch.float64, device="cpu")
    return warp(images, matrix.expand(len(images), 3, 3))


def _up_to(high: float, first: float | None = None) -> tuple[float, ...]:
    """Five equal steps to ``high``; or from ``first``."""
    low = high / 5 if first is None else first
    return tuple(round(low + (high - low) * k / 4, 6) for k in range(5))


CHANGES = Registry(
    "change",
    (
        Change("rotation", "Rotation", _up_to(30), turned, "{:g}°", "clockwise"),
        Change("shift", "Shift", _up_to(0.25), shifted, "{:.0%}", "of the width, to the right"),
        Change(
            "scale", "Scale", _up_to(0.5), lambda x, s: zoomed(x, 1 - s), "-{:.0%}", "of the size"
        ),
        Change("shear", "Shear", _up_to(0.5), sheared, "{:.0%}", "of the width"),
        Change("perspective", "Perspective", _up_to(0.5), tilted, "{:.0%}", "narrower at the top"),
        Change("curvature", "Curvature", _up_to(75), curved, "{:g}°", "of arc on either side"),
        Change(
            "brightness", "Brightness", _up_to(0.5), lit, "+{:.3g}", "added to pixels in [0, 1]"
        ),
        Change("contrast", "Contrast", _up_to(0.8, 0.2), faded, "-{:.0%}", "of the contrast"),
        Change("fog", "Fog", _up_to(0.9), fog, "{:.0%}", "dense at most"),
        Change("rain", "Rain", _up_to(1.0), rain, "{:.0%}", "of the heaviest rain"),
        Change("blur", "Blur", _up_to(0.04), blurred, "{:.1%}", "of the side, deviation"),
        Change("noise", "Noise", _up_to(0.2), noisy, "{:.3g}", "deviation of pixels in [0, 1]"),
        Change(
            "jpeg",
            "JPEG",
            (50.0, 70.0, 80.0, 88.0, 94.0),
            compressed,
            "quality {:g}",
            "of 100",
            lambda s: 100 - s,
        ),
    ),
)
"""All kinds, in the order of the pages. The strengths are ours."""
