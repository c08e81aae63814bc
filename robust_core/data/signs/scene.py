"""What is behind a sign: sky, trees and its pole in a cut-out; sky, road and grass in a whole street."""

import math

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

FINER = 2
POLE = (128, 130, 132)
ROAD, LINE, GRASS = (92, 92, 96), (226, 226, 220), (94, 122, 66)


def backdrop(seed: int = 0, side: int = 128) -> Tensor:
    """What a cut-out around a sign shows behind it: ``[1, 3, side, side]`` float32 in [0, 1].

    Sky above, trees or houses below, and the pole; light and colours vary with the ``seed``.
    """
    chance = np.random.default_rng(seed)
    large = side * FINER
    image = _sky(chance, large, large)
    pen = ImageDraw.Draw(image)
    _trees(pen, chance, large, large * chance.uniform(0.45, 0.9), large / 6)
    half = large * 0.03
    pen.rectangle([large / 2 - half, large / 2, large / 2 + half, large], fill=POLE)
    return _tensor(image, side, side)


def street(seed: int = 0, height: int = 240, width: int = 320) -> Tensor:
    """A road that leads away, ``[1, 3, height, width]`` float32 in [0, 1]: the whole scene.

    The horizon is below the middle, where a camera looks that aims at a sign above its own height.
    """
    chance = np.random.default_rng(seed)
    high, wide = height * FINER, width * FINER
    image = _sky(chance, high, wide)
    pen = ImageDraw.Draw(image)
    horizon = high * 0.62
    _trees(pen, chance, wide, horizon, high / 14)
    pen.rectangle([0, horizon, wide, high], fill=GRASS)
    vanishing = (wide * 0.36, horizon)
    pen.polygon([vanishing, (wide * 0.8, high), (-wide * 0.35, high)], fill=ROAD)
    for k in range(6):
        near, far = (horizon + (high - horizon) * s for s in (1 / (k + 1), 1 / (k + 1.5)))
        edge = [
            (vanishing[0] + (wide * 0.22 - vanishing[0] + w) * (y - horizon) / (high - horizon), y)
            for y, w in ((near, -6), (near, 6), (far, 6), (far, -6))
        ]
        pen.polygon(edge, fill=LINE)
    return _tensor(image, height, width)


def _sky(chance: np.random.Generator, height: int, width: int) -> Image.Image:
    """Brighter towards the horizon; blue or overcast."""
    grey = chance.uniform(0, 1)
    top = (1 - grey) * np.array([96, 150, 214]) + grey * np.array([160, 166, 174])
    low = (1 - grey) * np.array([190, 216, 238]) + grey * np.array([206, 208, 210])
    share = np.linspace(0, 1, height)[:, None, None]
    rows = (1 - share) * top + share * low
    return Image.fromarray(np.broadcast_to(rows, (height, width, 3)).astype(np.uint8))


def _trees(
    pen: ImageDraw.ImageDraw, chance: np.random.Generator, width: float, line: float, size: float
) -> None:
    """Round crowns along a line, the ground below them filled."""
    for _ in range(40):
        x, y = chance.uniform(0, width), line + chance.uniform(0, 2) * size
        radius = size * chance.uniform(0.5, 1.2)
        green = chance.uniform(0.7, 1.2)
        colour = tuple(int(min(255, green * part)) for part in (58, 92, 50))
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
    floor = math.ceil(line + 2 * size)
    pen.rectangle([0, floor, width, 10 * width], fill=(70, 96, 58))


def _tensor(image: Image.Image, height: int, width: int) -> Tensor:
    small = image.resize((width, height), Image.Resampling.BOX)
    pixels = torch.from_numpy(np.array(small)).permute(2, 0, 1).unsqueeze(0)
    return pixels.float() / 255
