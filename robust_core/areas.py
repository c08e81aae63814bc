"""Areas: where in a picture of any size a change is allowed, in words that a link or a command can hold."""

import math
from dataclasses import dataclass

import numpy as np

FORM = (
    "x,y,w,h: left, top, width and height in pixels, or with percent signs in shares of the sides"
)


MOST = 8
"""The most rectangles in an area."""


@dataclass(frozen=True)
class Rectangle:
    """Left, top, width and height: in pixels, or if ``shares`` in percent of the sides."""

    x: float
    y: float
    w: float
    h: float
    shares: bool = True

    @classmethod
    def read(cls, text: str) -> "Rectangle":
        """``8,8,16,16`` or ``25%,25%,50%,50%``. Raises ``ValueError`` for anything else."""
        words = [word.strip() for word in text.split(",")]
        shares = all(word.endswith("%") for word in words)
        try:
            numbers = [float(word.removesuffix("%") if shares else word) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
            raise ValueError(f"a rectangle must be {FORM}; got {text!r}")
        x, y, w, h = numbers
        if min(x, y) < 0 or min(w, h) <= 0:
            raise ValueError(f"a rectangle must begin at 0 or later and have a size; got {text!r}")
        return cls(x, y, w, h, shares)

    def __str__(self) -> str:
        sign = "%" if self.shares else ""
        return ",".join(f"{value:.15g}{sign}" for value in (self.x, self.y, self.w, self.h))

    def mask(self, height: int, width: int) -> np.ndarray:
        """Bool ``[H, W]``: true where the middle of a pixel is within."""
        scale = (width / 100, height / 100) if self.shares else (1.0, 1.0)
        column, row = np.arange(width) + 0.5, np.arange(height) + 0.5
        across = _between(column, self.x * scale[0], self.w * scale[0])
        down = _between(row, self.y * scale[1], self.h * scale[1])
        return down[:, None] & across


@dataclass(frozen=True)
class Disc:
    """A disc in the middle, half of the sides across; an ellipse where these differ."""

    def __str__(self) -> str:
        return "disc"

    def mask(self, height: int, width: int) -> np.ndarray:
        """Bool ``[H, W]``: true where the middle of a pixel is within."""
        column = (np.arange(width) + 0.5) / width - 0.5
        row = (np.arange(height) + 0.5) / height - 0.5
        return row[:, None] ** 2 + column**2 <= 0.25**2


PRESETS: dict[str, tuple[Rectangle | Disc, ...]] = {
    "centre": (Rectangle(25, 25, 50, 50),),
    "left-half": (Rectangle(0, 0, 50, 100),),
    "border": (
        Rectangle(0, 0, 100, 12.5),
        Rectangle(0, 87.5, 100, 12.5),
        Rectangle(0, 12.5, 12.5, 75),
        Rectangle(87.5, 12.5, 12.5, 75),
    ),
    "disc": (Disc(),),
}


@dataclass(frozen=True)
class Area:
    """The union of some shapes."""

    shapes: tuple[Rectangle | Disc, ...]

    @classmethod
    def read(cls, text: str) -> "Area":
        """A preset's name, or rectangles with semicolons between them. Raises ``ValueError``."""
        text = text.strip()
        if text in PRESETS:
            return cls(PRESETS[text])
        parts = text.split(";")
        if len(parts) > MOST:
            raise ValueError(f"an area must have at most {MOST} rectangles; got {len(parts)}")
        return cls(tuple(map(Rectangle.read, parts)))

    def __str__(self) -> str:
        named = (name for name, shapes in PRESETS.items() if shapes == self.shapes)
        return next(named, ";".join(map(str, self.shapes)))

    def mask(self, height: int, width: int) -> np.ndarray:
        """Bool ``[H, W]``, true where pixels may change.

        Raises ``ValueError`` where no pixel of such a picture is within.
        """
        mask = np.any([shape.mask(height, width) for shape in self.shapes], axis=0)
        if not mask.any():
            raise ValueError(
                f"the area {self} holds no pixel of a picture of {width} x {height} pixels"
            )
        return mask


def _between(places: np.ndarray, start: float, length: float) -> np.ndarray:
    return (places >= start) & (places < start + length)
