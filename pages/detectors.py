"""Detectors: networks that say whether a picture is adversarial, and attacks that know of them."""

import streamlit as st

from robust_core.dashboard import controls, detector_choice, navigation, picture_input, settings
from robust_core.dashboard.detectors import deflected as detectors_deflected
from robust_core.dashboard.detectors import duel as detectors_duel
from robust_core.dashboard.detectors import measured as detectors_measured
from robust_core.dashboard.detectors import overlap
from robust_core.dashboard.detectors import reject as detectors_reject
from robust_core.dashboard.detectors import scores as detectors
from robust_core.dashboard.detectors import study as detectors_study

navigation.inside_app()
left, right = st.columns([1, 2.9], gap="medium")

with left, st.container(key="essentials"):
    st.markdown("#### Detectors")
    place_of_picture = st.container(gap="small")
    model = controls.choose_model()
    with place_of_picture:
        chosen = picture_input.choose_picture(model)
    attack = detectors.choose_attack()
    eps = controls.choose_eps(attack, **detectors.EPS.get(model.family, detectors.SMALL))
with left, st.container(key="more"):
    fits = chosen.picture.pixels.shape[:2] == model.input_size
    how = "crop" if fits else picture_input.choose_fit()

found = detector_choice.entries_of(model.name)
with right:
    point = None
    if detectors.has_points(found):
        point = detectors.show_architecture(found, classes=10)
    else:
        detectors_deflected.show_idea(found)
    scores, duel = st.container(key="scores"), st.container(key="duel_section")
measured, reject, toy, deflected, study = (st.container() for _ in range(5))
with duel:
    choice = detectors_duel.choose(found, model.name) if found else None
    answers = st.container()
with reject:
    policy = detectors_reject.choose()

with scores:
    try:
        request = detectors.request_of(chosen, how, model, attack, eps)
    except ValueError as error:
        st.error(f"{error}.")
        request = None
    if not found:
        detectors.offer_model(model)
    elif request:
        detectors.show_scores(request, found, point)
with answers:
    if request and choice:
        detectors_duel.show(detectors_duel.request_of(request, choice, eps), choice, found)
with measured:
    detectors_measured.show()
with reject:
    if policy:
        detectors_reject.show(policy)
with deflected:
    detectors_deflected.show(model.name)
with toy:
    overlap.show()
with study:
    detectors_study.show()
settings.publish()

if chosen.credit:
    st.caption(f"Picture: {chosen.credit} [Source]({chosen.link})")
