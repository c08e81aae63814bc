"""Compare defences: one picture, one attack, every defence against unaware and aware attackers."""

import streamlit as st

from robust_core.dashboard import (
    area_choice,
    controls,
    defense_choice,
    detector_choice,
    lab,
    left_column,
    navigation,
    settings,
)
from robust_core.dashboard.compare_defenses import depth, rows, selection
from robust_core.dashboard.request import Request
from robust_core.dashboard.topics import tabs

navigation.inside_app()
essentials, more, right = left_column.lay_out("Compare defences")

with essentials:
    model, chosen = left_column.choose_model_and_picture(selection.PICTURE)
    detector = detector_choice.kept_detector(model)
    attack = controls.choose_attack(detector, start="pgd")
    eps = controls.choose_eps(attack)
with more:
    goal = controls.choose_goal(model, attack, chosen.true_label)
    kinds = defense_choice.choose_defenses(model, "defenses", selection.QUICK)
    how = left_column.choose_fit(model, chosen)
    area = area_choice.choose_area(model, chosen, how)

lines = request = None
with right:
    with st.container(key="defended_head"):
        head = st.empty()
    try:
        parameters = controls.kept_parameters(attack, eps, detector)
        run = controls.with_eps(attack(**parameters), eps, model)
        # The same request as the page Attack makes, so that both share the result.
        request = Request(
            chosen, how, model, run, goal, shown_eps=eps, detector=detector, area=area
        )
    except ValueError as error:
        st.error(str(error))
    else:
        with st.container():  # the heads of its columns end with it
            undefended, lines = rows.lay_out(kinds, request)
settings.publish()

with right:
    if not kinds:
        st.info("Choose at least one defence.")
    if lines is not None:
        if lab.fetch_model(model.name):
            experiment = rows.fill(undefended, lines, head)
            if experiment is not None:
                depth.show_depth(undefended, experiment, lines)
        else:
            lab.offer_bundled(model)

tabs.show_depth(model.name, request)

left_column.show_credit(chosen)
