"""Dimension: many small changes along the weights add up, in random directions they cancel."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.engine import key_of
from robust_core.papers import GOODFELLOW
from robust_core.toys import dimension as toy
from robust_core.words import citations
from robust_core.words.numbers import in_255ths
from robust_core.words.numbers import number as written

EQUATION = (
    r"w^\top \tilde{x} \;=\; w^\top x + w^\top \eta, \qquad \eta = \varepsilon\,\mathrm{sign}(w) "
    r"\;\Rightarrow\; w^\top\eta = \varepsilon\lVert w\rVert_1 \approx \varepsilon\, m\, n"
)
IDEA = (
    "Equation (1) of deck 002: a linear model's activation changes by w·η. No value moves by more than "
    f"eps, but there are n of them ({citations.markdown(GOODFELLOW)}, section 3). Along **sign(w)** each "
    "one helps: ε·m·n, with m the mean size of a weight, **linear** in n. **Random** signs cancel: only "
    "ε·m·√n. The network of deck 003 looks at 28 × 28 × 3 = 2,352 values: 2,352 times a little is a lot."
)


@dataclass(frozen=True)
class Asked:
    """How many inputs, and how far each may move."""

    n: int
    eps: float


def choose(places: Places) -> Asked:
    """n and eps."""
    with places.essentials:
        n = choose_in_list(
            "Inputs n",
            toy.NUMBERS,
            "dimension_n",
            2352,
            shown=lambda each: f"{each:,}",
            called="Inputs",
            control=st.select_slider,
        )
        st.caption(toy.SIZES.get(n, "No picture has this size here."))
        eps = choose_number(
            "Eps",
            0.001,
            0.1,
            "dimension_eps",
            0.01,
            step=0.001,
            format="%.3f",
            help="The most that one value may change; values are in [0, 1].",
        )
        st.caption(f"{in_255ths(eps)} for each value")
    return Asked(n, eps)


def show(asked: Asked) -> None:
    """The chart of both growths, and one activation with its changes."""
    found = lab.compute(
        key_of(dimension=list(toy.NUMBERS), eps=asked.eps),
        lambda progress: [toy.activation(n, asked.eps) for n in toy.NUMBERS],
        channel="dimension",
        doing="Drawing weights",
    )
    if found is None:
        return
    here = found[toy.NUMBERS.index(asked.n)]
    st.markdown(f"## {told(here)}")
    st.latex(EQUATION)
    chart, side = st.columns([1.6, 1], gap="medium")
    with chart:
        plots.draw(
            growth(found, here),
            key="dimension_growth",
            alt=f"Change of the activation against n, both axes logarithmic. {told(here)}.",
        )
    with side:
        plots.draw(
            bars(here), key="dimension_bars", alt=f"{told(here)}, beside the spread of pictures."
        )
        st.caption(overtaken(asked.eps))
    st.markdown(IDEA)
    st.caption(
        f"Dots: weights drawn from a standard normal distribution, {toy.DRAWS} draws of random signs, "
        "seed 0. Lines: the means that follow, ε n √(2/π) and ε √n √(2/π)."
    )


def told(here: toy.Activation) -> str:
    """Both changes and their ratio."""
    return (
        f"{here.n:,} inputs, each moved by {here.eps:g}: random signs change w·x by "
        f"{written(here.typical)}, sign(w) by {written(here.adversarial)}, "
        f"{written(here.adversarial / here.typical)} times as much"
    )


def overtaken(eps: float) -> str:
    """From where the change is larger than the difference between pictures."""
    n = toy.overtaking(eps)
    return (
        f"From n = {written(n)} on, eps {eps:g} along sign(w) changes the activation by more than its "
        "spread over random pictures, a standard deviation of √(n/12)."
    )


def growth(found: list[toy.Activation], here: toy.Activation) -> go.Figure:
    """Measured and expected change against n, on logarithmic axes."""
    n = [each.n for each in found]
    eps = here.eps
    figure = go.Figure(layout=plots.layout(400))
    lines = (
        ("along sign(w)", toy.expected_adversarial, ADVERSARIAL, "solid"),
        ("random signs", toy.expected_random, GREY, "dash"),
    )
    for name, expected, colour, dash in lines:
        figure.add_scatter(
            x=n,
            y=[expected(each, eps) for each in n],
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            name=name,
            hoverinfo="skip",
        )
    dots = (
        ([each.adversarial for each in found], ADVERSARIAL, "diamond"),
        ([each.typical for each in found], GREY, "circle"),
    )
    for values, colour, symbol in dots:
        figure.add_scatter(
            x=n,
            y=values,
            mode="markers",
            marker={
                "color": colour,
                "symbol": symbol,
                "size": [15 if each == here.n else 8 for each in n],
            },
            showlegend=False,
            hovertemplate="n = %{x:,}: %{y:.3g}<extra></extra>",
        )
    figure.add_vline(x=here.n, line={"color": CLEAN, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(
        type="log",
        title="inputs n",
        tickvals=[10, 100, 2_352, 150_528],
        ticktext=["10", "100", "2,352", "150,528"],
        tickangle=0,
        fixedrange=True,
    )
    powers = range(-4, 6)
    figure.update_yaxes(
        type="log",
        title="change of w·x",
        tickvals=[10.0**k for k in powers],
        ticktext=[f"{10.0**k:,.12g}" for k in powers],
        fixedrange=True,
    )
    return figure


def bars(here: toy.Activation) -> go.Figure:
    """What one picture's activation is like, and what both changes add to it."""
    names = ["spread of pictures", "random signs", "eps sign(w)"]
    values = [toy.expected_spread(here.n), here.typical, here.adversarial]
    figure = go.Figure(layout=plots.layout(230, legend=None, showlegend=False))
    figure.add_bar(
        y=names,
        x=values,
        orientation="h",
        marker={
            "color": [CLEAN, GREY, ADVERSARIAL],
            "pattern": {"shape": ["", "", "/"], "fillmode": "overlay", "solidity": 0.2},
        },
        text=[written(each) for each in values],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
    )
    figure.update_xaxes(
        range=[0, 1.25 * max(values)], title=f"w·x at n = {here.n:,}", **plots.FIXED
    )
    figure.update_yaxes(autorange="reversed", **plots.FIXED)
    return figure
