"""The charts of the page Verify: margins between bounds and attack, bands of layers, a set against eps."""

import math

import plotly.graph_objects as go
import torch

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, GREY
from robust_core.experiment.sandwich import Exact, Sandwich
from robust_core.experiment.verified import BOUNDS, LARGEST
from robust_core.experiment.verified_set import Survey
from robust_core.verification import LayerBounds
from robust_core.verification.checks import CROWN, IBP
from robust_core.verification.record import BROKEN, WRONG

EXACT = "#E69F00"
SHOWN = 120
"""Neurons of a layer that are drawn at most: of more, evenly many."""
LEAST = 190
"""Pixels that a chart of few classes needs beside its legend and the name of its axis."""
GRID = [LARGEST * k / 100 for k in range(101)]


def margins(found: Sandwich, exact: Exact | None) -> go.Figure:
    """A bar for each class from its best bound to what the attack reached; the nearest class at the top."""
    best = torch.stack([found.lower[m] for m in BOUNDS]).amax(0)
    order = sorted(found.rivals, key=lambda k: -best[k].item())
    names = [f"not {found.classes[k]}" for k in order]
    figure = go.Figure(layout=plots.layout(max(LEAST, 60 + 27 * len(order)), barmode="overlay"))
    low, high = [best[k].item() for k in order], [found.reached[k].item() for k in order]
    figure.add_bar(
        y=names,
        base=low,
        x=[max(0.0, b - a) for a, b in zip(low, high, strict=True)],
        orientation="h",
        name="bound to attack",
        marker={"color": plots.faint(GREY, 0.45)},
        hoverinfo="skip",
        width=0.55,
    )
    marks = [
        ("IBP", "line-ns-open", GREY, [found.lower[IBP][k].item() for k in order]),
        ("CROWN", "triangle-right-open", DEFENDED, [found.lower[CROWN][k].item() for k in order]),
        ("best bound", "triangle-right", DEFENDED, low),
        ("attack", "x", ADVERSARIAL, high),
    ]
    if exact is not None:
        solved = {one.rival: one.value for one in exact.solved if one.exact}
        marks.append(("exact", "diamond", EXACT, [solved.get(k, math.nan) for k in order]))
    for name, symbol, colour, values in marks:
        figure.add_scatter(
            x=values,
            y=names,
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2}},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )
    ends = [*low, *high, *(found.lower[CROWN][k].item() for k in order), 0.0]
    pad = 0.05 * (max(ends) - min(ends)) + 0.1
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.update_xaxes(
        range=[min(ends) - pad, max(ends) + pad],
        title=f"margin of {found.classes[found.label]} over the class, in logits",
        **plots.FIXED,
    )
    figure.update_yaxes(**plots.FIXED)
    return figure


def margins_alt(found: Sandwich) -> str:
    """The bars in words."""
    best = torch.stack([found.lower[m] for m in BOUNDS]).amax(0)
    return "Margins at eps {:g}: {}.".format(
        found.eps,
        "; ".join(
            f"not {found.classes[k]} {best[k].item():.2f} to {found.reached[k].item():.2f}"
            for k in found.rivals
        ),
    )


def layer(loose: LayerBounds, tight: LayerBounds) -> go.Figure:
    """Bands of what the ReLUs of one layer read, by value at the picture."""
    clean = tight.clean.flatten()
    order = clean.argsort()
    if len(order) > SHOWN:
        order = order[[round(k * (len(order) - 1) / (SHOWN - 1)) for k in range(SHOWN)]]
    across = list(range(len(order)))
    figure = go.Figure(layout=plots.layout(260))
    for name, bounds, colour, opacity in (
        ("IBP", loose, GREY, 0.3),
        ("CROWN", tight, DEFENDED, 0.45),
    ):
        low, high = (x.flatten()[order].tolist() for x in (bounds.lower, bounds.upper))
        figure.add_scatter(
            x=across + across[::-1],
            y=high + low[::-1],
            fill="toself",
            mode="lines",
            line={"width": 0, "shape": "hvh"},
            fillcolor=plots.faint(colour, opacity),
            name=name,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=across,
        y=clean[order].tolist(),
        mode="lines",
        name="at the picture",
        line={"color": CLEAN, "width": 2},
        hovertemplate="%{y:.2f}<extra></extra>",
    )
    figure.add_hline(y=0, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.update_xaxes(title="neurons in order", showticklabels=False, **plots.FIXED)
    figure.update_yaxes(title="what it reads", **plots.FIXED)
    return figure


PARTS = {
    IBP: ("proved by IBP", DEFENDED, ""),
    CROWN: ("proved by CROWN", DEFENDED, "."),
    "unknown": ("unknown", GREY, ""),
    BROKEN: ("broken", ADVERSARIAL, "/"),
    WRONG: ("wrong when clean", GREY, "x"),
}


def shares(found: Survey, eps: float) -> go.Figure:
    """Stacked shares of the pictures against eps."""
    figure = go.Figure(layout=plots.layout(280, legend=None, showlegend=False))
    table = [found.shares(e) for e in GRID]
    for name, (title, colour, pattern) in PARTS.items():
        opacity = {CROWN: 0.55, "unknown": 0.3, BROKEN: 0.75, WRONG: 0.75}.get(name, 1.0)
        figure.add_scatter(
            x=GRID,
            y=[row[name] for row in table],
            stackgroup="one",
            mode="lines",
            line={"width": 0.5, "color": colour},
            fillcolor=plots.faint(colour, opacity),
            fillpattern={"shape": pattern, "size": 6, "solidity": 0.25, "fillmode": "overlay"}
            if pattern
            else None,
            name=title,
            hovertemplate=f"{title}: %{{y:.0%}}<extra></extra>",
        )
    figure.add_vline(x=eps, line={"color": GREY, "width": 1.5, "dash": "dash"})
    figure.update_xaxes(range=[0, LARGEST], title="eps, Linf", dtick=0.05, **plots.FIXED)
    figure.update_yaxes(range=[0, 1], tickformat=".0%", **plots.FIXED)
    figure.update_layout(hovermode="x")
    return figure
