"""Below the grid of defences: how they work, and what broke them. Only the open tab is computed."""

import streamlit as st

from robust_core.dashboard.request import Request
from robust_core.dashboard.topics import (
    adversarial_training,
    arms_race,
    gradient_masking,
    penalty,
    pixeldp,
    saturation,
)

TABS = (
    "Arms race",
    "Gradient masking",
    "Distillation and saturation",
    "Adversarial training",
    "As a penalty",
    "PixelDP",
)


@st.fragment
def show_depth(model_name: str, request: Request | None = None) -> None:
    """The section for the chosen model and, where there is one, the page's request.

    A slider in it reruns it alone, not the page.
    """
    st.markdown("##### How they work, and what broke them")
    parts = (
        lambda: arms_race.show(model_name),
        gradient_masking.show,
        saturation.show,
        lambda: adversarial_training.show(model_name, request),
        penalty.show,
        pixeldp.show,
    )
    for tab, part in zip(st.tabs(TABS, key="defence_depth", on_change="rerun"), parts, strict=True):
        if tab.open:
            with tab:
                part()
