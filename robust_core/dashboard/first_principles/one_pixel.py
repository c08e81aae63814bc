"""One pixel: the loss as a curve over a single value, its tangent, and a step of eps uphill."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.first_principles import pixel, subject
from robust_core.dashboard.first_principles.measures import choose_measure
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.dashboard.topics import pixel_markup
from robust_core.experiment import pixels
from robust_core.experiment.pixels import Measure, OnePixel
from robust_core.words.numbers import decimal as number

EPS = 0.1
IDEA = (
    "With one pixel FGSM is x ± ε: the side is that on which the **tangent** rises, the length is always "
    "ε, whatever the slope. All other values stay as they are; the curve is the network's own, asked at "
    "101 values."
)


@dataclass(frozen=True)
class Asked:
    """The picture, and which of its values."""

    subject: Subject
    where: pixel.Where
    measure: Measure


def choose(places: Places) -> Asked:
    """The picture, eps, and a pixel."""
    chosen = subject.choose(places, EPS)
    with places.more:
        where = pixel.choose(chosen.request.model, "pixel", "Pixel")
        measure = choose_measure()
    return Asked(chosen, where, measure)


def show(asked: Asked) -> None:
    """The curve, and where the pixel is."""
    if asked.subject.here:
        found = asked.subject.compute(
            lambda model, found, progress: (
                found,
                pixels.one_pixel(model, found, found.steepest(asked.where)),
            ),
            channel="one pixel",
            where=list(asked.where),
        )
        if found is not None:
            _draw(asked, *found)
    st.markdown(IDEA)
    asked.subject.close()


def _draw(asked: Asked, whole: pixels.Ascent, found: OnePixel) -> None:
    channel, row, column = found.place
    colour = asked.subject.channel(channel)
    st.markdown(f"## {told(found, asked.measure)}")
    chart, side = st.columns([2.4, 1], gap="medium")
    with chart:
        plots.draw(
            curve(found, asked.measure, whole.eps), key="one_pixel", alt=told(found, asked.measure)
        )
    with side:
        shown = pixel_markup.image(
            pixel_markup.picture(whole.image),
            "The picture, the pixel outlined",
            "clean",
            [found.place],
        )
        st.html(
            f"{pixel_markup.CSS}<div class=frames><figure>{shown}"
            f"<figcaption>row {row}, column {column}, {colour}"
            f"<small>slope {found.slope * asked.measure.times(found.here):+.3g}, so "
            f"{'up' if found.slope > 0 else 'down' if found.slope < 0 else 'not at all'}</small>"
            "</figcaption></figure></div>"
        )
    st.caption(f"{asked.subject.conditions()} Loss: {asked.measure.title}.")


def told(found: OnePixel, measure: Measure) -> str:
    """The step and what it does to the loss."""
    before, after = (number(measure.of(each)) for each in (found.here, found.reached))
    if found.moved == found.value:
        return f"This pixel cannot move uphill: the loss stays {before}"
    return f"One pixel from {found.value:.3f} to {found.moved:.3f}: the loss goes from {before} to {after}"


def curve(found: OnePixel, measure: Measure, eps: float) -> go.Figure:
    """The loss over all values, the tangent at the picture's own, and the step."""
    figure = go.Figure(layout=plots.layout(400))
    losses = measure.value(found.odds)
    here, reached = measure.of(found.here), measure.of(found.reached)
    slope = found.slope * measure.times(found.here)
    for k, sign in enumerate((-1, 1)):
        figure.add_vrect(
            x0=found.value,
            x1=min(1.0, max(0.0, found.value + sign * eps)),
            fillcolor=ADVERSARIAL if sign * found.slope > 0 else GREY,
            opacity=0.14,
            line_width=0,
            name=f"within eps {k}",
        )
    figure.add_scatter(
        x=found.values.tolist(),
        y=losses.tolist(),
        mode="lines",
        name="loss",
        line={"color": CLEAN, "width": 3},
        hovertemplate="value %{x:.2f}: J = %{y:.4g}<extra></extra>",
    )
    low, high = losses.min().item(), losses.max().item()
    pad = 0.12 * (high - low) or 0.1
    half = 0.3
    if slope:
        half = min(half, 0.9 * (high - low + pad) / abs(slope))
    ends = [max(-0.02, found.value - half), min(1.02, found.value + half)]
    figure.add_scatter(
        x=ends,
        y=[here + slope * (each - found.value) for each in ends],
        mode="lines",
        name="tangent",
        line={"color": ADVERSARIAL, "width": 2, "dash": "dash"},
        hoverinfo="skip",
    )
    for name, x, y, colour, symbol in (
        ("x", found.value, here, CLEAN, "circle"),
        ("x ± eps", found.moved, reached, ADVERSARIAL, "diamond"),
    ):
        figure.add_scatter(
            x=[x],
            y=[y],
            mode="markers",
            name=name,
            marker=plots.rimmed(colour, symbol, 14),
            hovertemplate=f"{name} = %{{x:.3f}}: J = %{{y:.4g}}<extra></extra>",
        )
    figure.update_xaxes(title="value of the pixel", range=[-0.02, 1.02], **plots.FIXED)
    figure.update_yaxes(
        title=f"loss J ({measure.title})", range=[low - pad, high + pad], **plots.FIXED
    )
    return figure
