"""The curves of the page Black box: the best so far against queries, as rows and a Vega-Lite form.

Vega-Lite and not plotly: Streamlit gives it new data without rebuilding the chart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from robust_core import attacks
from robust_core.attacks.ledger import DISTANCE
from robust_core.dashboard import plots
from robust_core.dashboard.style import GREY
from robust_core.experiment.queried import Look
from robust_core.experiment.with_gradients import Mark

HEIGHT = 320
DASHES = ([1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 4], [12, 4])
NORMS = {"l2": "L2", "linf": "Linf"}
Form = dict[str, Any]
TICKS = [digit * 10.0**power for power in range(-4, 3) for digit in (1, 1.5, 2, 3, 5, 7)]
"""Where they would overlap, Vega leaves some out."""
LEAST = 1e-4
"""Distances are drawn on a logarithmic scale: nothing is nearer than this."""


@dataclass(frozen=True)
class Chart:
    """One chart: the names of its attacks, what it shows, and where it ends to the right."""

    names: tuple[str, ...]
    what: str
    norm: str
    most: int

    @property
    def title(self) -> str:
        """Of the upright axis."""
        if self.what == DISTANCE:
            return f"distance of the best picture, {NORMS[self.norm]}"
        return "margin beyond the goal, in logits"


def charts_of(names: Iterable[str], what: str, most: int) -> list[Chart]:
    """Distances in different norms cannot be compared: one chart for each. Margins share one."""
    names = tuple(names)
    if what != DISTANCE:
        return [Chart(names, what, "", most)]
    norms = dict.fromkeys(attacks.get(name).norm for name in names)
    return [
        Chart(tuple(n for n in names if attacks.get(n).norm == norm), what, norm, most)
        for norm in norms
    ]


def rows(chart: Chart, looks: Mapping[str, Look], marks: Mapping[str, Mark]) -> pd.DataFrame:
    """A row for each improvement, one where each attack is by now, and the marks: see ``form``."""
    found: list[tuple] = []
    for name in chart.names:
        look = looks.get(name)
        if look is None or not look.points:
            continue
        title = attacks.get(name).title
        found += [(title, query, _shown(chart, value), "curve") for query, value in look.points]
        found.append((title, look.queries, _shown(chart, look.points[-1][1]), "now"))
    for mark in marks.values():
        if mark.value is not None and _belongs(chart, mark):
            value = _shown(chart, mark.value)
            told = f"with gradients: {mark.attack.title}, {value:.3g}"
            found.append((told, chart.most, value, "mark"))
    frame = pd.DataFrame(found, columns=["attack", "query", "value", "kind"])
    return frame.astype({"attack": str, "query": int, "value": float, "kind": str})


def _belongs(chart: Chart, mark: Mark) -> bool:
    if chart.what == DISTANCE:
        return mark.attack.norm == chart.norm
    return mark.attack.norm in {
        attacks.get(name).norm for name in chart.names if attacks.get(name).has_eps
    }


def _shown(chart: Chart, value: float) -> float:
    return max(value, LEAST) if chart.what == DISTANCE else value


def form(chart: Chart) -> Form:
    """The Vega-Lite form of a chart. It holds no data.

    Steps are drawn from one improvement to the next, a dot where an attack is now, and a dashed line for
    what gradients reach. Between margins below and above 0 lies the goal.
    """
    titles = [attacks.get(name).title for name in chart.names]
    colours = [plots.colour_of(name) for name in chart.names]
    far = chart.what == DISTANCE
    scale: Form = {"type": "log", "nice": False} if far else {"nice": True, "zero": False}
    ticks: Form = {"values": TICKS} if far else {"tickCount": 6}
    x: Form = {
        "field": "query",
        "type": "quantitative",
        "title": "queries",
        "scale": {"domain": [0, chart.most], "nice": False},
        "axis": {"format": ",d", "grid": False, "tickCount": 6},
    }
    y: Form = {
        "field": "value",
        "type": "quantitative",
        "title": chart.title,
        "scale": scale,
        "axis": {"format": "~g"} | ticks,
    }
    above: Form = {"orient": "top", "direction": "horizontal", "symbolSize": 160, "offset": 4}
    above |= {"columns": 2, "symbolType": "stroke", "labelLimit": 260}
    colour: Form = {"domain": titles, "range": colours}
    dash: Form = {"domain": titles, "range": [DASHES[i % len(DASHES)] for i in range(len(titles))]}
    tooltip = [
        {"field": "attack", "type": "nominal", "title": "attack"},
        {"field": "query", "type": "quantitative", "title": "query", "format": ","},
        {"field": "value", "type": "quantitative", "title": chart.what, "format": ".3g"},
    ]
    by: Form = {"field": "attack", "type": "nominal", "title": None}
    curve: Form = {
        "transform": [{"filter": "datum.kind != 'mark'"}],
        "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2, "aria": False},
        "encoding": {
            "color": by | {"scale": colour, "legend": above},
            "strokeDash": by | {"scale": dash, "legend": above},
        },
    }
    now: Form = {
        "transform": [{"filter": "datum.kind == 'now'"}],
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1, "aria": False},
        "encoding": {"color": by | {"scale": colour}, "tooltip": tooltip},
    }
    white: Form = {
        "transform": [{"filter": "datum.kind == 'mark'"}],
        "mark": {
            "type": "rule",
            "strokeDash": [6, 4],
            "strokeWidth": 2,
            "color": GREY,
            "aria": False,
        },
        "encoding": {"x": {"value": 0}, "x2": {"value": "width"}, "tooltip": tooltip[::2]},
    }
    told: Form = {
        "transform": [{"filter": "datum.kind == 'mark'"}],
        "mark": {
            "type": "text",
            "align": "right",
            "baseline": "bottom",
            "dy": -4,
            "dx": -4,
            "fontSize": plots.TEXT,
            "color": GREY,  # darker by day and lighter by night: see style.py
            "aria": False,
        },
        "encoding": {"text": {"field": "attack"}, "x": {"value": "width"}},
    }
    layers = [curve, now, white, told]
    if not far:
        goal: Form = {"type": "rule", "color": GREY, "strokeWidth": 1, "aria": False}
        layers.insert(0, {"data": {"values": [{"value": 0}]}, "mark": goal, "encoding": {"y": y}})
    for layer in layers[-4:]:
        layer["encoding"] = {"x": x, "y": y} | layer["encoding"]
    return {
        "description": f"The {chart.title} against queries: {', '.join(titles)}.",
        "height": HEIGHT,
        "layer": layers,
    }
