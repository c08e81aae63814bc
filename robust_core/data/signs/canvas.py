"""A canvas on which a sign is drawn: coordinates from -1 to 1, shapes that leave their outline behind."""

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FINER = 4
"""Drawn so much larger and then averaged: smooth edges."""
Point = tuple[float, float]
Colour = tuple[int, int, int]

WHITE: Colour = (242, 242, 238)
BLACK: Colour = (24, 24, 26)
RED: Colour = (186, 24, 32)
BLUE: Colour = (0, 82, 158)
YELLOW: Colour = (250, 196, 16)


class Canvas:
    """A square of ``side`` pixels in the end; across and down from -1 to 1, transparent at first."""

    def __init__(self, side: int) -> None:
        self.side = side
        self._large = side * FINER
        self._image = Image.new("RGBA", (self._large, self._large), (0, 0, 0, 0))
        self._pen = ImageDraw.Draw(self._image)

    def _at(self, points: Iterable[Point]) -> list[Point]:
        return [((x + 1) / 2 * self._large, (y + 1) / 2 * self._large) for x, y in points]

    def polygon(self, points: Iterable[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._pen.polygon(self._at(points), fill=(*colour, 255))

    def disc(self, radius: float, colour: Colour) -> None:
        """A filled disc around the middle."""
        (box,) = [self._at([(-radius, -radius), (radius, radius)])]
        self._pen.ellipse([*box[0], *box[1]], fill=(*colour, 255))

    def text(self, words: str, height: float, colour: Colour, width: float, bold: float) -> None:
        """Words in the middle, their capitals so high, squeezed into a width; ``bold`` thickens strokes."""
        size = self._large / 2
        font = ImageFont.load_default(size)
        stroke = max(0, round(bold * size / 10))
        left, top, right, bottom = font.getbbox(words, stroke_width=stroke)
        mask = Image.new("L", (math.ceil(right - left), math.ceil(bottom - top)), 0)
        ImageDraw.Draw(mask).text((-left, -top), words, fill=255, font=font, stroke_width=stroke)
        tall = round(height * self._large / 2)
        wide = min(round(mask.width * tall / mask.height), round(width * self._large / 2))
        mask = mask.resize((wide, tall), Image.Resampling.LANCZOS)
        corner = ((self._large - wide) // 2, (self._large - tall) // 2)
        self._image.paste((*colour, 255), (*corner, corner[0] + wide, corner[1] + tall), mask)

    def pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Colours ``[side, side, 3]`` and outline ``[side, side]``, float32 in [0, 1].

        Where the outline is partial, colours are those of the sign alone, not mixed with what is behind.
        """
        large = np.asarray(self._image, dtype=np.float32) / 255
        alpha = large[..., 3:]
        blocks = (self.side, FINER, self.side, FINER, -1)
        colour = (large[..., :3] * alpha).reshape(blocks).mean((1, 3))
        outline = alpha.reshape(blocks).mean((1, 3))
        return colour / np.maximum(outline, 1e-6), outline[..., 0]


def regular(corners: int, radius: float, turn: float = 0.0) -> list[Point]:
    """The corners of a regular polygon; ``turn`` in degrees, without it one points up."""
    angles = [2 * math.pi * k / corners + math.radians(turn) for k in range(corners)]
    return [(radius * math.sin(a), -radius * math.cos(a)) for a in angles]


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def mirrored(points: Iterable[Point]) -> list[Point]:
    return [(-x, y) for x, y in points]
