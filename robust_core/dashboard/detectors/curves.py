"""Curves of the adversary detectors as pure functions: over sigma, over thresholds, and of rejection."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from robust_core.dashboard.detectors.charts import (
    NOTHING,
    adversary_title,
    chance,
    conditions,
    crosses,
    fixed,
    foot,
)
from robust_core.dashboard.plots import FAMILIES, colour_of, faint
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DETECTOR, GREY
from robust_core.evaluation.detector_tables.rows import RocRow, SigmaTable

REJECTION = ("harm: accepted and wrong, of adversarial", "coverage: accepted, of all")
"""The names of the curves where nobody answers what is rejected."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def sigma_curves(table: SigmaTable) -> go.Figure:
    """Detectability against the dynamic adversary's sigma, for the static and the dynamic detector.

    Above each point of the dynamic detector, and in the hover, is how many pictures remained that fool
    the classifier: towards sigma 1 they are few.
    """
    sigmas = table.sigmas
    detectors = table.detectors
    low = foot(f for one in detectors.values() for f in one.rows)
    lines = []
    nothing = []
    for kind, one in detectors.items():
        static = kind == "static"
        words = [
            f"{kind} detector, sigma {s:g}<br>{conditions(f)}"
            for s, f in zip(sigmas, one.rows, strict=True)
        ]
        values = [f["detectability"] for f in one.rows]
        nothing += [(s, w) for s, w, v in zip(sigmas, words, values, strict=True) if v is None]
        lines.append(
            go.Scatter(
                x=sigmas,
                y=values,
                name=f"{kind} detector",
                mode="lines+markers" if static else "lines+markers+text",
                text=None if static else [f["n_adversarial"] for f in one.rows],
                textposition="top center",
                line={"color": GREY if static else DETECTOR, "dash": "dash" if static else "solid"},
                marker={"symbol": "circle-open" if static else "square", "size": 8},
                customdata=words,
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    figure = go.Figure([*lines, *crosses(nothing, low)], fixed(340, showlegend=True))
    figure.update_xaxes(title="sigma: share of the detector", range=[-0.04, 1.04], dtick=0.2)
    figure.update_yaxes(title="detectability", range=[low - 0.03, 1.07])
    return chance(figure)


def roc_chart(rows: Sequence[RocRow], labels: Sequence[str] | None = None) -> go.Figure:
    """True against false positives over all thresholds, each with its 95 % band.

    ``labels`` name the curves; None: by adversary. A row without a successful picture has a name in
    the legend and no curve.
    """
    one_each = len({row.adversary for row in rows}) == len(rows)
    traces = []
    for i, row in enumerate(rows):
        name = labels[i] if labels else adversary_title(row.adversary, row.eps)
        group = f"{i}"
        next_colour = FAMILIES[(i + 1) % len(FAMILIES)]
        colour = colour_of(row.adversary) if one_each else next_colour
        known = row.auc is not None
        x = row.false_positives if known else [None]
        if known:
            traces.append(_band(row, colour, group))
        count = f"{row.n_genuine:,} genuine, {row.n_adversarial:,} adversarial"
        traces.append(
            go.Scatter(
                x=x,
                y=row.true_positives if known else [None],
                name=f"{name}: {row.auc:.3f}" if known else f"{name}: {NOTHING}",
                legendgroup=group,
                mode="lines",
                line={"color": colour, "dash": DASHES[i % len(DASHES)], "width": 2},
                customdata=list(zip(row.low, row.high, strict=True)) if known else None,
                hovertemplate=f"{row.detector}<br>{adversary_title(row.adversary, row.eps)}"
                "<br>false %{x:.1%}, true %{y:.1%} (95 %: %{customdata[0]:.1%} to "
                f"%{{customdata[1]:.1%}})<br>n: {count}<extra></extra>",
            )
        )
    chance = go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": GREY, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    figure = go.Figure([chance, *traces], fixed(460, showlegend=True))
    figure.update_layout(legend={"title": {"text": "area under the curve"}})
    figure.update_xaxes(title="false positives", range=[-0.02, 1.02], tickformat=".0%")
    figure.update_yaxes(title="true positives", range=[-0.02, 1.02], tickformat=".0%")
    return figure


def rejection_curves(
    tau: Sequence[float],
    harm: Sequence[float],
    coverage: Sequence[float],
    *,
    here: float | None = None,
    about: str = "",
    names: tuple[str, str] = REJECTION,
) -> go.Figure:
    """Harm and coverage, of these ``names``, against the threshold; a line stands at ``here``.

    The three have one length; a ``tau`` that is not finite (reject all, reject nothing) has no place on
    the axis and is left out. ``about`` is the hover's last line: n and conditions.
    """
    rows = [row for row in zip(tau, harm, coverage, strict=True) if math.isfinite(row[0])]
    lines = [
        go.Scatter(
            x=[row[0] for row in rows],
            y=[row[column] for row in rows],
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="threshold %{x:.3g}: " + name + " %{y:.1%}" + _line(about),
        )
        for column, name, colour, dash in (
            (1, names[0], ADVERSARIAL, "solid"),
            (2, names[1], CLEAN, "dash"),
        )
    ]
    figure = go.Figure(lines, fixed(320, showlegend=True))
    figure.update_xaxes(title="threshold of the score: reject above")
    figure.update_yaxes(range=[-0.03, 1.03], tickformat=".0%")
    if here is not None and math.isfinite(here):
        figure.add_vline(x=here, line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def _line(about: str) -> str:
    return (f"<br>{about}" if about else "") + "<extra></extra>"


def _band(row: RocRow, colour: str, group: str) -> go.Scatter:
    x = row.false_positives
    return go.Scatter(
        x=[*x, *reversed(x)],
        y=[*row.low, *reversed(row.high)],
        fill="toself",
        mode="none",
        fillcolor=faint(colour, 0.2),
        legendgroup=group,
        showlegend=False,
        hoverinfo="skip",
    )
