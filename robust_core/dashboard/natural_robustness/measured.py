"""The committed rows: accuracy under natural changes, of networks trained in three ways."""

import plotly.graph_objects as go
import streamlit as st

from robust_core import data
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, DEFENDED, GREY
from robust_core.evaluation.natural import plan, results
from robust_core.evaluation.natural.results import Report, mean_accuracy
from robust_core.natural.changes import CHANGES
from robust_core.words.numbers import share
from robust_core.zoo import Description

LOOKS = (
    ("plain training", GREY, "solid", "circle"),
    ("adversarial training", ADVERSARIAL, "dash", "diamond"),
    ("trained under Gaussian noise", DEFENDED, "dot", "square"),
)
"""Of the networks of a data set, in the order of the plan."""


def show(model: Description, change: str) -> None:
    """The curves of one change and the means of all, on the model's data set, else on CIFAR-10."""
    report = results.report()
    there = [part for part in plan.PARTS if report.models(part)]
    st.markdown("## Over a test set: which training helps against which change?")
    if not there:
        st.info(f"Not measured yet. Measure it with `{plan.COMMAND}`.")
        return
    part = model.data if model.data in there else there[0]
    assert part is not None
    names = report.models(part)
    st.markdown(f"### {summary(report, names)}")
    left, right = st.columns([1, 1.1], gap="medium")
    with left:
        kind = CHANGES.get(change)
        most = f"{kind.words(kind.strengths[-1])} {kind.axis}"
        st.markdown(f"**{kind.title}**, up to {most}")
        plots.draw(
            curves(report, names, change),
            key="natural_curves",
            alt="; ".join(_curve_words(report, name, change) for name in names),
        )
    with right:
        st.markdown("**Every change**, mean over its five strengths")
        plots.draw(means(report, names), key="natural_means", alt=_mean_words(report, names))
    row = report.of(names[0])[change]
    others = "" if part == model.data else f" There are no figures for {model.name}."
    st.caption(
        f"{data.get(part).title}: {', '.join(names)}; {row.n} test pictures, evenly spread, one draw of "
        f"fog, rain and noise, seed 0. Changes and strengths are ours: compare networks with each other, "
        f"not with published benchmarks.{others} Made by: `{report.command} --part {part}`."
    )


def look_of(name: str) -> tuple[str, str, str, str]:
    """Words, colour, dash and marker of a network."""
    order = next(names for names in plan.MODELS.values() if name in names)
    return LOOKS[order.index(name)]


def summary(report: Report, names: list[str]) -> str:
    """Mean accuracy over all changes beside the clean one, of each network."""
    told = []
    for name in names:
        rows = list(report.of(name).values())
        clean = share(rows[0].clean / rows[0].n, 0)
        told.append(f"{look_of(name)[0]} {share(mean_accuracy(rows), 0)} (clean {clean})")
    return f"Mean accuracy over {len(CHANGES)} changes: {', '.join(told)}."


def _points(report: Report, name: str, change: str) -> list[float]:
    row = report.of(name)[change]
    return [count / row.n for count in (row.clean, *row.right)]


def _curve_words(report: Report, name: str, change: str) -> str:
    shares = ", ".join(share(each, 0) for each in _points(report, name, change))
    return f"{look_of(name)[0]}: {shares}"


def _mean_words(report: Report, names: list[str]) -> str:
    return "; ".join(
        f"{kind.title}: "
        + ", ".join(
            f"{look_of(name)[0]} {share(report.of(name)[kind.name].mean, 0)}" for name in names
        )
        for kind in CHANGES
    )


def curves(report: Report, names: list[str], change: str) -> go.Figure:
    """Accuracy by strength, a line for each network."""
    figure = go.Figure(layout=plots.layout(380))
    for name in names:
        words, colour, dash, symbol = look_of(name)
        figure.add_scatter(
            x=["none", "mild", "2", "3", "4", "severe"],
            y=_points(report, name, change),
            name=words,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"symbol": symbol, "size": 8},
            hovertemplate=f"%{{x}}: %{{y:.1%}}<extra>{words}</extra>",
        )
    figure.update_xaxes(type="category", **plots.FIXED)
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%", title="accuracy", **plots.FIXED)
    return figure


def means(report: Report, names: list[str]) -> go.Figure:
    """A row for each change, a cell for each network."""
    rows = list(CHANGES)[::-1]
    values = [[report.of(name)[kind.name].mean for name in names] for kind in rows]
    texts = [[share(value, 0) for value in line] for line in values]
    figure = go.Figure(
        plots.values_in_cells(
            values,
            texts,
            x=[
                look_of(name)[0].replace(" training", "<br>training").replace(" under", "<br>under")
                for name in names
            ],
            y=[kind.title for kind in rows],
            hovertemplate="%{y}: %{text}<extra></extra>",
        ),
        plots.layout(380, legend=None),
    )
    figure.update_xaxes(side="top", type="category", **plots.FIXED)
    figure.update_yaxes(**plots.FIXED)
    return figure
