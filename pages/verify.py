"""Verify: what is proved, what is broken, and what nobody knows in between."""

import streamlit as st

from robust_core.dashboard import left_column, navigation, picture_input, settings
from robust_core.dashboard.verify import choice, doubled, plane, shown, whole, words

navigation.inside_app()
essentials, more, right = left_column.lay_out("Verify")

with essentials:
    model, chosen, refused = choice.choose_network_and_picture()
    eps = choice.choose_eps(model)
with more:
    choice.offer_presets()
    fit = left_column.choose_fit(model, chosen)
with right:
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
settings.publish()

with right:
    if refused:
        st.error(refused)
    subject = choice.Subject(chosen, fit, model)
    shown.show(subject, eps)
    doubled.show(subject)
    whole.show(eps)
    plane.show()
    st.markdown("## How it works, and what a proof does not say")
    st.markdown(words.STORY)

left_column.show_credit(chosen)
picture_input.offer_download(model, status)
