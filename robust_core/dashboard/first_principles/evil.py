"""Being evil: one loss, three derivatives; two of them train the model, the third attacks it."""

from dataclasses import dataclass

import streamlit as st

from robust_core.dashboard import fixed, plots, settings
from robust_core.dashboard.choices import choose_number, choose_one
from robust_core.dashboard.first_principles import evil_charts
from robust_core.dashboard.first_principles.places import Places
from robust_core.dashboard.topics import two_ways
from robust_core.toys import descent
from robust_core.toys import evil as toy
from robust_core.words.numbers import decimal as written

LEARNER, ATTACKER = "learner", "attacker"
SIDES = {LEARNER: "Learner", ATTACKER: "Attacker"}
STEPS = {"slope": "γ · dl/dx", "sign": "ε · sign"}
EPOCHS, MOST = 30, 10
TRAINED = 60
"""Epochs after which the attacker finds the line: it hardly moves any more."""
IDEA = (
    "A line is fitted to points by moving **a** and **b** against the slope of the loss. An attacker can "
    "only move the **input**, and goes up the slope instead: same loss, another variable, the opposite "
    "direction (Châtel, *Adversarial examples in deep learning*, 2017)."
)
SMOOTH = (
    "“The curve needs to be *smooth enough* for the gradient descent to work.” On the left the slope says "
    "where to go. The stairs on the right have the same heights, and a slope of exactly 0 on every step: "
    "nobody moves. A defence that turns the loss into stairs masks its gradient; it does not remove the "
    "hill. *Compare defences* shows this on a network, under Gradient masking."
)


@dataclass(frozen=True)
class Asked:
    """What the controls say; ``point`` counts from 1."""

    attacking: bool
    steps: int
    size: float
    point: int
    sign: bool = False


def choose(places: Places) -> Asked:
    """Whose turn it is, how far, and which point."""
    with places.essentials:
        side = choose_one("Who moves", SIDES, "evil_side", LEARNER, width="stretch")
        if side == LEARNER:
            steps = choose_number("Epochs", 0, EPOCHS, "evil_epochs", 12)
            point = choose_number("Point looked at", 1, toy.POINTS, "evil_point", 10)
            size = choose_number("Rate γ", 0.01, 0.5, "evil_rate", 0.1, called="Rate", step=0.01)
            st.caption(
                f"Below 1/L = {toy.largest_rate(toy.points()[0]):.2f} each epoch lowers the loss."
            )
            return Asked(False, steps, size, point)
        steps = choose_number("Steps", 0, MOST, "evil_steps", 8)
        point = choose_number("Point attacked", 1, toy.POINTS, "evil_point", 10)
        kind = choose_one("Each step", STEPS, "evil_step", "slope", width="stretch")
        size = choose_number(
            "Size γ or ε", 0.02, 0.3, "evil_size", 0.1, called="Size of a step", step=0.02
        )
        return Asked(True, steps, size, point, kind == "sign")


def show(asked: Asked) -> None:
    """The line and the points, the three derivatives, and what a smooth curve is good for."""
    x, y = toy.points()
    k = asked.point - 1
    if asked.attacking:
        line = toy.learn(x, y, toy.BAD, 0.1, TRAINED)[-1]
        path = toy.attack(line, x[k], y[k], asked.size, asked.steps, sign=asked.sign)
        history = [float(line.loss(each, y[k])) for each in path]
    else:
        lines = toy.learn(x, y, toy.BAD, asked.size, asked.steps)
        line, path = lines[-1], [float(x[k])]
        history = [toy.mean_loss(each, x, y) for each in lines]
    st.markdown(f"## {told(asked, history, path)}")
    chart, side = st.columns([1.5, 1], gap="medium")
    with chart:
        before = None if asked.attacking else toy.BAD
        plots.draw(
            evil_charts.plane(x, y, line, path, k, float(y[k]), before),
            key="evil_plane",
            alt=f"Points, the line y = {line.a:.2f} x + {line.b:.2f}, and the residual of point {k + 1}.",
        )
    with side:
        st.html(evil_charts.table(line, path[-1], float(y[k]), attacking=asked.attacking))
        plots.draw(
            evil_charts.losses(history, attacking=asked.attacking),
            key="evil_losses",
            alt=f"The loss, from {written(history[0])} to {written(history[-1])}.",
        )
    st.markdown(IDEA)
    _show_onward()
    st.markdown("## Smooth enough?")
    st.markdown(SMOOTH)
    for column, (name, curve, slope) in zip(
        st.columns(2, gap="medium"),
        (
            ("smooth", descent.smooth, descent.slope),
            ("stairs", descent.stairs, descent.flat),
        ),
        strict=True,
    ):
        with column:
            two_ways.show(name, curve, slope)


def told(asked: Asked, history: list[float], path: list[float]) -> str:
    """The result in a sentence."""
    first, last = (written(each) for each in (history[0], history[-1]))
    if not asked.attacking:
        if not asked.steps:
            return f"Before learning: the mean loss is {last}"
        grew = "grew" if history[-1] > history[0] else "fell"
        return f"{asked.steps} epochs: the line moves, the mean loss {grew} from {first} to {last}"
    if not asked.steps:
        return f"The line stays. Point {asked.point} has a loss of {last}"
    way = path[-1] - path[0]
    where = "right" if way > 0 else "left"
    return (
        f"The line stays, point {asked.point} moves {written(abs(way))} to the {where}: its loss grows "
        f"from {first} to {last}"
    )


def _show_onward() -> None:
    """The same for pictures: frame by frame here, and on the page Attack."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "The same on a picture, in six frames",
            key="evil_to_fgsm",
            on_click=settings.choose,
            args=("idea", "fgsm"),
            disabled=fixed.locked("idea"),
            icon=":material/filter_6:",
        )
        st.page_link(
            "pages/attack.py",
            label="FGSM on the page Attack",
            icon=":material/bolt:",
            query_params={"attack": "fgsm"},
        )
