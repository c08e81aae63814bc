"""One picture under natural changes, as charts: a curve for one change, and a table of all."""

from collections.abc import Mapping

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN
from robust_core.experiment.swept import Swept
from robust_core.natural.changes import CHANGES
from robust_core.words.numbers import share

HEIGHT = 380
TINTS = {True: "#C7DFEE", False: "#F6D5BD"}
"""Behind an answer that stays, and one that does not: blue and vermillion, pale by day and by night."""
INK = {"size": plots.TEXT, "color": "#1F1F1F"}
LONGEST = 12
"""Letters of a class in a cell."""


def confidence(found: Swept, classes: tuple[str, ...]) -> go.Figure:
    """Confidence in the first answer over strength; where the answer is another, another marker."""
    kind = CHANGES.get(found.change)
    figure = go.Figure(layout=plots.layout(HEIGHT))
    places = [k / 2 for k in range(len(found.looks))]
    figure.add_scatter(
        x=places,
        y=[look.first for look in found.looks],
        mode="lines",
        line={"color": CLEAN, "width": 2.5},
        hoverinfo="skip",
        showlegend=False,
    )
    for stays, name, colour, symbol in (
        (True, "same answer", CLEAN, "circle"),
        (False, "another answer", ADVERSARIAL, "x"),
    ):
        marked = [k for k, look in enumerate(found.looks) if (look.said == found.label) is stays]
        looks = [found.looks[k] for k in marked]
        figure.add_scatter(
            x=[places[k] for k in marked],
            y=[look.first for look in looks],
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 10},
            text=[
                f"{kind.words(look.strength)}: {classes[look.said]} {share(look.confidence)}"
                for look in looks
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    ends = (0.0, *kind.strengths)
    figure.update_xaxes(
        tickvals=list(range(len(ends))),
        ticktext=["none", *(kind.words(s).removeprefix("quality ") for s in kind.strengths)],
        range=[-0.2, len(ends) - 0.8],
        title=f"{kind.title}: {kind.axis}",
        **plots.FIXED,
    )
    figure.update_yaxes(range=[-0.04, 1.05], tickformat=".0%", **plots.FIXED)
    return figure


def glance(found: Mapping[str, Swept], classes: tuple[str, ...]) -> go.Figure:
    """A row for each change, a cell for each strength: a tick, or what the answer becomes."""
    rows = list(found.values())[::-1]
    same = [[float(look.said == one.label) for look in one.marked[1:]] for one in rows]
    texts = [
        ["✓" if look.said == one.label else _cut(classes[look.said]) for look in one.marked[1:]]
        for one in rows
    ]
    scale = [[0, TINTS[False]], [1, TINTS[True]]]
    figure = go.Figure(
        plots.values_in_cells(
            same,
            texts,
            x=["mild", "2", "3", "4", "severe"],
            y=[CHANGES.get(one.change).title for one in rows],
            colorscale=scale,
            textfont=INK,
            hoverinfo="skip",
        ),
        plots.layout(HEIGHT, legend=None),
    )
    figure.update_xaxes(side="top", type="category", **plots.FIXED)
    figure.update_yaxes(**plots.FIXED)
    return figure


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
