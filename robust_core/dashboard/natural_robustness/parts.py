"""The parts of the page: what varies, which controls that needs on the left, and what draws it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import left_column
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.natural_robustness import picture, signal, text
from robust_core.dashboard.subject import Subject

PICTURE, TEXT, SIGNAL = "picture", "text", "signal"
TITLES = {PICTURE: "A picture", TEXT: "A text", SIGNAL: "A signal"}
STATEMENT = (
    "**The model's prediction should be stable to small variations in the input.** To test that, you need "
    "not know the right answer: what $f$ says of $x$, it should also say of the changed $T_s(x)$, "
    "$f(T_s(x)) = f(x)$, at every strength $s$ at which a person still sees the same. Such a test of two "
    "answers against each other is called **metamorphic**."
)


def draw(essentials: DeltaGenerator, more: DeltaGenerator, right: DeltaGenerator) -> None:
    """The statement, the row of parts, and the one that is chosen with the controls that it needs."""
    with right:
        st.markdown(STATEMENT)
        row = st.container(horizontal=True, vertical_alignment="bottom")
        with row:
            part = choose_one("What varies", TITLES, "vary", PICTURE, label_visibility="collapsed")
            status = st.container(width="stretch")
    if part == TEXT:
        text.draw(essentials, right, status)
    elif part == SIGNAL:
        signal.draw(essentials, right, status)
    else:
        left_column.about_a_picture(
            essentials,
            more,
            right,
            status,
            lambda model, chosen, how: picture.draw(Subject(model, chosen, how), status),
        )
