"""Figures of the comparison as pure functions: confidence against eps, and a slice of the regions."""

import math
from collections.abc import Mapping

import plotly.graph_objects as go
import torch

from robust_core import attacks
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.curves import Point
from robust_core.experiment.slices import Regions
from robust_core.words.numbers import in_255ths, percent

OTHERS = ("#E69F00", "#56B4E9", "#999933", "#B07AA1", "#7F6A4F", "#595959", "#BFBFBF")
TICKS = {0.0: "0", 1 / 255: "1/255", 8 / 255: "8/255"}


def place(eps: float) -> float:
    """The position of eps on the axis: linear near 0, logarithmic from about 1/255 on."""
    return math.asinh(255 * eps)


def eps_chart(
    curves: dict[str, dict[float, Point]],
    marked: list[float],
    label: str,
    here: float,
    needed: Mapping[str, tuple[float, float]] | None = None,
) -> go.Figure:
    """Confidence in the original class against eps, a line for each attack.

    ``curves`` hold points by eps as the page shows it; ``marked`` eps get a tick, and a vertical line is
    drawn at ``here``. A hollow marker: the goal was not reached. Dashes: the norm is L2. An attack without
    eps is one point, where it ended: the eps that it ``needed``, and the confidence there.
    """
    lines = []
    for name, points in curves.items():
        attack = attacks.get(name)
        symbol = plots.symbol_of(name)
        lines.append(
            go.Scatter(
                x=[place(eps) for eps in points],
                y=[point.confidence for point in points.values()],
                name=attack.title,
                mode="lines+markers",
                line={
                    "color": plots.colour_of(name),
                    "dash": "dash" if _is_l2(attack) else "solid",
                },
                marker={
                    "symbol": [symbol if p.success else f"{symbol}-open" for p in points.values()],
                    "size": 8,
                },
                customdata=[in_255ths(eps) for eps in points],
                text=[percent(point.confidence) for point in points.values()],
                hovertemplate="eps %{customdata}: %{text}<extra>" + attack.title + "</extra>",
            )
        )
    lines += [_ended(name, *where) for name, where in (needed or {}).items()]
    ticks = TICKS | {eps: f"{eps:g}" for eps in marked}
    layout = plots.layout(
        420,
        xaxis={
            "title": "eps",
            "tickvals": [place(eps) for eps in ticks],
            "ticktext": list(ticks.values()),
            "tickangle": -60,
        }
        | plots.FIXED,
        yaxis={
            "title": f"confidence in {label}",
            "range": [-0.03, 1.03],
            "tickformat": ".0%",
            "fixedrange": True,
        },
        showlegend=True,
    )
    figure = go.Figure(lines, layout)
    figure.add_vline(x=place(here), line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def _is_l2(attack: type[attacks.Attack]) -> bool:
    return attack().norm == "l2"


def _ended(name: str, eps: float, confidence: float) -> go.Scatter:
    """The one point of an attack without eps."""
    title = attacks.get(name).title
    return go.Scatter(
        x=[place(eps)],
        y=[confidence],
        name=title,
        mode="markers",
        marker={
            "symbol": plots.symbol_of(name),
            "size": 13,
            "color": plots.colour_of(name),
            "line": {"width": 2, "color": GREY},
        },
        hovertemplate=f"needed {in_255ths(eps)}: {percent(confidence)}<extra>{title}</extra>",
    )


def regions_chart(
    seen: Regions, names: tuple[str, ...], label: int, end: int, path: torch.Tensor
) -> go.Figure:
    """The classes on the plane, lines of equal confidence, and the attack's path ``[T, 2]``.

    ``label`` is the class of the clean picture, ``end`` that of the adversarial one; the other classes
    get the remaining colours, the largest region first.
    """
    shares = torch.bincount(seen.classes.flatten(), minlength=len(names)) / seen.classes.numel()
    there = [i for i in shares.argsort(descending=True).tolist() if shares[i] > 0]
    others = [i for i in there if i not in (label, end)]
    colours = {end: ADVERSARIAL, label: CLEAN}
    colours |= {i: OTHERS[k % len(OTHERS)] for k, i in enumerate(others)}
    order = {index: k for k, index in enumerate(there)}
    steps = [(k + side) / len(there) for k in range(len(there)) for side in (0, 1)]
    scale = [[step, colours[there[k // 2]]] for k, step in enumerate(steps)]
    a, b = seen.a.tolist(), seen.b.tolist()
    words = [
        [f"{names[c]} {percent(p)}" for c, p in zip(row, shares_, strict=True)]
        for row, shares_ in zip(seen.classes.tolist(), seen.confidence.tolist(), strict=True)
    ]
    ground = go.Heatmap(
        x=a,
        y=b,
        z=[[order[c] for c in row] for row in seen.classes.tolist()],
        zmin=-0.5,
        zmax=len(there) - 0.5,
        colorscale=scale,
        showscale=False,
        opacity=0.45,
        text=words,
        hovertemplate="%{text}<br>%{x:.3g} along, %{y:.3g} across<extra></extra>",
    )
    lines = go.Contour(
        x=a,
        y=b,
        z=seen.confidence.tolist(),
        contours={"coloring": "none", "start": 0.5, "end": 0.9, "size": 0.2, "showlabels": True},
        line={"color": GREY, "width": 0.7},
        showscale=False,
        hoverinfo="skip",
        showlegend=False,
    )
    legend = [
        _spot(
            [None],
            [None],
            f"{names[i]} ({percent(shares[i].item())} of the plane)",
            colours[i],
            "square",
        )
        for i in there
    ]
    return go.Figure([ground, lines, *legend, *_path(path)], _plane_layout())


def _path(path: torch.Tensor) -> list[go.Scatter]:
    x, y = path.T.tolist()
    rim = go.Scatter(  # so that the line shows on every colour, in the light and the dark theme
        x=x,
        y=y,
        mode="lines",
        line={"color": "#202020", "width": 4},
        hoverinfo="skip",
        showlegend=False,
    )
    walk = go.Scatter(
        x=x,
        y=y,
        name="path of the attack",
        mode="lines+markers",
        line={"color": "#FFFFFF", "width": 1.5},
        marker={"size": 5, "color": "#FFFFFF", "line": {"width": 1, "color": "#202020"}},
        hovertemplate="%{x:.3g} along, %{y:.3g} across<extra>path</extra>",
    )
    ends = (
        _spot(x[:1], y[:1], "clean", CLEAN, "circle"),
        _spot(x[-1:], y[-1:], "adversarial", ADVERSARIAL, "x"),
    )
    return [rim, walk, *ends]


def _spot(x: list, y: list, name: str, colour: str, symbol: str) -> go.Scatter:
    marker = {"size": 12, "color": colour, "symbol": symbol}
    marker["line"] = {"width": 1.5, "color": "#FFFFFF"}
    return go.Scatter(x=x, y=y, name=name, mode="markers", marker=marker)


def _plane_layout() -> go.Layout:
    axis = plots.FIXED | {"showgrid": False, "constrain": "domain"}
    return plots.layout(
        520,
        xaxis=axis | {"title": "along the attack, L2"},
        yaxis=axis | {"title": "across: a random direction, L2", "scaleanchor": "x"},
    )
