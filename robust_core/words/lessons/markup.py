"""What a step finds as HTML, for the page and for the teacher's sheet alike."""

from html import escape

from robust_core import imaging
from robust_core.words.lessons.step import Bar, Bars, Figure, Pictures

SIDE = 192
CSS = """<style>
.lesson-bars { margin: 0 0 0.9rem; font-size: 0.875rem; line-height: 1.4; max-width: 44rem; }
.lesson-bars figcaption { font-weight: 600; margin-bottom: 0.3rem; }
.lesson-bars div { display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr 9.5rem; gap: 0.6rem;
  align-items: center; padding: 0.1rem 0; }
.lesson-bars i { height: 0.95rem; min-width: 2px; background: #8C8C8C; print-color-adjust: exact;
  -webkit-print-color-adjust: exact; }
.lesson-bars i.clean { background: #0072B2; } .lesson-bars i.defended { background: #009E73; }
.lesson-bars i.detector { background: #CC79A7; }
.lesson-bars i.adversarial { background: repeating-linear-gradient(-45deg, #D55E00 0 5px,
  #D55E0099 5px 9px); }
.lesson-bars u { text-decoration: none; display: flex; background: #8C8C8C26; }
.lesson-bars span { overflow-wrap: anywhere; }
.lesson-pictures { display: grid; grid-template-columns: repeat(3, minmax(0, 12rem)); gap: 0.8rem;
  margin-bottom: 0.9rem; font-size: 0.875rem; line-height: 1.35; }
.lesson-pictures figure { margin: 0; }
.lesson-pictures img { width: 100%; display: block; image-rendering: pixelated;
  border-bottom: 3px solid #8C8C8C; }
.lesson-pictures img.clean { border-color: #0072B2; }
.lesson-pictures img.adversarial { border-bottom: 3px dashed #D55E00; }
@media (max-width: 640px) {
  .lesson-bars div { grid-template-columns: 1fr 1fr; gap: 0.1rem 0.6rem; }
  .lesson-bars div u { grid-column: 1 / -1; grid-row: 2; }
  .lesson-bars div > span:last-child { text-align: right; }
}
</style>"""


def of(figure: Figure) -> str:
    """Bars or pictures as HTML; empty for what is a chart of the page."""
    if isinstance(figure, Bars):
        return bars(figure)
    return pictures(figure) if isinstance(figure, Pictures) else ""


def bars(found: Bars) -> str:
    """A line for each share: its name, its bar, its number."""
    rows = "".join(map(_bar, found.rows))
    return (
        f"<figure class=lesson-bars><figcaption>{escape(found.title)}</figcaption>{rows}</figure>"
    )


def _bar(bar: Bar) -> str:
    width = 100 * min(1.0, max(0.0, bar.share))
    line = f"<u><i class='{bar.kind}' style='width:{width:.2f}%'></i></u>"
    return f"<div><span>{escape(bar.name)}</span>{line}<span>{escape(bar.words)}</span></div>"


def pictures(found: Pictures) -> str:
    """Pictures beside each other, each with its words."""
    cells = "".join(
        f"<figure><img class='{cell.kind}' alt='{escape(cell.words)}' src='"
        f"{imaging.data_url(imaging.enlarge(cell.pixels, SIDE))}'>"
        f"<figcaption>{escape(cell.words)}</figcaption></figure>"
        for cell in found.cells
    )
    return f"<div class=lesson-pictures>{cells}</div>"
