"""The card of a model, folded away: what it sees, where it comes from, and its learning curve."""

import plotly.graph_objects as go
import streamlit as st
from plotly.subplots import make_subplots

from robust_core import zoo
from robust_core.dashboard import plots
from robust_core.dashboard.style import CLEAN, GREY
from robust_core.words.model_card import (
    WATCHED,
    Curve,
    about,
    curve_in_words,
    curve_of,
    second_run,
)

LINES = (
    ("accuracy", f"accuracy on the first {WATCHED:,} test pictures", CLEAN, "solid", ".0%"),
    ("loss", "loss", GREY, "solid", ".2~f"),
    ("rate", "learning rate", GREY, "dot", ".2~f"),
)
"""Key in the curve, name, colour, dash and format of the numbers."""


def show_card(model: zoo.Description) -> None:
    """The card; what is in it is made only while it is open."""
    card = st.expander("About this model", key="model_card", on_change="rerun")
    if not card.open:
        return
    with card:
        st.caption("  \n".join(about(model)))
        show_curve(model.name, "learning_curve")


def show_curve(name: str, key: str) -> None:
    """The learning curve of a bundled network, where there is one, and whose it is."""
    curve = curve_of(name)
    if curve:
        plots.draw(learning_curve(curve), key=key, alt=curve_in_words(curve))
        if told := second_run(name):
            st.caption(told)


def learning_curve(curve: Curve) -> go.Figure:
    """Accuracy, loss and learning rate after each epoch, one above the other; none that is missing."""
    lines = [line for line in LINES if all(line[0] in point for point in curve)]
    figure = make_subplots(
        len(lines),
        1,
        shared_xaxes=True,
        vertical_spacing=0.16,
        subplot_titles=[name for _, name, *_ in lines],
    )
    epochs = list(range(1, len(curve) + 1))
    for row, (key, _, colour, dash, form) in enumerate(lines, 1):
        line = go.Scatter(
            x=epochs,
            y=[point[key] for point in curve],
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"epoch %{{x}}: %{{y:{form}}}<extra></extra>",
        )
        figure.add_trace(line, row, 1)
        figure.update_yaxes(tickformat=form, nticks=4, rangemode="tozero", row=row, col=1)
    figure.update_yaxes(fixedrange=True)
    if lines and lines[0][0] == "accuracy":
        figure.update_yaxes(range=[0, 1], tickvals=[0, 0.5, 1], row=1, col=1)
    figure.update_xaxes(fixedrange=True, dtick=plots.whole_ticks(len(curve)))
    figure.update_xaxes(title="epoch", row=len(lines), col=1)
    figure.update_annotations(x=0, xanchor="left", font={"size": plots.TEXT})
    figure.update_layout(
        plots.layout(110 * len(lines), legend=None, showlegend=False), overwrite=False
    )
    figure.update_layout(margin={"l": 8, "r": 8, "t": 24, "b": 8})
    return figure
