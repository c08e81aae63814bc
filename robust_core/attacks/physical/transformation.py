"""What lies between a picture and a network: prints, cameras, light, as random transformations.

``Transformation`` holds the ranges. ``draw`` gives some of them, which can be applied to any number of
batches: a clean and an adversarial picture are photographed by the same camera from the same place.
"""

import hashlib
import math
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor

from robust_core.attacks.physical.jpeg import jpeg
from robust_core.parameters import Parameters, parameter
from robust_core.warps import CORNERS, homography, warp

TINY = 1e-12
DARK = 1e-4
"""Least value that gamma is applied to: at 0 its slope is infinite."""
PAIRS = (("scale_low", "scale_high"), ("blur_low", "blur_high"), ("noise_low", "noise_high"))
STAGES = {
    "geometry": ("perspective", "rotation", "scale_low", "scale_high", "translation"),
    "blur": ("blur_low", "blur_high"),
    "light": ("brightness", "contrast", "gamma"),
    "noise": ("noise_low", "noise_high"),
    "jpeg": ("jpeg_low", "jpeg_high"),
}
"""The fields of each stage, in the order in which they are applied."""
COUNT = 18
"""Random numbers of a draw: as many whatever is switched on, so that stages do not affect each other."""


def generator_of(*what: object) -> torch.Generator:
    """A CPU generator that ``what`` alone decides: a seed, what it is for, the number of a step."""
    digest = hashlib.blake2b("/".join(map(str, what)).encode(), digest_size=8).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest, "little") >> 1)


def _up_to(high: float, help: str, unit: str = "") -> Any:
    """A range from 0 to ``high`` at most; by default there is none."""
    return parameter(0.0, help, low=0.0, high=high, unit=unit)


