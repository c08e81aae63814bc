"""The layout of every plotly chart, how a chart is put on a page, and what charts share."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from robust_core import attacks
from robust_core.dashboard.style import ADVERSARIAL, GREY

CONFIG = {"displaylogo": False, "displayModeBar": False}
TEXT = 12
"""Pixels of the smallest letters; cells of a heat map shrink theirs unless they are told."""
FRAME = {
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    "uirevision": "keep",
    "uniformtext": {"minsize": TEXT, "mode": "hide"},
}
"""Narrow margins, a view that does not change when new data arrive, and no smaller words at narrow bars."""
ABOVE = {"orientation": "h", "y": 1.02, "yanchor": "bottom"}
"""The legend, above the chart."""
FIXED = {"fixedrange": True, "zeroline": False}
"""An axis that cannot be dragged."""
FAMILIES = (GREY, "#E69F00", "#56B4E9", ADVERSARIAL, "#999933", "#B07AA1", "#7F6A4F", "#4E9CA8")
SYMBOLS = (  # one more than colours: a family that shares its colour has another marker
    "circle",
    "square",
    "diamond",
    "triangle-up",
    "x",
    "star",
    "pentagon",
    "hexagon",
    "triangle-down",
)


def layout(height: int, *, legend: dict | None = ABOVE, **others) -> go.Layout:
    """The layout, ``height`` pixels high; ``others`` go to ``go.Layout``; ``legend=None`` for none."""
    return go.Layout(**FRAME, height=height, legend=legend, **others)


def values_in_cells(
    z: Sequence[Sequence[float | None]], texts: Sequence[Sequence[str]], **others: Any
) -> go.Heatmap:
    """A heat map ``z`` that says each value in its cell, from 0 to 1 unless ``others`` say otherwise."""
    look = {"zmin": 0, "zmax": 1, "colorscale": "Cividis", "showscale": False, "xgap": 2, "ygap": 2}
    words = {"text": texts, "texttemplate": "%{text}", "textfont": {"size": TEXT}}
    return go.Heatmap(z=z, **look | words | others)


def sideways_bars(
    name: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    look: tuple[str, str],
    **others: Any,
) -> go.Bar:
    """Horizontal bars; ``look`` is their colour and, as a second cue, the shape of their pattern."""
    colour, shape = look
    marker = {"color": colour, "pattern": {"shape": shape, "solidity": 0.25}}
    return go.Bar(name=name, y=labels, x=values, orientation="h", marker=marker, **others)


def rimmed(colour: str, symbol: str, size: int) -> dict[str, Any]:
    """A marker with a white rim, which stays visible on a crowded ground."""
    rim = {"color": "white", "width": 1.5}
    return {"color": colour, "symbol": symbol, "size": size, "line": rim}


def draw(figure: go.Figure, *, key: str, alt: str, **events: Any) -> None:
    """Put a figure on the page; ``alt`` says in words what it shows.

    ``events`` are what Streamlit's chart is told about clicks.
    """
    st.plotly_chart(figure, config=CONFIG, key=key, alt=alt, **events)


def whole_ticks(last: int, most: int = 10) -> int:
    """The spacing of ticks from 0 to ``last``: 1, 2 or 5 times a power of ten, at most ``most`` of them."""
    return next(k * 10**e for e in range(12) for k in (1, 2, 5) if last <= most * k * 10**e)


def family(name: str) -> str:
    """An attack's name without its norm: the lines of a family share colour and marker."""
    kind, _, norm = name.rpartition("-")
    return kind if norm in ("l0", "l1", "l2", "linf") else name


def colour_of(name: str) -> str:
    """The colour of an attack's family, the same on every page; grey for anything that is not an attack."""
    place = _place(name)
    return GREY if place is None else FAMILIES[place % len(FAMILIES)]


def symbol_of(name: str) -> str:
    """The marker of an attack's family; a circle for anything that is not an attack."""
    return SYMBOLS[(_place(name) or 0) % len(SYMBOLS)]


def _place(name: str) -> int | None:
    families = list(dict.fromkeys(family(known) for known in attacks.names()))
    return families.index(family(name)) if family(name) in families else None


def faint(colour: str, opacity: float) -> str:
    """The colour ``#RRGGBB`` made transparent: ``opacity`` is from 0 to 1."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"
