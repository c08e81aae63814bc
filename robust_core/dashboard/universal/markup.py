"""Pictures before and after one perturbation as HTML: small pairs in a grid, with what the model says."""

from collections.abc import Sequence
from html import escape

import numpy as np

from robust_core import imaging
from robust_core.classifier import Guess
from robust_core.words.numbers import percent

SIDE = 128
CSS = """<style>
.fooled12 {
  display: grid; gap: 0.75rem 1rem; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr));
  font-size: 0.8125rem; line-height: 1.4;
}
.fooled12 figure { margin: 0; min-width: 0; }
.fooled12 figure > div { display: grid; grid-template-columns: 1fr 1fr; gap: 3px; }
.fooled12 img { width: 100%; image-rendering: pixelated; display: block; border-bottom: 3px solid #0072B2; }
.fooled12 img + img { border-bottom: 3px dashed #D55E00; }
.fooled12 figcaption { margin-top: 2px; overflow-wrap: break-word; }
.fooled12 b { font-weight: 600; }
@media (max-width: 640px) {
  .fooled12 { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem; }
}
</style>"""


def grid(
    clean: Sequence[np.ndarray],
    changed: Sequence[np.ndarray],
    before: Sequence[Guess],
    after: Sequence[Guess],
    names: Sequence[str],
) -> str:
    """A figure for each picture; ``clean`` and ``changed`` are uint8 ``[H, W, C]``."""
    cells = map(_cell, clean, changed, before, after, names)
    return f"{CSS}<div class=fooled12>{''.join(cells)}</div>"


def _cell(clean: np.ndarray, changed: np.ndarray, before: Guess, after: Guess, name: str) -> str:
    said, then = (
        f"{escape(guess.label)} {percent(guess.confidence)}".replace(" %", "&nbsp;%")
        for guess in (before, after)
    )
    fooled = before.index != after.index
    told = f"{said} → <b>{then}</b>" if fooled else f"still {then}"
    pair = _image(clean, f"{name}, clean: {before.label}") + _image(
        changed, f"{name}, changed: {after.label}"
    )
    mark = "✗ " if fooled else "✓ "
    return f"<figure><div>{pair}</div><figcaption>{mark}{told}</figcaption></figure>"


def _image(pixels: np.ndarray, alt: str) -> str:
    shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
    return f"<img src='{shown}' alt='{escape(alt)}'>"
