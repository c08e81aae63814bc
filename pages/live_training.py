"""Live training: a small network learns to withstand attacks, and is attacked on the spot."""

import streamlit as st

from robust_core.dashboard import (
    live_alpha,
    live_controls,
    live_depth,
    live_outcome,
    live_spot,
    live_training,
    navigation,
    share,
)

navigation.inside_app()
left, right = st.columns([1, 2.9], gap="medium")

with left, st.container(key="essentials"):
    st.markdown("#### Live training")
    live_controls.choose_preset(live_training.start)
    method = live_controls.choose_method()
    values = live_controls.choose_numbers(method, first=True)
    pressed = live_controls.offer_training()
with left, st.container(key="more"):
    values |= live_controls.choose_numbers(method, first=False)

plan = live_controls.plan_of(method, values)
if pressed and plan is not None:
    live_training.start(plan)
with right:
    if plan is not None:
        live_training.show_idea(plan)
        live_training.say_changed(live_training.kept(), plan)
        both = live_training.show_training(live_training.kept(), plan)
        if both is not None:
            live_outcome.show_all(*both)
if plan is not None:
    spot = st.container()
    with st.container():
        live_depth.show(plan)
        if plan.method == "fgsm":
            live_alpha.show(plan)
    with spot:
        live_spot.show(both)
share.publish()
