"""The parts of the page: what varies, which controls that needs on the left, and what draws it."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import left_column, picture_input
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.natural_robustness import picture
from robust_core.dashboard.subject import Subject

PICTURE = "picture"
TITLES = {PICTURE: "A picture"}
STATEMENT = (
    "**The model's prediction should be stable to small variations in the input.** Nobody needs to know "
    "the right answer to test that: whatever $f$ says of $x$, it should say of the changed $T_s(x)$ too, "
    "$f(T_s(x)) = f(x)$, at every strength $s$ at which a person still sees the same. Such a test of two "
    "answers against each other is called **metamorphic**."
)


def draw(essentials: DeltaGenerator, more: DeltaGenerator, right: DeltaGenerator) -> None:
    """The statement, the row of parts, and the one that is chosen with the controls that it needs."""
    with right:
        status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
        st.markdown(STATEMENT)
        choose_one("What varies", TITLES, "vary", PICTURE)
    with essentials:
        model, chosen = left_column.choose_model_and_picture()
    with more:
        how = left_column.choose_fit(model, chosen)
    with right:
        picture.draw(Subject(model, chosen, how), status)
    left_column.show_credit(chosen)
    picture_input.offer_download(model, status)
