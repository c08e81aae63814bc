"""Curves of the robustness report as pure functions: accuracy against eps, certificates against radius."""

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.style import CLEAN, DEFENDED, GREY
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    CURVES,
    UNAWARE,
    UNDEFENDED,
    AccuracyRow,
    CertifiedRow,
)
from robust_core.words.numbers import short_share

ATTACKERS = {UNAWARE: "unaware", ADAPTIVE: "aware (adaptive)"}
Point = tuple[float, AccuracyRow]
"""A point of a line: where it stands on the axis, and its row."""
DASHES = {UNAWARE: "dot", ADAPTIVE: "solid"}
COLOURS = (DEFENDED, "#999933", "#6A5ACD", GREY, "#56B4E9", "#E69F00", "#7F6A4F", "#4E9CA8")
MOST_BANDS = 4
"""Intervals of more curves than this would overlap."""


COHEN = {"cifar10": {0.25: ((0, 0.748), (0.25, 0.600), (0.5, 0.428), (0.75, 0.266), (1.0, 0.0))}}
"""Cohen et al. (2019), ResNet-110, 500 pictures, n 100,000: share by radius, by sigma, by data set."""


def colour(subject: str, subjects: Sequence[str]) -> str:
    """The colour of a subject: the undefended model has its own, the others by their place."""
    if subject == UNDEFENDED:
        return CLEAN
    others = [one for one in subjects if one != UNDEFENDED]
    return COLOURS[others.index(subject) % len(COLOURS)]


def accuracy_curves(
    report: Report, chosen: Sequence[str], threats: Iterable[str], top: float, part: str = CURVES
) -> go.Figure:
    """Accuracy against eps up to ``top``, a line for each subject and attacker, with Wilson intervals.

    The axis is in the units in which ``top`` is known: those of the dashboard's list, or 255ths.

    The undefended model has one line only: it has no defence to know.
    """
    titles = report.subjects(part)
    scale, unit = (1, "") if top in EPS_CHOICES else (255, ", in 255ths")
    traces = []
    for subject in (one for one in titles if one in chosen):
        own = (ADAPTIVE,) if subject == UNDEFENDED else tuple(threats)
        for threat in own:
            points = [
                (scale * row.eps, row)
                for row in report.curve(subject, threat, part)
                if row.eps is not None and row.eps <= top + 1e-9
            ]
            tint = colour(subject, list(titles))
            if threat == own[-1] and len(chosen) <= MOST_BANDS:
                traces.append(_band(points, tint))
            place = list(titles).index(subject)
            traces.append(_line(points, titles[subject], threat, tint, place))
    layout = plots.layout(
        430,
        xaxis={"title": f"eps, Linf{unit}", "range": [-0.01 * scale * top, scale * top * 1.02]},
        yaxis={"title": "right", "range": [-0.03, 1.03], "tickformat": ".0%"},
        hovermode="closest",
    )
    return go.Figure(traces, layout)


def _line(points: Sequence[Point], title: str, threat: str, tint: str, place: int) -> go.Scatter:
    undefended = bool(points) and points[0][1].subject == UNDEFENDED
    who = "" if undefended else f", {'adaptive' if threat == ADAPTIVE else threat}"
    return go.Scatter(
        x=[x for x, _ in points],
        y=[row.accuracy.value for _, row in points],
        name=f"{title}{who}",
        mode="lines+markers",
        line={"color": tint, "dash": DASHES[threat], "width": 2},
        marker={"symbol": plots.SYMBOLS[place % len(plots.SYMBOLS)], "size": 7},
        customdata=[about(row) for _, row in points],
        hovertemplate="%{customdata}<extra></extra>",
    )


def about(row: AccuracyRow) -> str:
    """The hover of a point: the share with its interval, and all conditions."""
    low, high = row.accuracy.interval
    said = (
        f"<b>{row.title}</b><br>right {short_share(row.accuracy.value)} "
        f"(95 %: {short_share(low)} to {short_share(high)})<br>"
    )
    return said + hover(row.conditions)


def hover(conditions: str) -> str:
    """The conditions of a row, the command on a line of its own."""
    return conditions.replace(". Made by: ", "<br>").replace("`", "")


def _band(points: Sequence[Point], tint: str) -> go.Scatter:
    x = [x for x, _ in points]
    ends = [row.accuracy.interval for _, row in points]
    lows, highs = zip(*ends, strict=True) if ends else ((), ())
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*lows, *reversed(highs)],
        fill="toself",
        mode="none",
        fillcolor=plots.faint(tint, 0.15),
        showlegend=False,
        hoverinfo="skip",
    )


def certified_curves(rows: Sequence[CertifiedRow], data: str) -> go.Figure:
    """Share of pictures that are right and certified to an L2 radius or further, with intervals.

    Dotted in grey are the figures of Cohen et al. (2019) at the same sigma, where ``data`` is theirs.
    """
    top = max([1.0, *(r for row in rows for r in row.radii[-1:])])
    grid = [top * i / 200 for i in range(201)]
    traces = []
    for i, row in enumerate(rows):
        shares = [row.at(radius) for radius in grid]
        words = [
            f"<b>{row.title}</b><br>radius {r:.3f}: {short_share(s.value)} "
            f"(95 %: {short_share(s.interval[0])} to {short_share(s.interval[1])})<br>"
            f"{hover(row.conditions)}"
            for r, s in zip(grid, shares, strict=True)
        ]
        traces.append(
            go.Scatter(
                x=grid,
                y=[share.value for share in shares],
                name=row.title,
                mode="lines",
                line={"color": (DEFENDED, "#E69F00")[i % 2], "dash": ("solid", "dash")[i % 2]},
                customdata=words,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    published = COHEN.get(data, {})
    traces += [
        go.Scatter(
            x=[r for r, _ in published[sigma]],
            y=[share for _, share in published[sigma]],
            name=f"published: Cohen et al. (2019), sigma {sigma:g}",
            mode="markers+lines",
            line={"color": GREY, "dash": "dot", "width": 1},
            hovertemplate="published: %{y:.1%} at %{x:.2f}, ResNet-110 on CIFAR-10, "
            "500 pictures, n 100,000<extra></extra>",
        )
        for sigma in dict.fromkeys(row.sigma for row in rows if row.sigma in published)
    ]
    layout = plots.layout(
        400,
        xaxis={"title": "radius in L2, values in [0, 1]", "range": [0, top]},
        yaxis={"title": "right and certified", "range": [-0.02, 1.02], "tickformat": ".0%"},
    )
    return go.Figure(traces, layout)
