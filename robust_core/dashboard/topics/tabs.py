"""Below the grid of defences: how they work, and what broke them. Only the open tab is computed."""

import streamlit as st

from robust_core.dashboard import opened
from robust_core.dashboard.request import Request
from robust_core.dashboard.topics.adversarial_training import show_adversarial_training
from robust_core.dashboard.topics.arms_race import show_arms_race
from robust_core.dashboard.topics.gradient_masking import show_gradient_masking
from robust_core.dashboard.topics.penalty import show_penalty
from robust_core.dashboard.topics.pixeldp import show_pixeldp
from robust_core.dashboard.topics.saturation import show_saturation

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

    Its sliders rerun only this section, not the page.
    """
    st.markdown("## How they work, and what broke them")
    parts = (
        lambda: show_arms_race(model_name),
        show_gradient_masking,
        show_saturation,
        lambda: show_adversarial_training(model_name, request),
        show_penalty,
        show_pixeldp,
    )
    opened.draw_open(dict(zip(TABS, parts, strict=True)), "defense_depth")
