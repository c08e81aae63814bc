"""Robustness report: what every stored model and defence leaves of accuracy, from committed tables."""

import streamlit as st

from robust_core.dashboard import navigation, settings
from robust_core.dashboard.robustness_report import tabs

navigation.inside_app()
st.markdown(
    "#### Robustness report",
    help="Measured on the test set, never here and now: each figure names n, eps, norm, steps and the "
    "command that makes it again.",
)
tabs.show_report(tabs.choose_report())
settings.publish()