@dataclass(frozen=True, kw_only=True)
class Transformation(Parameters):
    """Ranges of random transformations; by default there are none, and every draw is the identity.

    Applied in this order: geometry (one bilinear warp; beyond the edge the edge goes on), blur, contrast
    about mid-grey, brightness, gamma, noise, clipping to [0, 1], JPEG. All are uniform in their range,
    and differentiable: JPEG with rounding straight through (``jpeg``). Works for any channels and size;
    of pictures without rows and columns, ``[N, D]``, only light and noise change. Raises ``ValueError``
    for values out of range, and for a lower bound above its upper one.
    """

    perspective: float = _up_to(0.4, "Each corner moves by up to this share of the sides.")
    rotation: float = _up_to(180.0, "Turned by up to this angle either way.", "degrees")
    scale_low: float = parameter(1.0, "Smallest enlargement.", low=0.1, high=10.0)
    scale_high: float = parameter(1.0, "Largest enlargement.", low=0.1, high=10.0)
    translation: float = _up_to(1.0, "Moved by up to this share of the sides.")
    blur_low: float = _up_to(50.0, "Least deviation of a Gaussian blur.", "pixels")
    blur_high: float = _up_to(50.0, "Largest deviation of a Gaussian blur.", "pixels")
    brightness: float = _up_to(1.0, "Up to this much is added or subtracted.", "[0, 1]")
    contrast: float = _up_to(1.0, "Distances from mid-grey grow or shrink by up to this share.")
    gamma: float = _up_to(4.0, "The exponent is from 1 / (1 + gamma) to 1 + gamma.")
    noise_low: float = _up_to(1.0, "Least deviation of added Gaussian noise.", "[0, 1]")
    noise_high: float = _up_to(1.0, "Largest deviation of added Gaussian noise.", "[0, 1]")
    jpeg_low: float = parameter(
        100.0, "Least quality of a JPEG file; 100 with 100 below: none.", low=1.0, high=100.0
    )
    jpeg_high: float = parameter(100.0, "Best quality of a JPEG file.", low=1.0, high=100.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        for low, high in (*PAIRS, ("jpeg_low", "jpeg_high")):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(
                    f"{low} must not be above {high}; got {getattr(self, low):g} and "
                    f"{getattr(self, high):g}"
                )

    def has(self, stage: str) -> bool:
        """Whether a stage of ``STAGES`` does anything."""
        neutral = {spec.name: spec.default for spec in fields(self)}
        return any(getattr(self, name) != neutral[name] for name in STAGES[stage])

    @property
    def fixed(self) -> bool:
        """Whether all draws are equal, so that one is as good as many."""
        free = ("perspective", "rotation", "translation", "brightness", "contrast", "gamma")
        wide = any(getattr(self, low) != getattr(self, high) for low, high in PAIRS)
        random = wide or self.jpeg_low != self.jpeg_high or self.noise_high > 0
        return not random and not any(getattr(self, name) for name in free)

    def only(self, *stages: str) -> "Transformation":
        """These stages alone, with the same ranges. Raises ``ValueError`` for an unknown one."""
        unknown = [stage for stage in stages if stage not in STAGES]
        if unknown:
            raise ValueError(
                f"stages must be among {', '.join(STAGES)}; got {', '.join(map(repr, unknown))}"
            )
        names = [name for stage in stages for name in STAGES[stage]]
        return Transformation(**{name: getattr(self, name) for name in names})

    def scaled(self, strength: float) -> "Transformation":
        """All ranges brought towards nothing (``strength`` 0: the identity) or beyond (above 1).

        Raises ``ValueError`` where a range then ends beyond what its field allows.
        """
        return Transformation(
            **{
                spec.name: spec.default + strength * (getattr(self, spec.name) - spec.default)
                for spec in fields(self)
            }
        )

    def draw(self, n: int, generator: torch.Generator) -> "Draw":
        """``n`` random transformations, decided by a CPU ``generator`` alone."""
        if not isinstance(n, int) or n < 1:
            raise ValueError(f"n must be a whole number of draws, at least 1; got {n!r}")
        numbers = torch.rand(n, COUNT, generator=generator, dtype=torch.float64, device="cpu")
        seeds = torch.randint(2**62, (n,), generator=generator, device="cpu")
        return Draw(self, numbers, seeds)


@dataclass(frozen=True, eq=False)
class Draw:
    """n transformations out of the ranges of one: ``numbers`` in [0, 1) ``[n, COUNT]``, ``seeds [n]``."""

    of: Transformation
    numbers: Tensor
    seeds: Tensor

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, rows: slice | Tensor) -> "Draw":
        return Draw(self.of, self.numbers[rows], self.seeds[rows])

    def every(self, images: Tensor) -> Tensor:
        """Every transformation of every picture: ``[N, ...]`` to ``[n, N, ...]``."""
        return self(images.repeat(len(self), *[1] * (images.ndim - 1))).unflatten(
            0, (len(self), -1)
        )

    def __call__(self, images: Tensor) -> Tensor:
        """Pictures ``[m * n, C, H, W]`` in [0, 1], the first m by the first transformation, and so on.

        Of as many pictures as draws each gets its own; one draw is the same for all. The result has the
        same shape, dtype and device, is in [0, 1], and is differentiable. Raises ``ValueError`` where the
        pictures cannot be shared out evenly.
        """
        n = len(self)
        if len(images) % n:
            raise ValueError(f"images must be a multiple of the {n} draws; got {len(images)}")
        x = images.unflatten(0, (n, -1))
        flat = x.ndim != 5
        if self.of.has("geometry") and not flat:
            x = self._warped(x)
        if self.of.has("blur") and not flat:
            x = self._blurred(x)
        if self.of.has("light"):
            x = self._lit(x)
        if self.of.has("noise"):
            x = self._noisy(x)
        if self.of.has("light") or self.of.has("noise"):
            x = x.clamp(0, 1)
        if self.of.has("jpeg") and not flat:
            x = jpeg(x, self._between("jpeg", 17).round())
        return x.flatten(0, 1)

    def _between(self, what: str, column: int) -> Tensor:
        low, high = (getattr(self.of, f"{what}_{end}") for end in ("low", "high"))
        return low + (high - low) * self.numbers[:, column]

    def _about(self, limit: float, *columns: int) -> Tensor:
        """Numbers within ``limit`` of 0, ``[n, columns]``."""
        return limit * (2 * self.numbers[:, list(columns)] - 1)

    def matrices(self, height: int, width: int) -> Tensor:
        """The homographies ``[n, 3, 3]`` for pictures of that size (see ``warps``)."""
        sides = torch.tensor([width, height], dtype=torch.float64, device="cpu") / 2
        corners = torch.tensor(CORNERS, dtype=torch.float64, device="cpu")
        angle = torch.deg2rad(self._about(self.of.rotation, 0)[:, 0])
        sine, cosine = angle.sin(), angle.cos()
        turn = torch.stack([torch.stack([cosine, -sine], -1), torch.stack([sine, cosine], -1)], -2)
        placed = torch.einsum("nij,kj->nki", turn, corners * sides) / sides
        placed = placed * self._between("scale", 1).view(-1, 1, 1)
        placed = placed + 2 * self._about(self.of.translation, 2, 3).unsqueeze(1)
        moved = 2 * self._about(self.of.perspective, *range(4, 12)).view(-1, 4, 2)
        return homography(placed + moved, corners.expand(len(self), 4, 2))

    def _warped(self, x: Tensor) -> Tensor:
        """All pictures of a group through one grid, as channels of one picture."""
        matrices = self.matrices(x.shape[-2], x.shape[-1])
        return warp(x.flatten(1, 2), matrices).unflatten(1, x.shape[1:3])

    def _blurred(self, x: Tensor) -> Tensor:
        """By two products with matrices of normalised rows: flat stays flat, up to the edge."""
        sigma = self._between("blur", 15)
        for _ in range(2):  # along rows, then, the picture on its side, along columns
            weights = _smoothing(sigma, x.shape[-1]).to(x)
            x = (x.flatten(1, -2) @ weights.mT).view_as(x).mT
        return x.contiguous()

    def _lit(self, x: Tensor) -> Tensor:
        contrast, brightness = (
            self._spread(self._about(limit, column)[:, 0], x)
            for limit, column in ((self.of.contrast, 13), (self.of.brightness, 12))
        )
        x = (x - 0.5) * (1 + contrast) + (0.5 + brightness)
        if self.of.gamma:
            power = (math.log1p(self.of.gamma) * self._about(1, 14)[:, 0]).exp()
            x = x.clamp(DARK, 1) ** self._spread(power, x)
        return x

    def _noisy(self, x: Tensor) -> Tensor:
        """One field for each draw, the same for all pictures of its group."""
        shape = x.shape[2:]
        fields = torch.stack(
            [
                torch.randn(
                    shape,
                    generator=torch.Generator("cpu").manual_seed(seed),
                    dtype=torch.float32,
                    device="cpu",
                )
                for seed in self.seeds.tolist()
            ]
        )
        return x + self._spread(self._between("noise", 16), x) * fields.to(x).unsqueeze(1)

    @staticmethod
    def _spread(values: Tensor, x: Tensor) -> Tensor:
        return values.to(x).view(-1, *[1] * (x.ndim - 1))


