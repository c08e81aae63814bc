"""Compare defences: one picture, one attack, every defence against unaware and aware attackers."""

import streamlit as st

from robust_core.dashboard import controls, left_column, navigation, settings
from robust_core.dashboard.compare_defenses import depth, rows, selection
from robust_core.dashboard.defense_choice import choose_defenses
from robust_core.dashboard.detector_choice import kept_detector
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.goal_choice import choose_goal
from robust_core.dashboard.topics import tabs

navigation.inside_app()
essentials, more, right = left_column.lay_out("Compare defences")

with essentials:
    model, chosen = left_column.choose_model_and_picture(selection.PICTURE)
    detector = kept_detector(model)
    attack = controls.choose_attack(detector, start="pgd")
    eps = controls.choose_eps(attack)
with more:
    goal = choose_goal(model, attack, chosen.true_label)
    kinds = choose_defenses(model, "defenses", selection.QUICK)
    subject = left_column.choose_subject(model, chosen)

lines = request = None
with right:
    with st.container(key="defended_head"):
        head = st.empty()
    try:
        parameters = controls.kept_parameters(attack, eps, detector)
        request = subject.request(attack(**parameters), eps, goal, detector)
    except ValueError as error:
        st.error(str(error))
    else:
        with st.container():  # the heads of its columns end with it
            undefended, lines = rows.lay_out(kinds, request)
settings.publish()

with right:
    if not kinds:
        st.info("Choose at least one defence.")
    if lines is not None and is_here(model):
        experiment = rows.fill(undefended, lines, head)
        if experiment is not None:
            depth.show_depth(undefended, experiment, lines)

tabs.show_depth(model.name, request)

left_column.show_credit(chosen)
