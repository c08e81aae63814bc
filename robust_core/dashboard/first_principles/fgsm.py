"""FGSM in six frames, on the page's own picture: J, gradient, sign, times eps, plus x, and the result."""

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.first_principles import subject
from robust_core.dashboard.first_principles.subject import Subject
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.dashboard.topics import six_frames, two_ways
from robust_core.papers import GOODFELLOW
from robust_core.toys import descent
from robust_core.words import citations

choose = subject.choose
SIGN = (
    "Only the direction of each value's slope is kept: up, down, or, where it is exactly 0, not at all. So "
    "every value moves as far as it may."
)
WAYS = (
    "Training goes **against** the slope of the loss, in the weights. The attack goes **along** it, in the "
    "input. Here both are on one curve; its axis may be a weight or an input."
)


def show(asked: Subject) -> None:
    """The six frames, the sign function, and descent beside ascent."""
    found = None
    if asked.here:
        found = asked.compute(lambda model, found, progress: found, channel="ascent")
    if found is not None:
        st.markdown(f"## {six_frames.told(found)}")
        st.html(six_frames.frames(found))
        st.caption(
            f"{asked.conditions()} J is cross-entropy. Nothing is rounded to 8 bits here: Attack shows the "
            "picture that is saved, and its answer may differ. Deck 003, Y. S. Cho, 2020; "
            f"{citations.markdown(GOODFELLOW)}."
        )
    sign, ways = st.columns([1, 1.7], gap="medium")
    with sign:
        st.markdown("### The sign function")
        st.markdown(SIGN)
        plots.draw(step(), key="sign", alt="The sign function: -1 below 0, 0 at 0, 1 above.")
    with ways:
        st.markdown("### Down to train, up to attack")
        st.markdown(WAYS)
        two_ways.show("smooth", descent.smooth, descent.slope)
    asked.close()


def step() -> go.Figure:
    """The sign function."""
    figure = go.Figure(layout=plots.layout(270, legend=None, showlegend=False))
    for x, y, colour in (([-3, 0], [-1, -1], CLEAN), ([0, 3], [1, 1], ADVERSARIAL)):
        figure.add_scatter(
            x=x, y=y, mode="lines", line={"color": colour, "width": 4}, hoverinfo="skip"
        )
    figure.add_scatter(
        x=[0, 0, 0],
        y=[-1, 0, 1],
        mode="markers",
        marker={
            "color": [CLEAN, "#8C8C8C", ADVERSARIAL],
            "size": 11,
            "symbol": ["circle-open", "circle", "circle-open"],
            "line": {"width": 2},
        },
        hovertemplate="sign(0) = 0<extra></extra>",
    )
    figure.update_xaxes(
        title="slope of one value", range=[-3, 3], showticklabels=True, **plots.FIXED
    )
    figure.update_yaxes(title="sign", tickvals=[-1, 0, 1], range=[-1.4, 1.4], **plots.FIXED)
    return figure
