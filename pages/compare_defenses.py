"""Compare defences: one picture, one attack, every defence; the attacker knows of it, or does not."""

import streamlit as st

from robust_core.dashboard import (
    controls,
    detector_choice,
    lab,
    navigation,
    picture_input,
    settings,
)
from robust_core.dashboard.compare_defenses import rows, selection
from robust_core.dashboard.request import Request
from robust_core.dashboard.topics import tabs

navigation.inside_app()
left, right = st.columns([1, 2.9], gap="medium")

with left, st.container(key="essentials"):
    st.markdown("#### Compare defences")
    place_of_picture = st.container(gap="small")
    model = controls.choose_model()
    detector = detector_choice.kept_detector(model)
    with place_of_picture:
        chosen = picture_input.choose_picture(model)
    attack = controls.choose_attack(detector, start="pgd")
    eps = controls.choose_eps(attack)
with left, st.container(key="more"):
    goal = controls.choose_goal(model, attack)
    kinds = selection.choose_defenses(model)
    fits = chosen.picture.pixels.shape[:2] == model.input_size
    how = "crop" if fits else picture_input.choose_fit()

lines = request = None
with right:
    head = st.empty()
    try:
        parameters = controls.kept_parameters(attack, eps, detector)
        run = controls.with_eps(attack(**parameters), eps, model)
        # The very request of the page Attack, so that both share the result.
        request = Request(chosen, how, model, run, goal, shown_eps=eps, detector=detector)
    except ValueError as error:
        st.error(str(error))
    else:
        undefended, lines = rows.lay_out(kinds, request)
settings.publish()

with right:
    if not kinds:
        st.info("Choose at least one defence.")
    if lines is not None:
        if lab.fetch_model(model.name):
            rows.fill(undefended, lines, head)
        else:
            lab.offer_bundled()

tabs.show_depth(model.name, request)

if chosen.credit:
    st.caption(f"Picture: {chosen.credit} [Source]({chosen.link})")
