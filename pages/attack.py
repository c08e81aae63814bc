"""Attack: one picture, one model, one attack, and what it does."""

import streamlit as st

from robust_core.dashboard import (
    controls,
    detector_choice,
    lab,
    left_column,
    model_card,
    navigation,
    picture_input,
    result,
    settings,
)
from robust_core.dashboard.attack import depth, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.goal_choice import choose_goal
from robust_core.dashboard.views import Views

PRIVACY = (
    "Your pictures, and what is computed from them, stay in the memory of the computer that runs Robust "
    "Lab, for your page alone, and are deleted about a minute after it is closed."
)

navigation.inside_app()
essentials, more, right = left_column.lay_out("Attack", shown=False, gap="small")

with essentials:
    model, chosen = left_column.choose_model_and_picture()
with more:
    detector = detector_choice.choose_detector(model)  # decides which attacks are offered
with essentials:
    attack = controls.choose_attack(detector)
    eps = controls.choose_eps(attack)
with more:
    goal = choose_goal(model, attack, chosen.true_label)
    parameters = controls.choose_parameters(attack, eps, detector)
    subject = left_column.choose_subject(model, chosen)
    controls.say_reached(model)  # below what must be on the first screen
    model_card.show_card(model)
with right:
    result_place, strip_place, depth_place = (
        st.container(),
        st.container(key="effects"),
        st.container(),
    )
with strip_place:
    choice = strip.choose(model)
settings.publish()

with result_place:
    experiment = None
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
    try:
        request = subject.request(attack(**parameters), eps, goal, detector)
    except ValueError as error:
        status.error(str(error))
    else:
        strip.make_way(request)
        with status:
            if is_here(model):
                experiment = lab.compute(
                    request.key(),
                    request.work,
                    channel="attack",
                    doing=attack.title,
                    words=lab.steps(request.attack),
                )
    if experiment is None:
        request, experiment = lab.last_result()
    else:
        lab.keep_result(request, experiment)
    with status:
        result.show_badge(experiment)
    views = Views.of(experiment)
    result.show_verdict(request, experiment)
    result.show_pictures(experiment, views)
    detector_choice.show_detection(experiment)
with strip_place:
    rows = strip.show_strip(request, experiment, choice)
with depth_place:
    result.show_conditions(request, experiment)
    result.show_numbers(experiment)
    depth.show_depth(request, experiment, views, rows)

left_column.show_credit(chosen)
picture_input.offer_download(model, status)
st.caption(PRIVACY)
