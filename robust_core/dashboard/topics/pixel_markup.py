"""Pictures and tables of numbers as HTML."""

from collections.abc import Callable, Iterable
from html import escape

import numpy as np
from torch import Tensor

from robust_core import imaging
from robust_core.data.fitting import to_pixels
from robust_core.experiment.pixels import Place

SIDE = 320
CSS = """<style>
.frames { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: 0.9rem 0.8rem;
  font-size: 0.875rem; line-height: 1.4; padding-bottom: 0.5rem; }
.frames figure { margin: 0; min-width: 0; max-width: 16rem; }
.frames figcaption { margin-top: 0.3rem; }
.frames figcaption small { display: block; font-size: 0.8125rem; color: light-dark(#5C5A57, #C4C2BF); }
.frames header { font-size: 1rem; height: 1.9rem; line-height: 1.6rem; white-space: nowrap; }
.frames header sub { line-height: 0; }
.frames header i { font-family: KaTeX_Math, serif; }
.frames header b { display: inline-grid; place-content: center; width: 1.35rem; height: 1.35rem;
  border-radius: 50%; margin-right: 0.35rem; font-size: 0.8125rem;
  background: color-mix(in srgb, currentColor 14%, transparent); }
.view { position: relative; border-bottom: 3px solid #8C8C8C; }
.view.clean { border-bottom: 3px solid #0072B2; }
.view.adversarial { border-bottom: 3px dashed #D55E00; }
.view img { width: 100%; display: block; image-rendering: pixelated; }
.view span { position: absolute; box-sizing: content-box; border: 2px solid #FFFFFF;
  outline: 2px solid #D55E00; transform: translate(-2px, -2px); }
</style>"""
TABLE = """<style>
.grids { display: flex; flex-wrap: wrap; gap: 0.9rem 1.1rem; align-items: flex-start; }
.grids table { border-collapse: collapse; font-size: 0.75rem; line-height: 1.6;
  font-variant-numeric: tabular-nums; }
.grids td { padding: 0.12rem 0.34rem; text-align: right; border: 1px solid light-dark(#FFFFFF, #0E1117); }
.grids caption { text-align: left; font-size: 0.875rem; padding-bottom: 0.3rem; max-width: 22rem; }
.grids caption small { display: block; font-size: 0.8125rem; color: light-dark(#5C5A57, #C4C2BF); }
.grids .sign { font-size: 1.5rem; align-self: center; }
.grids td.up { background: #D55E0038; } .grids td.down { background: #0072B238; }
.grids td.cut { font-weight: 700; text-decoration: underline; }
@media (max-width: 640px) { .grids { overflow-x: auto; } .grids td { padding: 0.1rem 0.24rem; } }
</style>"""


def image(pixels: np.ndarray, alt: str, kind: str = "", marks: Iterable[Place] = ()) -> str:
    """uint8 ``[h, w, c]`` with square pixels; ``marks`` are outlined."""
    height, width = pixels.shape[:2]
    shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
    boxes = "".join(
        f"<span style='left:{100 * column / width:.3f}%;top:{100 * row / height:.3f}%;"
        f"width:max({100 / width:.3f}%,5px);height:max({100 / height:.3f}%,5px)'></span>"
        for _, row, column in marks
    )
    return f"<div class='view {kind}'><img src='{shown}' alt='{escape(alt)}'>{boxes}</div>"


def picture(image_: Tensor) -> np.ndarray:
    """``[C, H, W]`` in [0, 1] as uint8 ``[h, w, c]``."""
    return to_pixels(image_[None].float())[0]


def table(
    title: str,
    note: str,
    values: Iterable[Iterable[float]],
    written: Callable[[float], str],
    look: Callable[[float], str],
) -> str:
    """Numbers in a grid; ``look`` gives a cell's attributes."""
    rows = "".join(
        f"<tr>{''.join(f'<td {look(value)}>{written(value)}</td>' for value in row)}</tr>"
        for row in values
    )
    return (
        f"<table><caption>{escape(title)}<small>{escape(note)}</small></caption>"
        f"<tbody>{rows}</tbody></table>"
    )


def grey(value: float) -> str:
    """A cell's ground as bright as its value, and letters that can be read on it."""
    level = round(255 * min(1.0, max(0.0, value)))
    ink = "#000000" if level > 117 else "#FFFFFF"
    return f"style='background:rgb({level},{level},{level});color:{ink}'"


def signed(value: float) -> str:
    """The class of a cell with a sign."""
    return "class=up" if value > 0 else "class=down" if value < 0 else ""
