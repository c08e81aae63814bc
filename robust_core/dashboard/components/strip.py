"""Rows of small pictures with what the model says of each, as HTML: a photograph, stage by stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from robust_core import imaging

SIDE = 128
"""The width that a column has at most. On a phone there are two or three to a row."""
CSS = """<style>
.seen {
  display: grid; gap: 0.5rem 0.6rem; font-size: 0.8125rem; line-height: 1.4;
  grid-template-columns: repeat(var(--columns), minmax(0, var(--side)));
}
.seen figure { margin: 0; min-width: 0; }
.seen img { width: 100%; image-rendering: pixelated; display: block; border-bottom: 4px solid #8C8C8C; }
.seen .right img { border-bottom: 4px solid #0072B2; }
.seen .fooled img { border-bottom: 4px dashed #D55E00; }
.seen figcaption { margin-top: 2px; overflow-wrap: break-word; }
.seen b { font-weight: 600; display: block; }
@media (max-width: 640px) { .seen { grid-template-columns: repeat(var(--phone), minmax(0, 1fr)); } }
</style>"""
RIGHT, FOOLED, NEITHER = "right", "fooled", "neither"
MARKS = {RIGHT: "✓ ", FOOLED: "✗ ", NEITHER: ""}


@dataclass(frozen=True)
class Cell:
    """One picture, uint8 ``[H, W, C]``: a heading above its words, which begin with a mark."""

    pixels: np.ndarray
    head: str
    told: str
    kind: str = NEITHER


def strip(cells: Sequence[Cell], *, side: int = SIDE, pairs: bool = False) -> str:
    """The pictures in a row, each up to ``side`` pixels wide; ``pairs`` stay in one row of a phone."""
    phone = 4 if pairs else 3 if len(cells) % 3 == 0 else 2
    grid = f"--columns: {max(1, len(cells))}; --phone: {phone}; --side: {side}px"
    return f'{CSS}<div class=seen style="{grid}">{"".join(_cell(c, side) for c in cells)}</div>'


def _cell(cell: Cell, side: int) -> str:
    shown = imaging.data_url(imaging.enlarge(cell.pixels, side))
    alt = escape(f"{cell.head}: {cell.told}", quote=True)
    told = MARKS[cell.kind] + escape(cell.told).replace(" %", "&nbsp;%")
    return (
        f'<figure class={cell.kind}><img src="{shown}" alt="{alt}">'
        f"<figcaption><b>{escape(cell.head)}</b>{told}</figcaption></figure>"
    )
