"""In the plane: all answers of a toy network over a square, and the box and the polygon around them."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, GREY
from robust_core.toys.reachable import CENTRE, Reachable, reachable

IDEA = (
    "A network with two inputs and two classes. On the left the square of all inputs within eps, cut "
    "where a ReLU "
    "switches; on the right **all** its answers, a polygon for each piece. IBP puts a box around "
    "them, CROWN a polygon. "
    "What lies above the dashed line is called class 2."
)
START, LARGEST = 0.12, 0.3


@st.fragment
def show() -> None:
    """The slider and both planes."""
    st.markdown("## In the plane: what can come out?")
    st.caption(IDEA)
    eps = st.slider("Eps of the toy", 0.01, LARGEST, START, 0.01, key="verify_toy")
    found = reachable(eps)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        plots.draw(
            inputs(found), key="verify_toy_in", alt=f"The square, in {len(found.pieces)} pieces."
        )
    with right:
        plots.draw(answers(found), key="verify_toy_out", alt=told(found))
    st.write(told(found))


def told(found: Reachable) -> str:
    """Which of them proves class 1."""

    def proves(corners: np.ndarray) -> bool:
        return bool((corners[:, 0] > corners[:, 1]).all())

    proofs = [name for name, c in (("IBP", found.box), ("CROWN", found.polygon)) if proves(c)]
    start = f"{len(found.pieces)} pieces, {found.unstable} of {found.neurons} ReLUs undecided."
    if not found.really:
        return f"{start} Some answers are class 2: nothing can prove class 1, and nothing does."
    if not proofs:
        return f"{start} All answers are class 1, but neither IBP nor CROWN can prove it."
    if proofs == ["CROWN"]:
        return f"{start} All answers are class 1: CROWN proves it, the box of IBP is too large."
    return f"{start} All answers are class 1, and {' and '.join(proofs)} prove it."


def inputs(found: Reachable) -> go.Figure:
    """The square in its pieces."""
    figure = go.Figure(layout=plots.layout(380, legend=None, showlegend=False))
    for k, piece in enumerate(found.pieces):
        figure.add_scatter(**_shape(piece, CLEAN, 0.12 + 0.1 * (k % 3)), hoverinfo="skip")
    figure.add_scatter(
        x=[CENTRE[0]], y=[CENTRE[1]], mode="markers", marker={"color": CLEAN, "size": 9}
    )
    figure.update_xaxes(range=[0.15, 0.85], title="input 1", **plots.FIXED)
    figure.update_yaxes(range=[0.15, 0.85], title="input 2", scaleanchor="x", **plots.FIXED)
    return figure


def answers(found: Reachable) -> go.Figure:
    """Exact polygons, box, CROWN's polygon, and the line between the classes."""
    figure = go.Figure(layout=plots.layout(380))
    for name, corners, colour, dash in (
        ("IBP", found.box, GREY, "dot"),
        ("CROWN", found.polygon, DEFENDED, "solid"),
    ):
        figure.add_scatter(
            **_shape(corners, colour, 0.1, dash), name=name, showlegend=True, hoverinfo="skip"
        )
    for k, piece in enumerate(found.exact):
        figure.add_scatter(
            **_shape(piece, CLEAN, 0.35), name="exact", showlegend=not k, hoverinfo="skip"
        )
    around = np.vstack([found.box, found.polygon])
    low, high = around.min(0), around.max(0)
    pad = 0.08 * (high - low)
    low, high = low - pad, high + pad
    ends = [min(low[0], low[1]), max(high[0], high[1])]
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name="class 2 above",
        line={"color": ADVERSARIAL, "dash": "dash", "width": 2},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[found.centre[0]],
        y=[found.centre[1]],
        mode="markers",
        marker={"color": CLEAN, "size": 9},
        showlegend=False,
    )
    figure.update_xaxes(range=[low[0], high[0]], title="logit of class 1", **plots.FIXED)
    figure.update_yaxes(range=[low[1], high[1]], title="logit of class 2", **plots.FIXED)
    return figure


def _shape(corners: np.ndarray, colour: str, opacity: float, dash: str = "solid") -> dict:
    x, y = corners.T
    return {
        "x": [*x, x[0]],
        "y": [*y, y[0]],
        "mode": "lines",
        "fill": "toself",
        "fillcolor": plots.faint(colour, opacity),
        "line": {"color": colour, "width": 1.5, "dash": dash},
    }
