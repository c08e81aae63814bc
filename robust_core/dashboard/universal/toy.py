"""Why one v can leave every region: three pictures in the plane, step by step."""

import math

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, DETECTOR
from robust_core.papers import UNIVERSAL
from robust_core.toys.regions import REGIONS, Step, walk
from robust_core.words import citations

COLOURS = (CLEAN, DEFENDED, DETECTOR)
IDEA = (
    "Three pictures lie on the same spot, each in the region of its own class. The algorithm adds up "
    "the shortest ways out: first out of the region of class 1, from there out of that of class 2, and so "
    f"on, until one v leaves them all ({citations.markdown(UNIVERSAL)})."
)
LARGEST = 2.5
SHOWN = 3.0
"""Half a side of the chart."""


@st.fragment
def show() -> None:
    """The radius, the steps, and the plane."""
    st.markdown("## Why one change can fool on every picture")
    st.markdown(IDEA)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        radius = st.slider("Largest length of v", 0.0, LARGEST, LARGEST, 0.1, key="toy_radius")
        steps = walk(radius=radius)
        number = st.slider("Step", 0, len(steps), len(steps), key=f"toy_step_{len(steps)}")
        st.write(told(steps, number))
    with right:
        plots.draw(plane(steps[:number], radius), key="toy_regions", alt=told(steps, number))


def told(steps: tuple[Step, ...], number: int) -> str:
    """Where v is after so many steps."""
    if number == 0:
        return "v = 0: all three pictures are within their regions."
    at = steps[number - 1]
    length = math.hypot(*at.end)
    out = f"has left {len(at.fooled)} of {len(REGIONS)} regions"
    if length < 1e-9:
        return "v may not move: no region is left."
    return f"Step {number}, out of the region of {at.region}: v is {length:.2f} long and {out}."


def plane(steps: tuple[Step, ...], radius: float) -> go.Figure:
    """The three regions, the ways out one after another, and v."""
    figure = go.Figure(layout=plots.layout(380))
    for region, colour in zip(REGIONS, COLOURS, strict=True):
        x, y = region.corners().T
        figure.add_scatter(
            x=[*x, x[0]],
            y=[*y, y[0]],
            name=f"region of {region.name}",
            mode="lines",
            fill="toself",
            fillcolor=plots.faint(colour, 0.15),
            line={"color": colour},
            hoverinfo="skip",
        )
    angles = [2 * math.pi * k / 90 for k in range(91)]
    figure.add_scatter(
        x=[radius * math.cos(a) for a in angles],
        y=[radius * math.sin(a) for a in angles],
        name="largest length",
        mode="lines",
        line={"color": ADVERSARIAL, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    points = [(0.0, 0.0), *(step.end for step in steps)]
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        name="v, step by step",
        mode="lines+markers",
        marker={"symbol": "arrow", "angleref": "previous", "size": 12},
        line={"color": ADVERSARIAL, "width": 2.5},
        hovertemplate="(%{x:.2f}, %{y:.2f})<extra></extra>",
    )
    figure.update_xaxes(range=[-SHOWN, SHOWN], visible=False, **plots.FIXED)
    figure.update_yaxes(range=[-SHOWN, SHOWN], visible=False, scaleanchor="x", **plots.FIXED)
    return figure
