"""Charts of Carlini and Wagner's constant and of their variable w, as pure functions."""

from collections.abc import Sequence

import plotly.graph_objects as go
import torch
from plotly.subplots import make_subplots

from robust_core.attacks.carlini.l2 import REACH, SHRINK, to_box
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.constants import ConstantCurve, Trial


def constant_chart(found: ConstantCurve) -> go.Figure:
    """Distance and success against c; below it the path of the bisection, search by search."""
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.62, 0.38], vertical_spacing=0.05
    )
    reached = [trial for trial in found.grid if trial.l2 is not None]
    figure.add_scatter(
        x=[trial.const for trial in reached],
        y=[trial.l2 for trial in reached],
        name="reached: L2 distance",
        mode="lines+markers",
        line={"color": ADVERSARIAL, "width": 2.5},
        marker={"size": 9},
        hovertemplate="c = %{x:.3g}: L2 %{y:.3g}<extra></extra>",
        row=1,
        col=1,
    )
    failed = [trial for trial in found.grid if trial.l2 is None]
    figure.add_scatter(
        x=[trial.const for trial in failed],
        y=[0] * len(failed),
        name="not reached",
        mode="markers",
        marker={"symbol": "x", "size": 9, "color": GREY},
        hovertemplate="c = %{x:.3g}: the goal is not reached<extra></extra>",
        row=1,
        col=1,
    )
    _path(figure, found.path)
    figure.update_layout(**plots.FRAME, height=430, legend=plots.ABOVE, hovermode="closest")
    figure.update_xaxes(type="log", dtick=1, exponentformat="power", **plots.FIXED)
    figure.update_xaxes(title="c, the weight of the classes against the distance", row=2, col=1)
    figure.update_yaxes(title="L2 distance", rangemode="tozero", **plots.FIXED, row=1, col=1)
    figure.update_yaxes(
        title="search",
        autorange="reversed",
        dtick=plots.whole_ticks(len(found.path)),
        **plots.FIXED,
        row=2,
        col=1,
    )
    return figure


def _path(figure: go.Figure, path: Sequence[Trial]) -> None:
    words = [
        f"c = {t.const:.3g}: " + ("not reached" if t.l2 is None else f"L2 {t.l2:.3g}") for t in path
    ]
    figure.add_scatter(
        x=[trial.const for trial in path],
        y=list(range(1, len(path) + 1)),
        name="the attack's searches",
        mode="lines+markers",
        line={"color": CLEAN, "dash": "dash", "width": 2},
        marker={
            "size": 11,
            "symbol": ["x" if trial.l2 is None else "circle" for trial in path],
            "color": CLEAN,
        },
        customdata=words,
        hovertemplate="search %{y}: %{customdata}<extra></extra>",
        row=2,
        col=1,
    )


def box_chart() -> go.Figure:
    """A pixel against w, and how fast it moves, by the authors' tanh and by the stretched one here."""
    w = torch.linspace(-3, 3, 121, dtype=torch.float64, device="cpu")
    here, slope = to_box(w.clamp(-REACH, REACH))
    bent = torch.tanh(w)
    lines = (
        ("x, the authors' tanh", (bent + 1) / 2, GREY, "dash"),
        ("its slope", (1 - bent.square()) / 2, GREY, "dot"),
        (f"x here, tanh / {SHRINK:g}", here, CLEAN, "solid"),
        ("its slope here", slope, ADVERSARIAL, "solid"),
    )
    figure = go.Figure(
        [
            go.Scatter(
                x=w.tolist(),
                y=values.tolist(),
                name=name,
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2.5},
                hovertemplate="w = %{x:.2f}: %{y:.3f}<extra>" + name + "</extra>",
            )
            for name, values, colour, dash in lines
        ],
        plots.layout(320),
    )
    figure.update_xaxes(title="w", **plots.FIXED)
    figure.update_yaxes(title="pixel, slope", **plots.FIXED)
    return figure
