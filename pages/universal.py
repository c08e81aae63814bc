"""Universal and stickers: one change for all pictures, fitted once."""

import streamlit as st

from robust_core.dashboard import left_column, navigation, picture_input, settings
from robust_core.dashboard.universal import choice, measured, shown, sticking, toy, words

navigation.inside_app()
essentials, more, right = left_column.lay_out("Universal and stickers")

with essentials:
    kind = choice.choose_kind()
    model, chosen = left_column.choose_model_and_picture()
    asked = choice.choose_fitting(kind, model)
with more:
    start = choice.choose_start(model)
    how = left_column.choose_fit(model, chosen)
with right:
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
settings.publish()

own = chosen.fitted(model, how)
with right:
    found = choice.result(asked, kind, model, status)
    if found is not None:
        if kind == choice.PATCH:
            sticking.show(found.universal, found.digest, model, own, chosen.reference, chosen.owner)
        shown.show(found, model, own, chosen, start)
        st.markdown(words.IDEA)
    measured.show(model.name, patch=kind == choice.PATCH)
    if kind == choice.CHANGE:
        toy.show()

left_column.show_credit(chosen)
picture_input.offer_download(model, status)
