"""How sure the model is of one class in each view, as a pure function."""

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.turning import CLEAN as UNTOUCHED
from robust_core.experiment.turning import EOT, PGD, Sweep, Turned

LOOKS = {
    UNTOUCHED: ("clean", CLEAN, "solid", "circle"),
    PGD: ("PGD", "#E69F00", "dash", "square"),
    EOT: ("EOT", ADVERSARIAL, "solid", "diamond"),
}
"""Name, colour, dash and marker of each picture."""
AXES = {
    "rotation": ("turned by", "°"),
    "zoom": ("enlarged", " times"),
    "brightness": ("brightness added", ""),
}


def value_words(what: str, value: float) -> str:
    """A value of a sweep with its unit: ``-20°``, ``1.3 times``, ``+0.2``."""
    return {
        "rotation": f"{value:g}°",
        "zoom": f"{value:g} times",
        "brightness": f"{value:+g}" if value else "0",
    }[what]


def curves(
    found: Turned, sweep: Sweep, what: str, *, target: bool, reach: tuple[float, float], here: float
) -> go.Figure:
    """Confidence in the target or in the true class, a line for each picture.

    The band is what EOT drew from, the line is where the pictures below are seen.
    """
    figure = go.Figure(layout=plots.layout(280))
    for line in found.lines:
        name, colour, dash, symbol = LOOKS[line.attack]
        shares = line.target if target else line.label
        figure.add_scatter(
            x=sweep.at,
            y=shares,
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 6},
            hovertemplate=f"%{{x}}{AXES[what][1]}: %{{y:.1%}}<extra>{name}</extra>",
        )
    figure.add_vrect(*reach, fillcolor=plots.faint(GREY, 0.16), line_width=0, layer="below")
    figure.add_vline(x=here, line={"color": GREY, "width": 1})
    title, unit = AXES[what]
    margin = 0.03 * (sweep.at[-1] - sweep.at[0])
    figure.update_xaxes(
        title=title,
        range=[sweep.at[0] - margin, sweep.at[-1] + margin],
        nticks=7,
        ticksuffix=unit if unit == "°" else "",
        **plots.FIXED,
    )
    figure.update_yaxes(range=[-0.03, 1.04], tickformat=".0%", **plots.FIXED)
    return figure
