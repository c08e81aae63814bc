"""Compare attacks: one picture, one model, every attack, one row each."""

import streamlit as st

from robust_core.dashboard import (
    area_choice,
    controls,
    detector_choice,
    lab,
    left_column,
    navigation,
    settings,
)
from robust_core.dashboard.compare_attacks import selection
from robust_core.dashboard.compare_attacks.depth import show_depth
from robust_core.dashboard.compare_attacks.rows import show_rows
from robust_core.dashboard.request import Request
from robust_core.words.threat_model import matches

navigation.inside_app()
essentials, more, right = left_column.lay_out("Compare attacks")

with essentials:
    model, chosen = left_column.choose_model_and_picture()
    eps = controls.choose_eps()
with more:
    goal = controls.choose_goal(model, own=chosen.true_label)
    detector = detector_choice.kept_detector(model)
    picked = selection.choose_attacks()
    wanted = selection.choose_threats(picked)
    how = left_column.choose_fit(model, chosen)
    area = area_choice.choose_area(model, chosen, how)


def request(attack) -> Request:
    """What a row asks for: the same request as the page Attack makes, so that both share the result."""
    run = controls.with_eps(attack(**controls.kept_parameters(attack, eps)), eps, model)
    return Request(chosen, how, model, run, goal, shown_eps=eps, detector=detector, area=area)


with right:
    rows = selection.make_rows([a for a in picked if matches(a, wanted)], request)
    head = st.empty()
    sort = selection.choose_sort()
settings.publish()

with right:
    selection.say_left_out(picked, rows)
    if rows and not lab.fetch_model(model.name):
        lab.offer_bundled(model)
    elif rows:
        ordered = selection.in_order(rows, sort)
        done = show_rows(ordered, head)
        selection.sort_anew(ordered, sort)
        if done:
            show_depth(rows, done)

left_column.show_credit(chosen)
