"""Pictures of a verdict as HTML, each with the answers before and after: for page and sheet alike."""

from html import escape

import numpy as np
from torch import Tensor

from robust_core import imaging
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.challenges.judge import Verdict

SIDE = 72
CSS = """<style>
.challenge-pictures { display: grid; gap: 0.5rem; font-size: 0.8125rem;
  grid-template-columns: repeat(auto-fill, minmax(4.75rem, 1fr)); line-height: 1.35;
  margin: 0.2rem 0 0.6rem; }
.challenge-pictures figure { margin: 0; min-width: 0; }
.challenge-pictures img { width: 4.5rem; height: 4.5rem; display: block; image-rendering: pixelated;
  border-bottom: 3px solid #8C8C8C; }
.challenge-pictures img.fallen { border-bottom: 3px dashed #D55E00; }
.challenge-pictures img.held { border-bottom: 3px solid #009E73; }
.challenge-pictures figcaption { overflow-wrap: anywhere; }
.challenge-pictures b { font-weight: 600; }
</style>"""


def fallen(verdict: Verdict, most: int | None = None) -> str:
    """The attacked pictures that the defence got wrong, the first ``most`` of them."""
    return _grid(verdict, verdict.fallen, "fallen", most)


def held(verdict: Verdict, most: int | None = None) -> str:
    """The attacked pictures on which it stays right."""
    return _grid(verdict, verdict.right & verdict.kept, "held", most)


def _grid(verdict: Verdict, chosen: Tensor, kind: str, most: int | None) -> str:
    rows = chosen.nonzero().flatten()[:most]
    if not len(rows):
        return ""
    pixels = to_pixels(verdict.adversarial[rows])
    cells = (
        _cell(verdict, row, picture, kind)
        for row, picture in zip(rows.tolist(), pixels, strict=True)
    )
    return f"<div class=challenge-pictures>{''.join(cells)}</div>"


def _cell(verdict: Verdict, row: int, pixels: np.ndarray, kind: str) -> str:
    names = verdict.challenge.record.class_names
    was, now = (escape(names[int(said[row])]) for said in (verdict.before, verdict.after))
    number = verdict.numbers[row]
    told = f"{was} &rarr; <b>{now}</b>" if kind == "fallen" else f"still {was}"
    if not verdict.inside[row]:
        told = f"{now}, outside"
    if verdict.proof is not None and verdict.proof.holds[row]:
        told += ", proved"
    shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
    alt = f"Test picture {number} under attack: {was}, then {now}"
    return (
        f"<figure><img class={kind} alt='{alt}' src='{shown}'>"
        f"<figcaption>{told}</figcaption></figure>"
    )
