"""The eps line as HTML: three zones above, and below a row for each method, how far it reaches."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from robust_core.dashboard.verify.words import TITLES
from robust_core.experiment.verified import BOUNDS, DEEPFOOL, LARGEST, PER_CLASS, PGD, Line
from robust_core.verification.checks import MILP

TICKS = (0.0, 0.05, 0.1, 0.15, 0.2)
CSS = """<style>
.zones { font-size: 0.8125rem; line-height: 1.35; }
.zones .track { position: relative; background: color-mix(in srgb, currentColor 9%, transparent); }
.zones .track > i {
  position: absolute; top: 0; bottom: 0; overflow: hidden; white-space: nowrap; font-style: normal;
}
.zones .big { height: 3rem; border-radius: 3px; overflow: hidden; }
.zones .big > i { display: grid; place-content: center; font-weight: 600; text-align: center; }
.zones .big small { font-weight: 400; font-size: 0.75rem; }
.zones .proved { background: #009E73; }
.zones .big .proved { background: #00714F; color: #FFFFFF; }
.zones .broken { background: repeating-linear-gradient(-45deg, #D55E00 0 5px, #D55E0099 5px 9px); }
.zones .big .broken { background: repeating-linear-gradient(-45deg, #A84300 0 8px, #963B00 8px 14px);
  color: #FFFFFF; }
.zones .eps { position: absolute; top: -4px; bottom: -4px; border-left: 2px dashed currentColor; }
.zones .scale { position: relative; height: 1.2rem; }
.zones .scale span { position: absolute; transform: translateX(-50%); }
.zones .scale span:first-child { transform: none; }
.zones .scale span:last-child { transform: translateX(-100%); }
.zones { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 0.75rem;
  align-items: center; }
.zones .over { position: relative; }
.zones .small { height: 0.8rem; }
.zones .now { font-weight: 600; }
.zones b { font-weight: 600; font-variant-numeric: tabular-nums; }
@media (max-width: 640px) { .zones { grid-template-columns: 5.6rem 1fr max-content; column-gap: 0.4rem; } }
</style>"""


@dataclass(frozen=True)
class Row:
    """A method's line: up to where it proves, or from where it breaks; neither: ``told`` alone."""

    title: str
    told: str
    proved: float | None = None
    broken: float | None = None
    now: bool = False


def html(line: Line, eps: float) -> str:
    """All of it; ``eps`` is marked."""
    return f"{CSS}<div class=zones>{_big(line, eps)}{_scale()}{_rows(rows(line))}</div>"


def rows(line: Line) -> list[Row]:
    """From the loosest bound to the exact method, then attacks; those that have begun."""
    found = []
    for name in (*BOUNDS, MILP):
        if name in line.proved or line.trying == name:
            radius = line.proved.get(name, 0.0)
            told = f"to {radius:.4f}"
            if name == MILP and name not in line.proved:
                told = "nothing more yet"
            elif name == MILP and radius < line.low:
                told = "nothing more"
            found.append(Row(TITLES[name], told, proved=radius, now=line.trying == name))
    for name in (MILP, PER_CLASS, PGD, DEEPFOOL):
        if name in line.broken:
            distance = line.broken[name]
            seen = distance < LARGEST
            told = f"from {distance:.4f}" if seen else f"nothing below {LARGEST:g}"
            what = "MILP’s counterexample" if name == MILP else TITLES[name]
            found.append(Row(what, told, broken=distance, now=line.trying == name))
        elif name != MILP and (line.trying == name or name in line.spent):
            found.append(Row(TITLES[name], "nothing nearer", now=line.trying == name))
    return found


def _big(line: Line, eps: float) -> str:
    low, high = line.low, min(line.high, LARGEST)
    parts = [_part("proved", 0.0, low, "proved", f"to {low:.3f}")] if low else []
    if high > low:
        parts.append(_part("unknown", low, high, "unknown", ""))
    if high < LARGEST:
        parts.append(_part("broken", high, LARGEST, "broken", f"from {high:.3f}"))
    mark = f"<div class=eps style='left:{_at(eps)}'></div>"
    return (
        f"<b class=all>All together</b><div class=over><div class='track big'>{''.join(parts)}</div>"
        f"{mark}</div><b></b>"
    )


def _part(kind: str, start: float, end: float, word: str, more: str) -> str:
    share = (end - start) / LARGEST
    shown = "" if share < 0.09 else escape(word)
    said = f"<small>{escape(more)}</small>" if more and share >= 0.09 else ""
    place = f"left:{_at(start)};width:{100 * share:.3f}%"
    return f"<i class={kind} style='{place}' title='{escape(f'{word} {more}')}'>{shown}{said}</i>"


def _at(eps: float) -> str:
    return f"{100 * min(eps, LARGEST) / LARGEST:.3f}%"


def _scale() -> str:
    ticks = "".join(f"<span style='left:{_at(tick)}'>{tick:g}</span>" for tick in TICKS)
    return f"<span class=all>eps</span><div class=scale>{ticks}</div><b></b>"


def _rows(found: Iterable[Row]) -> str:
    return "".join(map(_row, found))


def _row(row: Row) -> str:
    bar = ""
    if row.proved:
        bar = f"<i class=proved style='left:0;width:{_at(row.proved)}'></i>"
    elif row.broken is not None and row.broken < LARGEST:
        bar = f"<i class=broken style='left:{_at(row.broken)};right:0'></i>"
    kind = " class=now" if row.now else ""
    return (
        f"<span{kind}>{escape(row.title)}</span><div class='track small'>{bar}</div>"
        f"<b>{escape(row.told)}</b>"
    )
