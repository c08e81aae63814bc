"""The gallery of deflected attacks as HTML: pictures in a grid, errors as bars against the threshold."""

from collections.abc import Sequence
from html import escape

from torch import Tensor

from robust_core import imaging
from robust_core.data.fitting import to_pixels
from robust_core.experiment.deflection import BOTH, Deflection

SIDE = 96
CSS = """<style>
.deflected {
  display: grid; gap: 3px 6px; align-items: center; font-size: 0.8rem; line-height: 1.3;
  grid-template-columns: max-content repeat(var(--n), minmax(0, 76px));
}
.deflected > [role=row] { display: contents; }
.deflected img { width: 100%; image-rendering: pixelated; display: block; }
.deflected .clean img { border-bottom: 3px solid #0072B2; }
.deflected .adversarial img { border-bottom: 3px dashed #D55E00; }
.deflected .drawn img { border-bottom: 3px dotted #CC79A7; }
.deflected [role=cell] { text-align: center; }
.deflected .bar {
  display: block; position: relative; height: 0.8rem; margin: 4px 0 3px;
  background: color-mix(in srgb, currentColor 9%, transparent);
}
.deflected .bar i { position: absolute; inset: 0 auto 0 0; background: #CC79A7; }
.deflected .bar s { position: absolute; inset: -2px auto; border-left: 2px dashed currentColor; }
@media (max-width: 640px) { .deflected { font-size: 0.75rem; gap: 2px 3px; } }
</style>"""


def table(found: Deflection, classes: Sequence[str]) -> str:
    """A column for each picture: clean, adversarial, reconstructed, error, nearest class, outcome."""
    said = [classes[index] for index in found.said]
    names = [classes[index] for index in found.labels]
    rows = [
        _pictures("clean", "clean", found.clean, [f"clean {name}" for name in names]),
        _pictures(
            "adversarial",
            "adversarial",
            found.adversarial,
            [f"{name} attacked, called {word}" for name, word in zip(names, said, strict=True)],
        ),
        _words("classifier says", said),
        _pictures(
            "drawn", "reconstructed", found.reconstructed, [f"reconstructed as {w}" for w in said]
        ),
        _row("error", [_bar(e, found.error_threshold) for e in found.errors.tolist()]),
    ]
    if found.resembles is not None:
        rows.append(_words("nearest", [classes[index] for index in found.resembles]))
    rows.append(_row("", [f"<b>{o}</b>" if o == BOTH else o for o in found.outcomes]))
    label = f"Attacks towards {classes[found.target]} on the classifier and the detector."
    return (
        f"<div class=deflected role=table aria-label='{escape(label)}' style='--n:{len(names)}'>"
        f"{''.join(rows)}</div>"
    )


def _row(head: str, cells: Sequence[str], kind: str = "") -> str:
    body = "".join(f"<div role=cell class='{kind}'>{cell}</div>" for cell in cells)
    return f"<div role=row><span role=rowheader>{head}</span>{body}</div>"


def _words(head: str, words: Sequence[str]) -> str:
    return _row(head, [escape(word) for word in words])


def _pictures(kind: str, head: str, images: Tensor, alts: Sequence[str]) -> str:
    cells = []
    for pixels, alt in zip(to_pixels(images), alts, strict=True):
        shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
        cells.append(f"<img src='{shown}' alt='{escape(alt)}'>")
    return _row(head, cells, kind)


def _bar(error: float, threshold: float) -> str:
    """The bar ends at twice the threshold."""
    share = min(100.0, 50 * error / threshold) if threshold else 100.0
    return (
        f"<span class=bar title='error {error:.4f}, threshold {threshold:.4f}'>"
        f"<i style='width:{share:.1f}%'></i><s style='left:50%'></s></span>{error:.3f}"
    )
