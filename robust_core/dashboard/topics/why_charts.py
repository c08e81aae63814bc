"""Charts of the inside of an attacked network: relative change over its layers, and its last features."""

from collections.abc import Sequence

import plotly.graph_objects as go
import torch

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, DETECTOR, GREY
from robust_core.dashboard.topics.why_words import shown
from robust_core.experiment.inside import Crossing, Depth

MOST_NAMES = 12
"""Names of layers on the axis; more would not be readable."""
PERCENTS = (0.0001, 0.001, 0.01, 0.1, 1, 10, 100)


def over_layers(found: Depth) -> go.Figure:
    """Three lines over the layers, on a logarithmic axis, and where a detector reads."""
    figure = go.Figure(layout=plots.layout(400))
    lines = (
        ("attack", found.adversarial.values, ADVERSARIAL, "solid", "diamond"),
        ("noise of the same size", found.noise.values, GREY, "dash", "circle"),
        ("filtered picture", found.filtered.values, DEFENDED, "dot", "square"),
    )
    names = [_with_kind(*each) for each in zip(found.layers, found.kinds, strict=True)]
    for name, values, colour, dash, symbol in lines:
        figure.add_scatter(
            x=list(range(len(names))),
            y=[shown(value) for value in values],
            customdata=names,
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"color": colour, "symbol": symbol, "size": 6},
            hovertemplate="%{customdata}: %{y:.2%}<extra>" + name + "</extra>",
        )
    for point, place in found.detectors.items():
        figure.add_vline(
            x=place,
            line={"color": DETECTOR, "dash": "dashdot", "width": 2},
            annotation={"text": f"detector, {point}", "font": {"size": plots.TEXT}},
            annotation_position="top right",
        )
    places, words = ticks(found.layers)
    figure.update_xaxes(
        tickvals=places,
        tickangle=0,
        ticktext=words,
        title="layers, from the picture to the answer",
        **plots.FIXED,
    )
    figure.update_yaxes(
        type="log",
        tickvals=PERCENTS,
        ticktext=[f"{100 * each:g} %" for each in PERCENTS],
        title="relative change",
        **plots.FIXED,
    )
    return figure


def _with_kind(layer: str, kind: str) -> str:
    return f"{layer}, {kind}" if kind else layer


def ticks(layers: Sequence[str]) -> tuple[list[int], list[str]]:
    """Where the axis has names: at each layer, or where a part of the network begins, by its own name.

    In the second case the picture, to which the axis's title refers, has none: the next is too near.
    """
    if len(layers) <= MOST_NAMES:
        return list(range(len(layers))), [each.rpartition(".")[2] for each in layers]
    for depth in (2, 1):
        parts = [".".join(each.split(".")[:depth]) for each in layers]
        begins = [k for k, part in enumerate(parts) if k and part != parts[k - 1]]
        if len(begins) <= MOST_NAMES:
            return begins, [parts[k] for k in begins]
    step = -(-len(layers) // MOST_NAMES)
    return list(range(0, len(layers), step)), [layers[k] for k in range(0, len(layers), step)]


def over_features(found: Crossing) -> go.Figure:
    """The pictures as dots, by the network's answer, and the way of the attacked one among them."""
    figure = go.Figure(layout=plots.layout(440, legend={**plots.ABOVE, "itemsizing": "constant"}))
    before, after = found.said[0], found.said[-1]
    rest = torch.ones_like(found.answers, dtype=torch.bool)
    groups = [(before, CLEAN, "circle")]
    if after.index != before.index:
        groups.append((after, ADVERSARIAL, "diamond"))
    dots = []
    for guess, colour, symbol in groups:
        own = found.answers == guess.index
        rest &= ~own
        dots.append((f"said: {guess.label}", own, plots.faint(colour, 0.55), symbol))
    for name, own, colour, symbol in (
        ("said: another class", rest, plots.faint(GREY, 0.45), "x-thin-open"),
        *dots,
    ):
        places = found.places[own]
        figure.add_scatter(
            x=places[:, 0].tolist(),
            y=places[:, 1].tolist(),
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 7},
            hoverinfo="skip",
        )
    _add_way(figure, found)
    titles = [
        f"component {k}: {share:.0%} of the variance" for k, share in enumerate(found.explained, 1)
    ]
    figure.update_xaxes(title=titles[0], **plots.FIXED)
    figure.update_yaxes(title=titles[1], **plots.FIXED)
    return figure


def _add_way(figure: go.Figure, found: Crossing) -> None:
    """The line, its dots, and where it begins, changes the answer, and ends."""
    x, y = found.way.T.tolist()
    told = [
        f"{step}: {guess.label} {guess.confidence:.1%}"
        for step, guess in zip(found.steps, found.said, strict=True)
    ]
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name="the attacked picture",
        customdata=told,
        line={"color": GREY, "width": 2},
        marker={"color": GREY, "size": 6},
        hovertemplate="%{customdata}<extra></extra>",
    )
    marks = [("clean", 0, CLEAN, "circle"), ("adversarial", -1, ADVERSARIAL, "diamond")]
    if found.crossed is not None:
        marks.insert(1, ("answer changes", found.crossed, DETECTOR, "star"))
    for name, place, colour, symbol in marks:
        figure.add_scatter(
            x=[x[place]],
            y=[y[place]],
            mode="markers",
            name=name,
            customdata=[told[place]],
            marker=plots.rimmed(colour, symbol, 15),
            hovertemplate="%{customdata}<extra></extra>",
        )
