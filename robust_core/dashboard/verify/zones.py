"""The eps line as HTML: three zones, also enlarged where they are narrow, and a row for each method."""

from dataclasses import dataclass
from html import escape

from robust_core.dashboard.verify.words import TITLES
from robust_core.experiment.verified import BOUNDS, DEEPFOOL, PER_CLASS, PGD, Line
from robust_core.verification.checks import MILP

NARROW = 0.2
"""Share of the line below which what happens is shown enlarged as well."""
ENDS = (0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
"""Where an enlarged line may end."""
CSS = """<style>
.zones { font-size: 0.8125rem; line-height: 1.35; }
.zones .track { position: relative; background: color-mix(in srgb, currentColor 9%, transparent); }
.zones .track > i {
  position: absolute; top: 0; bottom: 0; overflow: hidden; white-space: nowrap; font-style: normal;
}
.zones .big { height: 3rem; border-radius: 3px; overflow: hidden; }
.zones .big > i { display: grid; place-content: center; font-weight: 600; text-align: center; }
.zones .big > i { container-type: inline-size; }
.zones .big small { display: block;  font-weight: 400; font-size: 0.75rem; }
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
.zones .larger { height: 1.1rem; background: color-mix(in srgb, currentColor 14%, transparent); }
.zones .now { font-weight: 600; }
.zones b { font-weight: 600; font-variant-numeric: tabular-nums; }
@container (max-width: 4.6rem) { .zones .big small { display: none; } }
@container (max-width: 3.6rem) { .zones .big > i > span { display: none; } }
@media (max-width: 640px) {
  .zones { grid-template-columns: 1fr max-content; grid-auto-flow: row dense; }
  .zones > div, .zones > .title { grid-column: 1 / -1; }
  .zones > span { grid-column: 1; }
  .zones > .told { grid-column: 2; justify-self: end; }
  .zones > :empty:not(div), .zones .unit { display: none; }
  .zones .scale span:first-child::before { content: "eps "; }
}
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
    end = enlarged(line)
    parts = [CSS, "<div class=zones>", _big("All together", line, eps, line.end), _scale(line.end)]
    if end < line.end:
        corners = f"polygon(0 0, {_at(end, line.end)} 0, 100% 100%, 0 100%)"
        parts += [
            f"<span></span><div class=larger style='clip-path:{corners}'></div><b></b>",
            _big("Enlarged", line, eps, end),
            _scale(end),
        ]
    return "".join([*parts, *(_row(row, end) for row in rows(line)), "</div>"])


def enlarged(line: Line) -> float:
    """Where the enlarged line ends, a little beyond where it is broken; else the line's own end."""
    if not 0 < line.high < NARROW * line.end:
        return line.end
    return min((end for end in ENDS if end >= 1.3 * line.high), default=ENDS[-1])


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
            seen = distance < line.end
            told = f"from {distance:.4f}" if seen else f"nothing below {line.end:g}"
            what = "MILP’s counterexample" if name == MILP else TITLES[name]
            found.append(Row(what, told, broken=distance, now=line.trying == name))
        elif name != MILP and (line.trying == name or name in line.spent):
            found.append(Row(TITLES[name], "finds none nearer", now=line.trying == name))
    return found


def _big(title: str, line: Line, eps: float, end: float) -> str:
    low, high = min(line.low, end), min(line.high, end)
    parts = []
    if low:
        parts.append(_part("proved", 0.0, low, f"to {line.low:.4f}", end))
    if high > low:
        parts.append(_part("unknown", low, high, "", end))
    if high < end:
        parts.append(_part("broken", high, end, f"from {high:.4f}", end))
    mark = f"<div class=eps style='left:{_at(eps, end)}'></div>" if eps <= end else ""
    return (
        f"<b class=title>{title}</b><div class=over><div class='track big'>{''.join(parts)}</div>"
        f"{mark}</div><b></b>"
    )


def _part(kind: str, start: float, stop: float, more: str, end: float) -> str:
    share = (stop - start) / end
    shown = "" if share < 0.09 else kind
    said = f"<small>{more}</small>" if more and share >= 0.09 else ""
    place = f"left:{_at(start, end)};width:{100 * share:.3f}%"
    told = f"<span>{shown}{said}</span>"
    return f"<i class={kind} style='{place}' title='{f'{kind} {more}'.strip()}'>{told}</i>"


def _at(eps: float, end: float) -> str:
    return f"{100 * min(eps, end) / end:.3f}%"


def _scale(end: float) -> str:
    parts = 4 if f"{end:e}".startswith("2") else 5
    at = [end * k / parts for k in range(parts + 1)]
    ticks = "".join(f"<span style='left:{_at(tick, end)}'>{tick:g}</span>" for tick in at)
    return f"<span class=unit>eps</span><div class=scale>{ticks}</div><b></b>"


def _row(row: Row, end: float) -> str:
    bar = ""
    if row.proved:
        bar = f"<i class=proved style='left:0;width:{_at(row.proved, end)}'></i>"
    elif row.broken is not None and row.broken < end:
        bar = f"<i class=broken style='left:{_at(row.broken, end)};right:0'></i>"
    kind = " class=now" if row.now else ""
    return (
        f"<span{kind}>{escape(row.title)}</span><div class='track small'>{bar}</div>"
        f"<b class=told>{escape(row.told)}</b>"
    )
