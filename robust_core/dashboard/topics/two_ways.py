"""Down and up one curve, step by step: charts that play by themselves, without another run of the page."""

from itertools import pairwise

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.toys import descent
from robust_core.toys.descent import Curve

GROUND, INK = "#F0F2F6", "#262730"
"""Of the buttons, by day and by night: Plotly's own are white on white there."""
BETWEEN = 8
PAUSE = 350
"""Milliseconds for a step."""


def show(name: str, curve: Curve, slope: Curve) -> None:
    """The curve with both walks."""
    down, up = (
        descent.walk(slope, descent.START, descent.RATE, descent.STEPS, up=way)
        for way in (False, True)
    )
    plots.draw(
        figure(curve, down, up),
        key=f"curve_{name}",
        alt=f"A {name} curve. From {curve(descent.START):.2f} descent ends at {curve(down[-1]):.2f}, "
        f"ascent at {curve(up[-1]):.2f}.",
    )


def figure(curve: Curve, down: list[float], up: list[float]) -> go.Figure:
    """The curve, and a frame for each step of the walks; it opens with the last."""
    t, values = descent.drawn(curve)
    last = len(down) - 1
    found = go.Figure(
        [
            go.Scatter(
                x=t,
                y=values,
                mode="lines",
                line={"color": GREY, "width": 2.5, "simplify": False},
                hoverinfo="skip",
                showlegend=False,
            ),
            *_walks(curve, down, up, last),
        ],
        plots.layout(350),
        [
            go.Frame(name=str(k), data=_walks(curve, down, up, k), traces=[1, 2])
            for k in range(last + 1)
        ],
    )
    found.update_xaxes(
        title={"text": "what is moved: weights, or the input", "standoff": 6}, showticklabels=False
    )
    found.update_yaxes(title="loss J", rangemode="tozero", **plots.FIXED)
    found.update_xaxes(range=list(descent.ENDS), **plots.FIXED)
    found.update_layout(updatemenus=[_buttons()], sliders=[_slider(last)])
    return found


def _walks(curve: Curve, down: list[float], up: list[float], k: int) -> list[go.Scatter]:
    """Both walks up to step ``k``; between steps their lines follow the curve."""
    return [
        go.Scatter(
            x=(t := _along(path[: k + 1])),
            y=[curve(each) for each in t],
            mode="lines+markers",
            name=name,
            line={"color": colour, "width": 3, "dash": dash},
            marker={
                "symbol": symbol,
                "color": colour,
                "opacity": 1,
                "size": [0 if i % BETWEEN else 8 for i in range(len(t) - 1)] + [16],
            },
            hovertemplate=f"{name}: J = %{{y:.2f}}<extra></extra>",
        )
        for name, path, colour, symbol, dash in (
            ("descent: training", down, CLEAN, "circle", "solid"),
            ("ascent: attack", up, ADVERSARIAL, "diamond", "dash"),
        )
    ]


def _along(path: list[float]) -> list[float]:
    """The steps, and ``BETWEEN`` places from each to the next."""
    ends = pairwise(path)
    return [a + (b - a) * i / BETWEEN for a, b in ends for i in range(BETWEEN)] + [path[-1]]


def _buttons() -> dict:
    frame = {"duration": PAUSE, "redraw": True}
    play = {"frame": frame, "transition": {"duration": 0}, "fromcurrent": False}
    stop = {"frame": {"duration": 0, "redraw": True}, "mode": "immediate"}
    return {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "x": 0,
        "y": -0.26,
        "xanchor": "left",
        "yanchor": "top",
        "bgcolor": GROUND,
        "bordercolor": GREY,
        "font": {"color": INK, "size": 13},
        "buttons": [
            {"label": "Play", "method": "animate", "args": [None, play]},
            {"label": "Pause", "method": "animate", "args": [[None], stop]},
        ],
    }


def _slider(last: int) -> dict:
    at = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    return {
        "active": last,
        "x": 0.3,
        "len": 0.7,
        "y": -0.18,
        "pad": {"t": 20, "b": 4},
        "currentvalue": {
            "prefix": "step ",
            "font": {"size": 13, "color": GREY},
            "xanchor": "right",
        },
        "ticklen": 0,
        "minorticklen": 0,
        "font": {"color": "rgba(0, 0, 0, 0)", "size": 12},
        "steps": [
            {"label": str(k), "method": "animate", "args": [[str(k)], at]} for k in range(last + 1)
        ],
    }
