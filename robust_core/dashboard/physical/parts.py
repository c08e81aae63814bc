"""The parts of the page: which controls each needs on the left, and what draws it."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import controls, left_column
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.physical import (
    camera,
    camouflage,
    photographs,
    plausible,
    printing,
    street,
    turning,
)
from robust_core.dashboard.request import Chosen
from robust_core.zoo import Description

SIGNS = "signs"
TITLES = {
    SIGNS: "Signs in a street",
    "turning": "Turning",
    "photograph": "Through a photograph",
    "camouflage": "Camouflage",
    "plausible": "Are they plausible?",
    "print": "Print it",
    "camera": "Show it to the camera",
}
PICTURED: dict[str, Callable[[Description, Chosen, str], None]] = {
    "turning": turning.draw,
    "photograph": photographs.draw,
    "camouflage": camouflage.draw,
}
"""Parts about a picture, as a model sees it."""
MODELLED: dict[str, Callable[[Description], None]] = {
    "print": printing.draw,
    "camera": camera.draw,
}
"""Parts about a model alone."""


def draw(essentials: DeltaGenerator, more: DeltaGenerator, right: DeltaGenerator) -> None:
    """The row of parts, and the one that is chosen with the controls that it needs."""
    with right:
        status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
        part = choose_one("What happens to the picture", TITLES, "part", SIGNS)
    if part in PICTURED:
        left_column.about_a_picture(essentials, more, right, status, PICTURED[part])
    elif part in MODELLED:
        with essentials:
            model = controls.choose_model()
        with right:
            MODELLED[part](model)
    else:
        with right:
            plausible.draw() if part == "plausible" else street.draw(essentials, more)
