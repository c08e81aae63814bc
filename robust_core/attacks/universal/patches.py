"""PatchUniversal: a fitted patch, pasted anywhere at any size and angle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from robust_core.attacks.checks import round_towards
from robust_core.attacks.universal.fitted import Universal
from robust_core.attacks.universal.paste import (
    SHAPES,
    Placement,
    native_mask,
    paste,
    paste_exactly,
    share,
    whole,
)

CENTRE = (0.5, 0.5)


@dataclass(frozen=True, eq=False)
class PatchUniversal(Universal):
    """A patch ``delta``, float32 ``[1, C, S, S]`` in [0, 1], for pictures whose size is in its record.

    Beside what ``Universal`` lists the record has ``shape`` ("round" or "square") and ``scale``, the share
    of the area of the pictures that its mask covers.
    """

    kind: ClassVar[str] = "patch"

    def _check(self) -> None:
        super()._check()
        if self.delta.ndim != 4 or self.delta.shape[2] != self.delta.shape[3]:
            raise ValueError(
                f"a patch must have the shape [1, C, S, S]; got {list(self.delta.shape)}"
            )
        if not (self.delta.min() >= 0 and self.delta.max() <= 1):
            raise ValueError("a patch must be in [0, 1]")
        size = self.record.get("size")
        if not (
            isinstance(size, list)
            and len(size) == 3
            and all(type(side) is int and side > 0 for side in size)
            and size[0] == self.delta.shape[1]
            and self.side <= min(size[1:])
        ):
            raise ValueError(
                f"size must be [C, H, W] of pictures that hold the patch; got {size!r}"
            )
        if self.record.get("shape") not in SHAPES:
            raise ValueError(
                f"shape must be {' or '.join(SHAPES)}; got {self.record.get('shape')!r}"
            )

    @property
    def side(self) -> int:
        return self.delta.shape[-1]

    @property
    def size(self) -> list[int]:
        return list(self.record["size"])

    @property
    def mask(self) -> Tensor:
        """Ones where it is, at its native size: float32 ``[1, 1, S, S]``."""
        return native_mask(self.side, self.record["shape"])

    @property
    def scale(self) -> float:
        """The share of the area that it was fitted at."""
        return share(self.side, self.record["shape"], (self.size[1], self.size[2]))

    def apply(
        self,
        images: Tensor,
        labels: Tensor | None = None,
        *,
        at: Sequence[float] | None = None,
        scale: float | None = None,
        angle: float | None = None,
    ) -> Tensor:
        """``images`` ``[N, C, H, W]`` with the patch; outside it they are bit-identical.

        Args:
            labels: not read: the patch is the same for all.
            at: (row, column) of the centre as shares of height and width, in [0, 1]; None: the centre.
                The rim cuts what is beyond. Not turned and at the fitted scale, the patch lies on whole
                pixels, the nearest, and keeps its very values.
            scale: share of the picture's area that it covers, above 0, at most 1; None: as fitted.
            angle: in degrees, anticlockwise; None: 0.

        Raises:
            ValueError: pictures of other channels or not in [0, 1], or a value out of range.
        """
        row, column = _pair(at)
        size = _number("scale", scale, self.scale, above=0.0, high=1.0)
        turn = _number("angle", angle, 0.0, low=-3600.0, high=3600.0)
        start, work = self._ready(images)
        n, (height, width) = len(images), images.shape[2:]
        centre = row * height, column * width
        zoom = self.zoom(size, (height, width))
        if turn % 360 == 0 and math.isclose(zoom, 1, rel_tol=1e-9):
            patch, mask = self._parts(work)
            top, left = (whole(c, self.side) for c in centre)
            return round_towards(paste_exactly(work, patch, mask, top, left), start)
        values = (
            torch.full((n,), v, dtype=torch.float64, device="cpu") for v in (*centre, zoom, turn)
        )
        return self.paste(images, Placement(*values))

    def zoom(self, scale: float, size: tuple[int, int]) -> float:
        """The side, in units of the native one, that covers ``scale`` of pictures (height, width)."""
        return math.sqrt(scale / share(self.side, self.record["shape"], size))

    def paste(self, images: Tensor, placement: Placement) -> Tensor:
        """``images`` with the patch, at a place of its own on each."""
        start, work = self._ready(images)
        patch, mask = self._parts(work)
        grid = placement.grid(self.side, (images.shape[2], images.shape[3]), work)
        return round_towards(paste(work, patch, mask, grid), start)

    def _parts(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return self.delta.to(like.device, like.dtype), self.mask.to(like.device, like.dtype)

    def _misfits(self, images: Tensor) -> bool:
        return images.ndim != 4 or images.shape[1] != self.delta.shape[1]

    @property
    def _fits(self) -> str:
        return f"[N, {self.delta.shape[1]}, H, W], as the patch"


def _pair(at: Sequence[float] | None) -> tuple[float, float]:
    if at is None:
        return CENTRE
    complaint = ValueError(f"at must be (row, column), two shares from 0 to 1; got {at!r}")
    try:
        row, column = (float(value) for value in at)
    except (TypeError, ValueError):
        raise complaint from None
    if not (0 <= row <= 1 and 0 <= column <= 1):  # nor NaN
        raise complaint
    return row, column


def _number(
    name: str,
    value: float | None,
    default: float,
    *,
    low: float = -math.inf,
    above: float = -math.inf,
    high: float,
) -> float:
    if value is None:
        return default
    start = f"above {above:g}, at most" if above > -math.inf else f"from {low:g} to"
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(value, bool | str) or not (low <= number <= high and number > above):
        raise ValueError(f"{name} must be a number {start} {high:g}; got {value!r}")
    return number
