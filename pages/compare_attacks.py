"""Compare attacks: one picture, one model, every attack, one row each."""

import streamlit as st

from robust_core.dashboard import controls, left_column, navigation, settings
from robust_core.dashboard.compare_attacks import selection
from robust_core.dashboard.compare_attacks.depth import show_depth
from robust_core.dashboard.compare_attacks.rows import show_rows
from robust_core.dashboard.detector_choice import kept_detector
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.goal_choice import choose_goal
from robust_core.dashboard.request import Request
from robust_core.words.threat_model import matches

navigation.inside_app()
essentials, more, right = left_column.lay_out("Compare attacks")

with essentials:
    model, chosen = left_column.choose_model_and_picture()
    eps = controls.choose_eps()
with more:
    goal = choose_goal(model, own=chosen.true_label)
    detector = kept_detector(model)
    picked = selection.choose_attacks()
    wanted = selection.choose_threats(picked)
    subject = left_column.choose_subject(model, chosen)


def request(attack) -> Request:
    """What a row asks for: the same request as the page Attack makes, so that both share the result."""
    parameters = controls.kept_parameters(attack, eps)
    return subject.request(attack(**parameters), eps, goal, detector)


with right:
    rows = selection.make_rows([a for a in picked if matches(a, wanted)], request)
    head = st.empty()
    sort = selection.choose_sort()
settings.publish()

with right:
    selection.say_left_out(picked, rows)
    if rows and is_here(model):
        ordered = selection.in_order(rows, sort)
        done = show_rows(ordered, head)
        selection.sort_anew(ordered, sort)
        if done:
            show_depth(rows, done)

left_column.show_credit(chosen)
