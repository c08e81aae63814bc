"""Two gaps of a network: between training and test pictures, and between clean and attacked ones."""

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import plots
from robust_core.dashboard.live_training.beside import Beside
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.evaluation.snapshot import Snapshot
from robust_core.training.live.train import Trained
from robust_core.words.numbers import share

OVERFITTING = (
    "**Overfitting** is the gap between training and test pictures: right on what it has seen, less so on "
    "what it has not."
)
SECURITY = (
    "**Security** is the gap between clean and attacked pictures: right as long as nobody wants it to be "
    "wrong."
)
OWN = "trained here"
Gap = tuple[str, float, float]
"""A line of a chart: its name, and the two shares that the gap lies between."""


def show_gaps(trained: Trained, beside: Beside, seen: Snapshot, base: Snapshot) -> None:
    """Both gaps of both networks; that ``beside`` has ``seen`` on training pictures, ``base`` on test."""
    st.markdown("## Two gaps")
    pairs = {beside.name: (seen, base), OWN: (trained.seen, trained.final)}
    panels = (
        (
            OVERFITTING,
            overfitting(pairs),
            ("training", GREY, "circle-open"),
            ("test", CLEAN, "square"),
        ),
        (
            SECURITY,
            security(pairs),
            ("clean", CLEAN, "circle"),
            ("under PGD", ADVERSARIAL, "triangle-up"),
        ),
    )
    for column, (words, gaps, *ends) in zip(st.columns(2, gap="medium"), panels, strict=True):
        with column:
            st.markdown(words)
            plots.draw(
                dumbbells(gaps, *ends),
                key=f"live_gaps_{ends[0][0]}",
                alt=said(gaps, ends[0][0], ends[1][0]),
            )
    st.markdown(moved(base, trained.final, beside.words))
    st.caption(
        f"n = {trained.seen.n} training pictures, always the first ones, and the {base.n} test pictures; "
        f"PGD-{base.steps}, Linf eps {base.eps:g}, on the logits. Gaps in points of "
        "accuracy."
    )


def overfitting(pairs: dict[str, tuple[Snapshot, Snapshot]]) -> list[Gap]:
    """From training to test pictures, clean and under PGD; ``pairs``: (training, test) by network."""
    return [
        (f"{name}, {words}", getattr(seen, kind), getattr(test, kind))
        for words, kind in (("clean", "clean"), ("under PGD", "pgd"))
        for name, (seen, test) in pairs.items()
    ]


def security(pairs: dict[str, tuple[Snapshot, Snapshot]]) -> list[Gap]:
    """From clean pictures to attacked ones, of the training set and of the test set."""
    return [
        (f"{name}, {words}", pair[place].clean, pair[place].pgd)
        for place, words in enumerate(("training", "test"))
        for name, pair in pairs.items()
    ]


def moved(base: Snapshot, at: Snapshot, words: str) -> str:
    """Whether accuracy and robustness went the same way, against the network that ``words`` name."""
    clean, robust = (100 * (getattr(at, k) - getattr(base, k)) for k in ("clean", "pgd"))
    return (
        f"Compared with {words}, right answers on test pictures differ by {clean:+.1f} points clean and by "
        f"{robust:+.1f} points under PGD."
    )


def said(gaps: list[Gap], first: str, second: str) -> str:
    """A chart in words."""
    parts = (f"{name}: {first} {share(a)}, {second} {share(b)}" for name, a, b in gaps)
    return "; ".join(parts) + "."


def dumbbells(
    gaps: list[Gap], first: tuple[str, str, str], second: tuple[str, str, str]
) -> go.Figure:
    """A line for each gap with a marker at either end; ``first`` and ``second``: name, colour, marker."""
    names = [name for name, _, _ in gaps]
    lines = [
        go.Scatter(
            x=[a, b],
            y=[name, name],
            mode="lines",
            line={"color": GREY, "width": 3},
            showlegend=False,
            hoverinfo="skip",
        )
        for name, a, b in gaps
    ]
    ends = [
        go.Scatter(
            x=[gap[place] for gap in gaps],
            y=names,
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": marker, "size": 16 if "open" in marker else 11}
            | ({"line": {"width": 2.5}} if "open" in marker else {}),
            hovertemplate=f"%{{y}}: {name} %{{x:.1%}}<extra></extra>",
        )
        for place, (name, colour, marker) in ((1, first), (2, second))
    ]
    words = go.Scatter(
        x=[1.12] * len(gaps),
        y=names,
        mode="text",
        text=[f"{100 * (a - b):.1f}".replace("-", "−") for _, a, b in gaps],
        textposition="middle right",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
    )
    layout = plots.layout(
        70 + 44 * len(gaps),
        legend=plots.ABOVE | {"x": 0},
        xaxis={
            "range": [-0.06, 1.42],
            "tickvals": [0, 0.5, 1],
            "tickformat": ".0%",
            "fixedrange": True,
        },
        yaxis={"type": "category", "autorange": "reversed", "fixedrange": True, "showgrid": False},
    )
    return go.Figure([*lines, *ends, words], layout)
