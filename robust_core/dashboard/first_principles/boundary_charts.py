"""The plane with both boundaries, and the three distributions of a class as pictures."""

import math

import numpy as np
import plotly.graph_objects as go
import torch

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, GREY
from robust_core.dashboard.topics import pixel_markup
from robust_core.toys import boundary as toy
from robust_core.words.numbers import share

NORMS = {"l2": "L2, the circle", "linf": "Linf, the square"}
CLICKS = 51
"""Places along a side that can be clicked."""
SIDE = 101
COLOURS = ("#56B4E9", "#E69F00")
"""Of the two classes."""
LIGHT = tuple(tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5)) for colour in COLOURS)


def plane(
    learned: toy.Learned, point: torch.Tensor, near: dict[str, toy.Nearest | None]
) -> go.Figure:
    """Boundaries, the mismatch, the training points, and the chosen point with its balls."""
    figure = go.Figure(layout=plots.layout(560, clickmode="event+select"))
    places = toy.grid()
    axis = places[: toy.GRID, 0].numpy()
    square = (toy.GRID, toy.GRID)
    true, said = (each(places).reshape(square).numpy() for each in (toy.truth, learned))
    figure.add_heatmap(
        x=axis,
        y=axis,
        z=np.where((true > 0) != (said > 0), 1.0, np.nan),
        colorscale=[[0, plots.faint(ADVERSARIAL, 0.5)], [1, plots.faint(ADVERSARIAL, 0.5)]],
        showscale=False,
        hoverinfo="skip",
    )
    for name, values, colour, dash in (
        ("true boundary", true, DEFENDED, "solid"),
        ("learned boundary", said, CLEAN, "dash"),
    ):
        figure.add_contour(
            x=axis,
            y=axis,
            z=values,
            contours={"type": "constraint", "operation": "=", "value": 0},
            line={"color": colour, "width": 3, "dash": dash},
            name=name,
            showlegend=True,
            hoverinfo="skip",
        )
    _add_data(figure, learned)
    _add_clicks(figure)
    _add_point(figure, point, near)
    figure.update_xaxes(range=[0, 1], title="across", constrain="domain", **plots.FIXED)
    figure.update_yaxes(
        range=[0, 1], title="up", scaleanchor="x", constrain="domain", **plots.FIXED
    )
    return figure


def _add_data(figure: go.Figure, learned: toy.Learned) -> None:
    for label, symbol in ((0, "circle-open"), (1, "square-open")):
        x, y = learned.points[learned.labels == label].T.tolist()
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers",
            name=f"trained on, class {label}",
            marker={"color": GREY, "symbol": symbol, "size": 8, "line": {"width": 2}},
            hoverinfo="skip",
        )


def _add_clicks(figure: go.Figure) -> None:
    """Unseen markers all over: a chart tells of clicks on markers alone."""
    axis = np.linspace(0, 1, CLICKS)
    x, y = (each.flatten() for each in np.meshgrid(axis, axis))
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 12, "opacity": 0},
        selected=unseen,
        unselected=unseen,
        showlegend=False,
        hovertemplate="(%{x:.2f}, %{y:.2f})<extra></extra>",
    )


def _add_point(figure: go.Figure, point: torch.Tensor, near: dict[str, toy.Nearest | None]) -> None:
    x, y = point.tolist()
    angles = [2 * math.pi * k / 90 for k in range(91)]
    outlines: dict[str, tuple[list[float], list[float], str, str]] = {
        "l2": ([math.cos(a) for a in angles], [math.sin(a) for a in angles], "dot", "diamond"),
        "linf": ([-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1], "dashdot", "star"),
    }
    for norm, (across, up, dash, symbol) in outlines.items():
        at = near[norm]
        if at is None:
            continue
        figure.add_scatter(
            x=[x + at.distance * each for each in across],
            y=[y + at.distance * each for each in up],
            mode="lines",
            line={"color": ADVERSARIAL, "width": 2, "dash": dash},
            name=NORMS[norm],
            legendgroup=norm,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=[at.point[0].item()],
            y=[at.point[1].item()],
            mode="markers",
            marker=plots.rimmed(ADVERSARIAL, symbol, 13),
            name=f"nearest in {norm}",
            legendgroup=norm,
            showlegend=False,
            hovertemplate=f"nearest adversarial point in {norm}: {at.distance:.3f} away<extra></extra>",
        )
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        marker={"color": CLEAN, "size": 14, "line": {"color": "white", "width": 2}},
        name="the point",
        hovertemplate="the point (%{x:.2f}, %{y:.2f})<extra></extra>",
    )


def three(learned: toy.Learned, label: int, areas: dict[str, float]) -> str:
    """D_real, D_train and D_adv of a class as three pictures."""
    places = toy.grid(SIDE)
    true, said = ((each(places) > 0) == bool(label) for each in (toy.truth, learned))
    parts = (
        ("D_real", "where the class truly is", true, LIGHT[label], areas["real"]),
        ("D_train", "where the network says it", said, LIGHT[label], areas["train"]),
        (
            "D_adv",
            "truly the class, called the other",
            true & ~said,
            (0xD5, 0x5E, 0x00),
            areas["adv"],
        ),
    )
    cells = "".join(
        f"<figure><header>{name}</header>"
        + pixel_markup.image(_mask(mask, colour), f"{name}: {share(area)} of the plane")
        + f"<figcaption>{share(area)} of the plane<small>{words}</small></figcaption></figure>"
        for name, words, mask, colour, area in parts
    )
    return f"{pixel_markup.CSS}<div class=frames>{cells}</div>"


def _mask(mask: torch.Tensor, colour: tuple[int, ...]) -> np.ndarray:
    """Coloured where true, light grey elsewhere; rows from above."""
    square = mask.reshape(SIDE, SIDE).flip(0).numpy()
    pixels = np.full((SIDE, SIDE, 3), 232, np.uint8)
    pixels[square] = colour
    return pixels
