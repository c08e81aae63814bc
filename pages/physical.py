"""Physical world: what is left of an attack once it is printed, turned, photographed."""

import streamlit as st

from robust_core.dashboard import left_column, navigation, picture_input, settings
from robust_core.dashboard.physical import parts

navigation.inside_app()
essentials, more, right = left_column.lay_out("Physical world")

with essentials:
    model, chosen = left_column.choose_model_and_picture()
with more:
    how = left_column.choose_fit(model, chosen)
with right:
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
    part = parts.choose()
    parts.DRAWN[part](model, chosen, how)
settings.publish()

left_column.show_credit(chosen)
picture_input.offer_download(model, status)
