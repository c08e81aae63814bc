"""What the network sees of a sign and says of it, as HTML: cut-outs, each beside its bars."""

from collections.abc import Sequence
from html import escape

from robust_core import imaging
from robust_core.dashboard.components.strip import FOOLED, MARKS, NEITHER, RIGHT
from robust_core.experiment.road_signs import CLEAN, POSTER, Look
from robust_core.words.numbers import percent

SIDE = 192
ROWS = 4
"""Bars for each cut-out: of the sign's own class, the target, the answers, and the next likely ones."""
CSS = """<style>
.looks { display: grid; gap: 0.75rem; font-size: 0.8125rem; line-height: 1.35; }
.looks figure { margin: 0; min-width: 0; display: grid; grid-template-columns: 7rem 1fr; gap: 0.9rem; }
.looks img { width: 100%; image-rendering: pixelated; display: block; border-bottom: 4px solid #8C8C8C; }
.looks .right img { border-bottom: 4px solid #0072B2; }
.looks .fooled img { border-bottom: 4px dashed #D55E00; }
.looks figcaption > b { font-weight: 600; }
.looks ol { list-style: none; margin: 0.2rem 0 0; padding: 0; display: grid; gap: 2px; }
.looks ol li { display: grid; grid-template-columns: 1fr max-content; margin: 0; font-size: 0.75rem; }
.looks li > i { grid-column: 1 / -1; height: 5px;
  background: color-mix(in srgb, currentColor 10%, transparent); }
.looks li > i > b { display: block; height: 100%; background: #8C8C8C; }
.looks li.own > i > b { background: #0072B2; }
.looks li.aim > i > b { background: #D55E00; }
</style>"""


def looks(
    seen: Sequence[tuple[str, str, Look]], classes: Sequence[str], label: int, target: int | None
) -> str:
    """A figure for each ``(name, title, look)``: the cut-out, the answer, and a bar for each likely class.

    Bars of the sign's own class are solid blue, those of the target orange; their words say which is which.
    """
    shown = {name: look.shares for name, _, look in seen}
    main = _order(shown.get(POSTER, shown[CLEAN]))
    wanted = {label, *(look.said for _, _, look in seen)} | (set() if target is None else {target})
    wanted |= set([k for k in main if k not in wanted][: max(0, ROWS - len(wanted))])
    rows = [k for k in main if k in wanted]
    cells = (_cell(title, look, classes, rows, label, target) for _, title, look in seen)
    return f"{CSS}<div class=looks>{''.join(cells)}</div>"


def _order(shares: Sequence[float]) -> list[int]:
    return sorted(range(len(shares)), key=lambda k: -shares[k])


def kind(look: Look, label: int) -> str:
    """Whether the sign is still recognised."""
    return RIGHT if look.said == label else FOOLED


def _cell(
    title: str,
    look: Look,
    classes: Sequence[str],
    rows: Sequence[int],
    label: int,
    target: int | None,
) -> str:
    shown = imaging.data_url(imaging.enlarge(look.cut_out.numpy(), SIDE))
    said = f"{classes[look.said]} {percent(look.shares[look.said])}"
    alt = escape(f"{title}: {said}", quote=True)
    look_kind = kind(look, label)
    bars = "".join(_bar(k, look.shares[k], classes, label, target) for k in rows)
    return (
        f'<figure class={look_kind}><img src="{shown}" alt="{alt}"><figcaption>'
        f"<b>{escape(title)}</b> {MARKS[look_kind]}{escape(said)}"
        f"<ol>{bars}</ol></figcaption></figure>"
    )


def _bar(k: int, share: float, classes: Sequence[str], label: int, target: int | None) -> str:
    role, words = {label: ("own", " (the sign)"), target: ("aim", " (the target)")}.get(
        k, (NEITHER, "")
    )
    return (
        f"<li class={role}><span>{escape(classes[k])}{words}</span><span>{percent(share)}</span>"
        f'<i><b style="width: {100 * share:.2f}%"></b></i></li>'
    )
