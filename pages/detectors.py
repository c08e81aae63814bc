"""Detectors: networks that say whether a picture is adversarial, and attacks that target them."""

import streamlit as st

from robust_core.dashboard import controls, detector_choice, left_column, navigation, settings
from robust_core.dashboard.detectors import (
    deflected,
    duel,
    measured,
    overlap,
    reject,
    safetynet,
    scores,
    study,
)
from robust_core.dashboard.detectors import (
    point as what_is_the_point,
)

navigation.inside_app()
essentials, more, right = left_column.lay_out("Detectors")

with essentials:
    model, chosen = left_column.choose_model_and_picture(detected=True)
    attack = scores.choose_attack()
    eps = controls.choose_eps(attack, **scores.start_of_eps(model))
with more:
    how = left_column.choose_fit(model, chosen)

found = detector_choice.entries_of(model.name)
with right:
    point = None
    if scores.has_points(found):
        point = scores.show_architecture(found, model)
    else:
        deflected.show_idea(found)
    scores_place = st.container(key="scores")
    duel_place = st.container(key="duel_section")
below = {
    name: st.container() for name in ("measured", "rejection", "overlap", "deflected", "study")
}
# Controls come before anything is computed, so that all of them stay in place while it runs.
with duel_place:
    choice = duel.choose_duel(found, model.name) if found else None
    answers = st.container()
with below["rejection"]:
    policy = reject.choose_policy()

with scores_place:
    try:
        request = scores.request_of(chosen, how, model, attack, eps)
    except ValueError as error:
        st.error(f"{error}.")
        request = None
    if not found:
        scores.offer_model(model)
    elif request:
        scores.show_scores(request, found, point)
with answers:
    if request and choice:
        duel.show_duel(duel.request_of(request, choice, eps), choice, found)
with below["measured"]:
    measured.show_measured(model.name)
with below["rejection"]:
    if policy:
        reject.show_rejection(policy)
with below["deflected"]:
    deflected.show_deflected(model.name)
    what_is_the_point.show()
with below["overlap"]:
    overlap.show_overlap()
with below["study"]:
    safetynet.show(found)
    study.show_study(model)
settings.publish()

left_column.show_credit(chosen)