def rotated(images: Tensor, degrees: float) -> Tensor:
    """Pictures ``[N, C, H, W]`` turned clockwise about their middle, by up to 180 degrees either way."""
    turn = Transformation(rotation=180.0).draw(1, generator_of(0))
    turn.numbers[:, 0] = degrees / 360 + 0.5
    return turn(images)


def _smoothing(sigma: Tensor, side: int) -> Tensor:
    """Gaussian weights ``[n, side, side]``, rows summing to 1; the identity where sigma is 0."""
    place = torch.arange(side, dtype=torch.float64, device="cpu")
    apart = (place - place.view(-1, 1)).square()
    weights = torch.softmax(-apart / (2 * sigma.view(-1, 1, 1).square()).clamp_min(1e-6), -1)
    return weights.masked_fill(weights < TINY, 0)  # numbers near the least there are slow


IDENTITY = Transformation()
PHOTO = Transformation(
    perspective=0.03,
    blur_low=0.5,
    blur_high=1.5,
    brightness=0.2,
    contrast=0.2,
    gamma=0.2,
    noise_low=0.01,
    noise_high=0.03,
    jpeg_low=50.0,
    jpeg_high=90.0,
)
"""A print, photographed and cut out at its corners (after Kurakin et al., 2017). The ranges are ours."""
VIEWS = Transformation(
    rotation=22.5, scale_low=0.9, scale_high=1.4, translation=0.1, brightness=0.05, noise_high=0.1
)
"""The ranges of Athalye et al. (2018) for pictures in two dimensions; that of the translation is ours."""
PRESETS = {
    "views": VIEWS,
    "photo": PHOTO,
    "rotation": Transformation(rotation=22.5),
    "identity": IDENTITY,
}
