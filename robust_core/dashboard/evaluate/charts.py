"""Accuracy against eps, as a pure function: one line for each attack and attacker."""

from collections.abc import Sequence

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.evaluate.plan import Row
from robust_core.experiment.defended import Attacker
from robust_core.words.numbers import in_255ths, short_share

DASHES = {None: "solid", Attacker.UNAWARE: "dot", Attacker.AWARE: "dash"}
UNPERTURBED = "clean"


def curves(rows: Sequence[Row]) -> go.Figure:
    """Rows with figures: the share that is right at each eps, with Wilson intervals; clean stands first."""
    values = sorted({row.eps for row in rows})
    labels = [UNPERTURBED, *map(_label, values)]
    lines: dict[tuple, list[Row]] = {}
    for row in rows:
        lines.setdefault(row.part.line, []).append(row)
    traces = [_line(own) for own in lines.values()]
    layout = plots.layout(
        400,
        xaxis={
            "title": "eps (255ths)",
            "type": "category",
            "categoryorder": "array",
            "categoryarray": labels,
            "fixedrange": True,
        },
        yaxis={"title": "right", "range": [-0.03, 1.05], "tickformat": ".0%", "fixedrange": True},
        hovermode="closest",
    )
    return go.Figure(traces, layout)


def _label(eps: float) -> str:
    return f"{eps:.3g} ({in_255ths(eps).removesuffix('/255')})"


def _line(rows: Sequence[Row]) -> go.Scatter:
    """One attack by one attacker, from the clean pictures on."""
    part = rows[0].part
    points = [(UNPERTURBED, rows[0].clean), *((_label(row.eps), row.right) for row in rows)]
    shares = [share for _, (share, _) in points]
    behind = f", {part.behind}, {part.attacker}" if part.behind else ""
    colour = plots.colour_of(part.kind.name)
    return go.Scatter(
        x=[label for label, _ in points],
        y=shares,
        name=f"{part.kind.title}{behind}",
        mode="lines+markers",
        line={"color": colour, "dash": DASHES[part.attacker], "width": 2},
        marker={
            "symbol": plots.symbol_of(part.kind.name),
            "size": 8,
        },
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - share for _, (share, (_, high)) in points],
            "arrayminus": [share - low for _, (share, (low, _)) in points],
            "thickness": 1,
            "width": 4,
        },
        customdata=[
            f"{short_share(share)} right (95 %: {short_share(low)} to {short_share(high)}), n {rows[0].n:,}"
            for _, (share, (low, high)) in points
        ],
        hovertemplate="<b>%{fullData.name}</b><br>%{x}: %{customdata}<extra></extra>",
    )
