"""Evaluate: a model on a labelled set, yours or one that is here: clean, attacked, defended."""

import streamlit as st

from robust_core.dashboard import controls, left_column, navigation, picture_input, settings
from robust_core.dashboard.evaluate import choice, gone, pictures, results
from robust_core.dashboard.fetching import is_here

navigation.inside_app()
gone.note()
essentials, more, right = left_column.lay_out("Evaluate")

with essentials:
    model = controls.choose_model(first="digits-cnn")
    source = pictures.choose_source(model)
    count = pictures.choose_count(model)
with more:
    wanted = choice.choose_what(model)
with right:
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
settings.publish()

with right:
    gone.say()
    here = is_here(model)
    if here and source is None:
        results.explain()
    elif here:
        results.show(model, source, count, wanted, status)

picture_input.offer_download(model, status)
