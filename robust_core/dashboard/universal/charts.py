"""Figures of what was measured on test sets, as pure functions: rows in, figures out."""

from collections.abc import Callable, Iterable, Sequence

import plotly.graph_objects as go

from robust_core import attacks
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, GREY
from robust_core.evaluation.universal.results import Row
from robust_core.words.models import title
from robust_core.words.numbers import in_255ths

LINES = {
    "uap-sgd": (ADVERSARIAL, "solid"),
    "uap": ("#E69F00", "dash"),
    "patch": (ADVERSARIAL, "solid"),
    "object": ("#0072B2", "dash"),
    "noise": (GREY, "dot"),
}
CONTROLS = {"noise": "random noise", "object": "a real object"}


def name_of(attack: str) -> str:
    """An attack or a control in words."""
    return CONTROLS.get(attack) or attacks.get(attack).title


def sticker_name(row: Row) -> str:
    """A sticker or a control in words, from a row of patches."""
    return name_of(_called(row))


def _called(row: Row) -> str:
    return row["attack"] if row["what"] == "fitted" else row["what"]


def against(rows: Iterable[Row], across: Callable[[Row], str], axis: str) -> go.Figure:
    """The share fooled against one condition, a line for each attack."""
    lines: dict[str, dict[str, float]] = {}
    for row in rows:
        lines.setdefault(row["attack"], {})[across(row)] = row["rate"]
    figure = _lines({name: list(line.items()) for name, line in lines.items()})
    figure.update_xaxes(title=axis, type="category", **plots.FIXED)
    return figure


def areas(rows: Iterable[Row]) -> go.Figure:
    """How often a sticker and its controls reach the class, against the area that they cover."""
    lines: dict[str, Sequence[tuple[str, float]]] = {
        _called(row): [(f"{at['area']:.0%}", at["rate"]) for at in row["curve"]] for row in rows
    }
    figure = _lines(lines)
    figure.update_xaxes(title="share of the picture covered", type="category", **plots.FIXED)
    return figure


def _lines(lines: dict[str, Sequence[tuple[str, float]]]) -> go.Figure:
    figure = go.Figure(layout=plots.layout(300))
    for name, points in lines.items():
        colour, dash = LINES[name]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            name=name_of(name),
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            hovertemplate="%{x}: %{y:.1%}<extra>" + name_of(name) + "</extra>",
        )
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%", **plots.FIXED)
    return figure


def transfer(rows: Sequence[Row]) -> go.Figure:
    """The share fooled of each network, by what was fitted to the first."""
    networks = list(dict.fromkeys(row["model"] for row in rows))
    figure = go.Figure(layout=plots.layout(90 + 44 * len(networks), barmode="group"))
    for name in LINES:
        found = {row["model"]: row["rate"] for row in rows if row["attack"] == name}
        if found:
            figure.add_bar(
                y=[title(network) for network in networks],
                x=[found.get(network) for network in networks],
                name=name_of(name),
                orientation="h",
                marker={"color": LINES[name][0]},
                hovertemplate="%{y}: %{x:.1%}<extra>" + name_of(name) + "</extra>",
            )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="fooled", **plots.FIXED)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure


def heat(row: Row) -> go.Figure:
    """How often the sticker works, by where its centre is on the picture."""
    figure = go.Figure(
        go.Heatmap(
            z=row["heat"],
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.0%}",
            textfont={"size": plots.TEXT},
            showscale=False,
            hovertemplate="%{z:.1%}<extra></extra>",
        ),
        plots.layout(340, legend=None),
    )
    square = {"scaleanchor": "x", "constrain": "domain", "autorange": "reversed"}
    figure.update_xaxes(visible=False, constrain="domain", **plots.FIXED)
    figure.update_yaxes(visible=False, **square, **plots.FIXED)
    return figure


def eps_of(row: Row) -> str:
    """The radius of a row in 255ths."""
    return in_255ths(row["eps"])
