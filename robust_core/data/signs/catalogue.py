"""The signs, by name: each a function that draws on a canvas, and its class in GTSRB."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from robust_core.data.signs.canvas import (
    BLACK,
    BLUE,
    RED,
    WHITE,
    YELLOW,
    Canvas,
    Point,
    mirrored,
    rectangle,
    regular,
)
from robust_core.registry import Registry

Draw = Callable[[Canvas], None]
DOWN = 180.0
SMALLEST, LARGEST = 8, 1024


@dataclass(frozen=True)
class Sign:
    """A road sign: its ``name``, what it says, and its class in GTSRB (Stallkamp et al., 2012)."""

    name: str
    title: str
    gtsrb: int
    shape: Draw


def _stop(canvas: Canvas) -> None:
    for radius, colour in ((1.04, WHITE), (0.98, RED)):
        canvas.polygon(regular(8, radius, 22.5), colour)
    canvas.text("STOP", 0.62, WHITE, 1.5, bold=0.3)


def _limit(number: int, canvas: Canvas) -> None:
    _ring(canvas)
    canvas.text(str(number), 0.88, BLACK, 1.0, bold=0.15)


def _ring(canvas: Canvas) -> None:
    for radius, colour in ((0.98, RED), (0.72, WHITE)):
        canvas.disc(radius, colour)


def _yield(canvas: Canvas) -> None:
    _triangle(canvas, DOWN)


def _triangle(canvas: Canvas, turn: float) -> None:
    """Its middle is that of the frame: a third of the height from the base."""
    move = 0.24 if turn == 0 else -0.24
    for radius, colour in ((1.1, RED), (0.68, WHITE)):
        canvas.polygon([(x, y + move) for x, y in regular(3, radius, turn)], colour)


def _caution(canvas: Canvas) -> None:
    _triangle(canvas, 0.0)
    canvas.polygon([(-0.08, -0.22), (0.08, -0.22), (0.05, 0.24), (-0.05, 0.24)], BLACK)
    canvas.polygon(rectangle(-0.06, 0.31, 0.06, 0.43), BLACK)


def _crossing(canvas: Canvas) -> None:
    """Priority at the next crossing: a thick arrow over a thin bar."""
    _triangle(canvas, 0.0)
    canvas.polygon([(0, -0.28), (0.12, -0.02), (0.07, -0.02), (0.07, 0.46)], BLACK)
    canvas.polygon([(0, -0.28), (-0.12, -0.02), (-0.07, -0.02), (-0.07, 0.46), (0.07, 0.46)], BLACK)
    canvas.polygon(rectangle(-0.28, 0.16, 0.28, 0.24), BLACK)


def _priority(canvas: Canvas) -> None:
    for radius, colour in ((1.0, BLACK), (0.97, WHITE), (0.68, BLACK), (0.65, YELLOW)):
        canvas.polygon(regular(4, radius), colour)


def _no_entry(canvas: Canvas) -> None:
    for radius, colour in ((0.98, WHITE), (0.95, RED)):
        canvas.disc(radius, colour)
    canvas.polygon(rectangle(-0.72, -0.17, 0.72, 0.17), WHITE)


def _blue(arrow: list[list[Point]], canvas: Canvas) -> None:
    for radius, colour in ((0.98, WHITE), (0.94, BLUE)):
        canvas.disc(radius, colour)
    for part in arrow:
        canvas.polygon(part, WHITE)


AHEAD: list[list[Point]] = [
    [(0, -0.68), (0.36, -0.24), (-0.36, -0.24)],
    rectangle(-0.13, -0.3, 0.13, 0.66),
]
RIGHT: list[list[Point]] = [
    [(0.68, -0.18), (0.22, 0.18), (0.22, -0.54)],
    rectangle(-0.36, -0.31, 0.26, -0.05),
    rectangle(-0.36, -0.31, -0.1, 0.6),
]
LEFT = [mirrored(part) for part in RIGHT]
KEEP_RIGHT: list[list[Point]] = [
    [(0.5, 0.5), (0.5, -0.1), (-0.1, 0.5)],
    [(-0.5, -0.32), (-0.32, -0.5), (0.36, 0.18), (0.18, 0.36)],
]

LIMITS = {20: 0, 30: 1, 50: 2, 60: 3, 70: 4, 80: 5, 100: 7, 120: 8}
"""Speed limits in km/h, and their classes in GTSRB."""
SIGNS: Registry[Sign] = Registry(
    "sign",
    (
        Sign("stop", "Stop", 14, _stop),
        Sign("yield", "Give way", 13, _yield),
        Sign("priority-road", "Priority road", 12, _priority),
        Sign("no-entry", "No entry", 17, _no_entry),
        *(
            Sign(f"speed-{n}", f"Speed limit {n} km/h", index, partial(_limit, n))
            for n, index in LIMITS.items()
        ),
        Sign("no-vehicles", "No vehicles", 15, _ring),
        Sign("caution", "General caution", 18, _caution),
        Sign("crossing", "Right of way at the next crossing", 11, _crossing),
        Sign("right-turn", "Turn right ahead", 33, partial(_blue, RIGHT)),
        Sign("left-turn", "Turn left ahead", 34, partial(_blue, LEFT)),
        Sign("ahead-only", "Ahead only", 35, partial(_blue, AHEAD)),
        Sign("keep-right", "Keep right", 38, partial(_blue, KEEP_RIGHT)),
    ),
)


def names() -> list[str]:
    """The names of all signs."""
    return SIGNS.names()


def get(name: str) -> Sign:
    """A sign by its name. Raises ``ValueError`` naming the known ones."""
    return SIGNS.get(name)


def draw(name: str, side: int = 128) -> tuple[Tensor, Tensor]:
    """A sign that fills a square: picture ``[1, 3, side, side]`` and outline ``[1, 1, side, side]``.

    float32 in [0, 1]; the outline is 1 on the sign, 0 beside it, and between on its edge. Raises
    ``ValueError`` for an unknown name and for a side that is not from 8 to 1024 pixels.
    """
    sign = get(name)
    if not isinstance(side, int) or not SMALLEST <= side <= LARGEST:
        raise ValueError(
            f"side must be a whole number of pixels from {SMALLEST} to {LARGEST}; got {side!r}"
        )
    canvas = Canvas(side)
    sign.shape(canvas)
    colours, outline = (torch.from_numpy(x.copy()) for x in canvas.pixels())
    return colours.permute(2, 0, 1).unsqueeze(0).clamp(0, 1), outline.view(1, 1, side, side)
