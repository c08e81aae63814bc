"""Charts of deck 002's experiment as pure functions: what more steps do, and what more eps does."""

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.evaluation.deck_002 import protocol
from robust_core.evaluation.deck_002.results import Measured
from robust_core.words.numbers import share

LOOKS = {
    "eps": ("solid", "circle"),
    "eps/4": ("dash", "square"),
    "eps/10": ("dot", "diamond"),
    "eps/40": ("dashdot", "triangle-up"),
}
STEPS = protocol.STEPS[protocol.PGD]
ATTACKS = {
    protocol.FGSM: ("#E69F00", "dash", "square"),
    protocol.BIM: ("#56B4E9", "solid", "circle"),
}


def steps_chart(found: Measured, space: str, eps: float, what: str) -> go.Figure:
    """What PGD leaves right against its steps, a line for each step size; FGSM and the deck beside it.

    ``what`` is "top1" or "top5".
    """
    places = list(range(len(STEPS)))
    traces = []
    for step, (dash, symbol) in LOOKS.items():
        rows = [found.row(space, eps, protocol.PGD, n, step) for n in STEPS]
        values = [getattr(row, what) / found.n for row in rows]
        traces.append(
            go.Scatter(
                x=places,
                y=values,
                name=f"PGD, steps of {step}",
                mode="lines+markers",
                line={"color": ADVERSARIAL, "dash": dash, "width": 2.5},
                marker={"symbol": symbol, "size": 9},
                customdata=[[n, share(value)] for n, value in zip(STEPS, values, strict=True)],
                hovertemplate="%{customdata[0]} steps of "
                + step
                + ": %{customdata[1]}<extra></extra>",
            )
        )
    one = getattr(found.row(space, eps, protocol.FGSM, 1), what) / found.n
    traces.append(
        go.Scatter(
            x=[places[0], places[-1]],
            y=[one, one],
            name="FGSM",
            mode="lines",
            line={"color": CLEAN, "dash": "longdash", "width": 2},
            hovertemplate=f"FGSM: {share(one)}<extra></extra>",
        )
    )
    printed = {row.attack: row for row in protocol.TABLES if row.eps == eps}
    deck = (
        (protocol.FGSM, 0, "deck: FGSM", "star"),
        (protocol.PGD, STEPS.index(6), "deck: PGD, 6 steps", "x"),
    )
    for attack, place, name, symbol in deck:
        value = getattr(printed[attack], what) / 100
        traces.append(
            go.Scatter(
                x=[place],
                y=[value],
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 12, "color": GREY},
                hovertemplate=f"{name}: {share(value)}<extra></extra>",
            )
        )
    layout = plots.layout(
        400,
        xaxis={
            "title": "steps",
            "tickvals": places,
            "ticktext": list(map(str, STEPS)),
            "range": [-0.15, places[-1] + 0.15],
            **plots.FIXED,
        },
        yaxis={"title": "right", "range": [-0.03, 1.03], "tickformat": ".0%", **plots.FIXED},
        hovermode="closest",
    )
    return go.Figure(traces, layout)


def targeted_chart(found: Measured, space: str) -> go.Figure:
    """Figure 6: the label among the first five against eps, and dotted the target reached."""
    traces = []
    for attack, (colour, dash, symbol) in ATTACKS.items():
        rows = found.curve(space, attack)
        title = "FGSM" if attack == protocol.FGSM else f"BIM, {protocol.FIGURE_STEPS} steps"
        for what, name, style, opened in (
            ("top5", f"{title}: label among five", dash, ""),
            ("reached", f"{title}: target reached", "dot", "-open"),
        ):
            values = [(getattr(row, what) or 0) / found.n for row in rows]
            traces.append(
                go.Scatter(
                    x=[row.eps for row in rows],
                    y=values,
                    name=name,
                    mode="lines+markers",
                    line={"color": colour, "dash": style, "width": 2.5},
                    marker={"symbol": symbol + opened, "size": 9},
                    customdata=[share(value) for value in values],
                    hovertemplate="eps %{x:g}: %{customdata}<extra>" + name + "</extra>",
                )
            )
    layout = plots.layout(
        400,
        xaxis={"title": "eps", "rangemode": "tozero", **plots.FIXED},
        yaxis={
            "title": "of the pictures",
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            **plots.FIXED,
        },
        hovermode="closest",
    )
    return go.Figure(traces, layout)
