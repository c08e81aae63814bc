"""Figures of the page Attack as pure functions: data in, plotly figure out."""

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.frames import Frame
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import percent


def top_classes(experiment: Experiment, k: int = 5) -> list[tuple[str, float, float]]:
    """``(label, before, after)`` of the union of both top-k, most probable before first."""
    names = {g.index: g.label for g in (*experiment.before[:k], *experiment.after[:k])}
    before, after = experiment.confidence_before, experiment.confidence_after
    rows = [(name, before[index], after[index]) for index, name in names.items()]
    return sorted(rows, key=lambda row: (-row[1], -row[2]))


def confidence_bars(experiment: Experiment) -> go.Figure:
    """Top-5 before and after in one chart; the adversarial bars also carry a pattern."""
    rows = top_classes(experiment)
    labels = [name for name, _, _ in rows]
    bars = []
    for name, values, look in (
        ("clean", [before for _, before, _ in rows], (CLEAN, "")),
        ("adversarial", [after for _, _, after in rows], (ADVERSARIAL, "/")),
    ):
        bars.append(
            plots.sideways_bars(
                name,
                labels,
                values,
                look,
                text=[percent(v) for v in values],
                textposition="outside",
                constraintext="none",
                cliponaxis=False,
                hovertemplate="%{y}: %{text}<extra>" + name + "</extra>",
            )
        )
    layout = plots.layout(
        48 + 40 * len(rows),
        barmode="group",
        legend=plots.ABOVE | {"traceorder": "normal"},
        xaxis={
            "range": [0, 1.28],  # room for "over 99.9 %" on a phone
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "fixedrange": True,
        },
        yaxis={"type": "category", "autorange": "reversed", "fixedrange": True},
    )
    return go.Figure(bars, layout)  # built at once: updating a figure costs three times as much


def confidence_path(frames: tuple[Frame, ...], names: dict[int, str], here: int) -> go.Figure:
    """Confidence of the relevant classes at each step, with a line at the step shown."""
    dashes = ("solid", "dash", "dot")
    symbols = ("circle", "square", "diamond")
    colours = (CLEAN, ADVERSARIAL, GREY)
    lines = [
        go.Scatter(
            x=[frame.step for frame in frames],
            y=[frame.confidences[index] for frame in frames],
            name=name,
            mode="lines+markers",
            line={"color": colours[i % 3], "dash": dashes[i % 3]},
            marker={"symbol": symbols[i % 3]},
            customdata=[percent(frame.confidences[index]) for frame in frames],
            hovertemplate="step %{x}: %{customdata}<extra>" + name + "</extra>",
        )
        for i, (index, name) in enumerate(names.items())
    ]
    layout = plots.layout(
        260,
        xaxis={
            "title": "step",
            "tick0": 0,
            "dtick": plots.whole_ticks(frames[-1].step),
            "fixedrange": True,
        },
        yaxis={
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "title": "confidence",
            "fixedrange": True,
        },
    )
    figure = go.Figure(lines, layout)
    figure.add_vline(x=here, line={"color": GREY, "width": 1})
    return figure
