"""Robustness report: the accuracy of every stored model and defence under attack, from committed tables."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.robustness_report import tabs

navigation.inside_app()
head = st.container(horizontal=True, vertical_alignment="center")
head.markdown(
    "# Robustness report",
    help="Measured on the test set beforehand, never on this page. Each figure names n, eps, norm, steps "
    "and the command that reproduces it.",
    width="content",
)
tabs.show_report(tabs.choose_report(head))
settings.publish()
