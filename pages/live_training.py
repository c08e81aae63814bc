"""Live training: a small network learns to withstand attacks, and is then attacked on the page."""

import streamlit as st

from robust_core.dashboard import left_column, navigation, settings
from robust_core.dashboard.live_training import alpha, controls, depth, outcome, spot, training

navigation.inside_app()
essentials, more, right = left_column.lay_out("Live training")

with essentials:
    controls.choose_preset(training.start)
    method = controls.choose_method()
    values = controls.choose_numbers(method, first=True)
    pressed = controls.offer_training()
with more:
    values |= controls.choose_numbers(method, first=False)

plan = controls.plan_of(method, values)
training.recall()
if pressed and plan is not None:
    training.start(plan)
with right:
    verdict = st.container(key="live_verdict")
    if plan is not None:
        shown = training.kept()
        with verdict:
            training.say_changed(shown, plan)
            if shown is not None and not training.is_ready(shown):
                st.empty()  # the sentence of the training before it
        training.show_idea(plan)
        both = training.show_training(shown, plan)
        if both is not None:
            training.remember(both[0])
            outcome.show_results(*both, verdict)
if plan is not None:
    place_of_spot = st.container()
    with st.container():
        depth.show_step(plan)
        if plan.method == "fgsm":
            alpha.show_alphas(plan)
    with place_of_spot:
        spot.show_spot_attack(both)
settings.publish()
