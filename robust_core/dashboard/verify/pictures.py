"""The pictures of the sandwich as HTML: clean, where PGD ended, and what the solver found."""

from html import escape

import numpy as np
import torch
from torch import Tensor

from robust_core import imaging
from robust_core.data.fitting import to_pixels
from robust_core.experiment.sandwich import Exact, Found, Sandwich

SIDE = 176
CSS = """<style>
.found { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.5rem, 10.5rem)); gap: 0.9rem;
  font-size: 0.8125rem; line-height: 1.4; }
.found figure { margin: 0; }
.found img { width: 100%; image-rendering: pixelated; display: block; border-bottom: 3px solid #0072B2; }
.found .right img { border-bottom: 3px solid #009E73; }
.found .wrong img { border-bottom: 3px dashed #D55E00; }
.found figcaption { margin-top: 3px; }
.found small { font-size: 0.75rem; color: light-dark(#5C5A57, #C4C2BF); display: block; }
</style>"""


def html(clean: Tensor, found: Sandwich, exact: Exact | None) -> str:
    """``clean`` ``[1, C, H, W]``."""
    label = found.classes[found.label]
    parts = [
        _figure("clean", clean[0], "Clean", f"is {label}", ""),
        _of(found.pgd, "PGD's best", label),
    ]
    if exact is not None and exact.counterexample is not None:
        parts.append(_of(exact.counterexample, "The solver's", label))
        change = exact.counterexample.picture - clean[0]
        shown = (0.5 + change / (2 * found.eps)).clamp(0, 1) if found.eps else change + 0.5
        parts.append(
            _figure("clean", shown, "Its change", f"at most {found.eps:g}", "grey is none")
        )
    return f"{CSS}<div class=found>{''.join(parts)}</div>"


def _of(one: Found, title: str, label: str) -> str:
    wrong = one.margin <= 0
    told = f"called {one.answer}" if wrong else f"still {label}"
    return _figure(
        "wrong" if wrong else "right", one.picture, title, told, f"margin {one.margin:+.2f}"
    )


def _figure(kind: str, picture: Tensor, title: str, told: str, more: str) -> str:
    pixels: np.ndarray = to_pixels(picture[None].to(torch.float32))[0]
    shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
    return (
        f"<figure class={kind}><img src='{shown}' alt='{escape(title)}: "
        f"{escape(told)}'><figcaption><b>{escape(title)}</b>: {escape(told)}"
        f"<small>{escape(more)}</small></figcaption></figure>"
    )
