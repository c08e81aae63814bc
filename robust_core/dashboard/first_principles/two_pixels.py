"""Two pixels: the loss as a map, the square of eps around x, FGSM's corner, and the circle of L2."""

import math
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import ascending, plots
from robust_core.dashboard.first_principles import one_pixel, pixel, subject
from robust_core.dashboard.first_principles.measures import choose_measure
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, DETECTOR
from robust_core.dashboard.topics import pixel_markup
from robust_core.experiment import pixels
from robust_core.experiment.pixels import Measure, TwoPixels
from robust_core.words.numbers import decimal as number

IDEA = (
    "Each pixel may move by ε: x may go anywhere in a **square** (Linf). FGSM takes one of its four "
    "**corners**, the one that the signs name. A step of the same length straight along the gradient stays "
    "on the **circle** (L2). Where the loss is linear the corner is the best point of the whole square."
)


@dataclass(frozen=True)
class Asked:
    """The picture, and which two of its values."""

    subject: Subject
    first: pixel.Where
    second: pixel.Where
    measure: Measure


def choose(places: Places) -> Asked:
    """The picture, eps, and two pixels."""
    chosen = subject.choose(places, one_pixel.EPS)
    with places.more:
        first = pixel.choose(chosen.request.model, "pixel", "First pixel")
        second = pixel.choose(chosen.request.model, "second", "Second pixel")
        measure = choose_measure()
    return Asked(chosen, first, second, measure)


def show(asked: Asked) -> None:
    """The map, and where the two pixels are."""
    request = asked.subject.request
    if asked.subject.here:
        found = asked.subject.compute(
            lambda model, found, progress: (
                found,
                pixels.two_pixels(
                    model,
                    found,
                    (
                        one := found.steepest(asked.first),
                        found.steepest(asked.second, besides=one),
                    ),
                    points=ascending.points(request),
                    progress=progress,
                ),
            ),
            channel="two pixels",
            where=[*asked.first, *asked.second],
        )
        if found is not None:
            _draw(asked, *found)
    st.markdown(IDEA)
    asked.subject.close()


def _draw(asked: Asked, whole: pixels.Ascent, found: TwoPixels) -> None:
    measure = asked.measure
    st.markdown(f"## {told(found, measure)}")
    chart, side = st.columns([2.4, 1], gap="medium")
    with chart:
        plots.draw(contours(found, measure), key="two_pixels", alt=told(found, measure))
    with side:
        shown = pixel_markup.image(
            pixel_markup.picture(whole.image),
            "The picture, both pixels outlined",
            "clean",
            found.places,
        )
        named = [
            f"{name}: row {row}, column {column}, {asked.subject.channel(channel)}"
            for name, (channel, row, column) in zip(("x₁", "x₂"), found.places, strict=True)
        ]
        st.html(
            f"{pixel_markup.CSS}<div class=frames><figure>{shown}<figcaption>{'<br>'.join(named)}"
            "</figcaption></figure></div>"
        )
        st.markdown(heights(found, measure))
    st.caption(f"{asked.subject.conditions()} Loss: {measure.title}.")


def told(found: TwoPixels, measure: Measure) -> str:
    """Corner against circle."""
    own, corner, circle = (
        number(measure.of(point[2])) for point in (found.own, found.corner, found.circle)
    )
    return (
        f"Two pixels by {found.eps:g}: the loss goes from {own} to {corner} in the corner, "
        f"to {circle} on the circle"
    )


def heights(found: TwoPixels, measure: Measure) -> str:
    """The loss at each of the points, as a list."""
    rows = (
        ("x", found.own),
        ("circle, L2", found.circle),
        ("FGSM's corner", found.corner),
        ("best of the square", found.best),
    )
    return "\n".join(f"- {name}: J = **{number(measure.of(point[2]))}**" for name, point in rows)


def contours(found: TwoPixels, measure: Measure) -> go.Figure:
    """The map, the square, the circle, and the points."""
    figure = go.Figure(layout=plots.layout(460))
    across, up = (axis.tolist() for axis in found.axes)
    figure.add_contour(
        x=across,
        y=up,
        z=measure.value(found.odds).tolist(),
        colorscale=[[0, "#F4F7FA"], [1, "#66788A"]],
        ncontours=16,
        colorbar={"title": "J", "thickness": 12},
        line={"width": 0.5},
        hovertemplate="x₁ %{x:.3f}, x₂ %{y:.3f}: J = %{z:.4g}<extra></extra>",
    )
    x, y, eps = found.own[0], found.own[1], found.eps
    figure.add_scatter(
        x=[x - eps, x + eps, x + eps, x - eps, x - eps],
        y=[y - eps, y - eps, y + eps, y + eps, y - eps],
        mode="lines",
        name="square, Linf",
        line={"color": ADVERSARIAL, "width": 3},
        hoverinfo="skip",
    )
    angles = [2 * math.pi * k / 90 for k in range(91)]
    figure.add_scatter(
        x=[x + eps * math.cos(a) for a in angles],
        y=[y + eps * math.sin(a) for a in angles],
        mode="lines",
        name="circle, L2",
        line={"color": DETECTOR, "width": 3, "dash": "dash"},
        hoverinfo="skip",
    )
    for name, point, colour, symbol in (
        ("x", found.own, CLEAN, "circle"),
        ("along the gradient", found.circle, DETECTOR, "square"),
        ("best of the square", found.best, DEFENDED, "star"),
        ("FGSM's corner", found.corner, ADVERSARIAL, "diamond"),
    ):
        figure.add_scatter(
            x=[point[0]],
            y=[point[1]],
            mode="markers",
            name=name,
            marker=plots.rimmed(colour, symbol, 19 if symbol == "star" else 13),
            hovertemplate=f"{name}: J = {measure.of(point[2]):.4g}<extra></extra>",
        )
    figure.update_xaxes(
        title="x₁, the first pixel",
        range=[across[0], across[-1]],
        constrain="domain",
        **plots.FIXED,
    )
    figure.update_yaxes(
        title="x₂, the second",
        range=[up[0], up[-1]],
        scaleanchor="x",
        constrain="domain",
        **plots.FIXED,
    )
    return figure
