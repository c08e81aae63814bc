"""Black box: an attacker who can only ask, its queries counted, drawn while they are made."""

import streamlit as st

from robust_core.attacks.knowledge import LABELS, TRANSFER
from robust_core.dashboard import controls, left_column, navigation, picture_input, settings
from robust_core.dashboard.black_box import (
    choice,
    costs,
    courses,
    how,
    running,
    start,
    substitute,
    words,
)
from robust_core.dashboard.black_box.shown import Scene
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.topics import transfer
from robust_core.experiment.perform import UNTARGETED

navigation.inside_app()
essentials, more, right = left_column.lay_out("Black box")

with essentials:
    sees = choice.choose_knowledge()
    own = sees == TRANSFER
    model, chosen = left_column.choose_model_and_picture(
        first=substitute.first_model() if own else None
    )
    goal = UNTARGETED if own else choice.choose_goal(model)
    begun = start.choose_start(model, goal) if sees == LABELS else None
    eps = (
        controls.choose_eps(own="transfer_", first=substitute.START_EPS)
        if own
        else controls.choose_eps()
    )
with more:
    picked = [] if own else choice.choose_attacks(sees)
    course = courses.choose_course(model) if own else courses.FEW
    budget = 0 if course.fixes_queries else choice.choose_budget()
    fit = left_column.choose_fit(model, chosen)
with right:
    status = st.container(horizontal=True, vertical_alignment="bottom", key="status")
    stage = st.container()
    terms = costs.choose_terms()
requests = {
    attack.name: choice.make_request(attack, chosen, fit, model, eps, budget, goal, begun)
    for attack in picked
}
taught = substitute.make_request(chosen, fit, model, eps, budget, course) if own else None
settings.publish()

with right:
    here = is_here(model)
    if here and taught is not None:
        with stage:
            learnt = substitute.show(taught, course, status)
        costs.show_lessons(learnt, terms)
        substitute.show_how(taught)
        st.markdown("## Made on one network, sent to another")
        transfer.show_matrix(model.data)
    elif here and not requests:
        stage.info("Choose at least one attack.")
    elif here and (seconds := running.seconds_to_come(requests, model)) is not None:
        parts = running.parts_of(requests)
        if running.is_wanted(parts, seconds):
            with stage:
                found, marks = Scene(sees, requests, status).run()
            costs.show(found, requests, terms)
            st.caption(words.conditions(sees, model, eps, budget, goal, begun))
            how.show(requests, marks)
        else:
            with stage:
                running.offer(parts, words.cost_ahead(len(requests), budget, seconds))
    how.show_link()

left_column.show_credit(chosen)
picture_input.offer_download(model, status)
