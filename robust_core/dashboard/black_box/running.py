"""The runs of the page Black box: each attack and the white-box marks, as parts that run together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from robust_core.attacks import Attack
from robust_core.attacks.knowledge import LABELS
from robust_core.classifier import Classifier
from robust_core.dashboard import lab, pace
from robust_core.dashboard.components import buttons
from robust_core.dashboard.request import Request
from robust_core.dashboard.together import Part
from robust_core.engine import Reporter, key_of
from robust_core.experiment.queried import Queried, query
from robust_core.experiment.with_gradients import Mark, by_distance, by_margin, mark
from robust_core.zoo import Description

BUDGET = 1800.0
"""Seconds that one attack may compute: it shares the machine, and can be stopped."""
AT_ONCE = 60.0
"""Seconds up to which the attacks begin by themselves."""
WHITE = "white-box "
"""How the names of the marks begin."""


def _about(request: Request) -> dict[str, Any]:
    """What is known of the picture, and wanted."""
    return {"label": request.label, "goal": request.goal}


def attack_part(request: Request) -> Part:
    """One attack behind the curtain."""

    def work(progress: Reporter) -> Queried:
        def ask(model: Classifier) -> Queried:
            pixels, about = request.pixels(), _about(request)
            return query(
                model, pixels, request.attack, **about, progress=progress, show=progress.show
            )

        return lab.with_model(request.model.name, ask, progress)

    name = request.attack.name
    return Part(key_of(queried=request.key()), work, f"black box {name}", BUDGET)


def marks_for(requests: Mapping[str, Request]) -> dict[str, Request]:
    """The white-box attacks that the chosen ones are measured by: one for each norm that has a mark."""
    marks: dict[str, Request] = {}
    for request in requests.values():
        white = _mark_of(request.attack, request)
        if white is not None:
            marks.setdefault(WHITE + white.norm, _with(request, white))
    return marks


def _mark_of(attack: Attack, request: Request) -> Attack | None:
    """By what an attack is measured; None for a margin without a radius, which has no bound."""
    if attack.knowledge == LABELS:
        height, width = request.model.input_size
        return by_distance(attack.norm, request.model.channels * height * width)
    eps = attack.parameters.get("eps")
    return None if eps is None else by_margin(attack.norm, eps)


def _with(request: Request, attack: Attack) -> Request:
    return replace(request, attack=attack, start=None)


def mark_part(name: str, request: Request) -> Part:
    """The white-box attack on the same picture."""

    def work(progress: Reporter) -> Mark:
        def measure(model: Classifier) -> Mark:
            return mark(
                model, request.pixels(), request.attack, **_about(request), progress=progress
            )

        return lab.with_model(request.model.name, measure, progress)

    return Part(key_of(marked=request.key()), work, f"black box {name}", BUDGET)


def parts_of(requests: Mapping[str, Request]) -> dict[str, Part]:
    """Everything that is computed, by name; the marks are quick, and come first."""
    marks = {name: mark_part(name, each) for name, each in marks_for(requests).items()}
    return marks | {name: attack_part(each) for name, each in requests.items()}


def seconds_to_come(requests: Mapping[str, Request], model: Description) -> float | None:
    """At most how long the attacks take, one query after the other; None where nothing can be said."""
    each = pace.seconds_a_query(model)
    queries = sum(request.attack.limit or 0 for request in requests.values())
    return None if each is None else each * queries


def is_wanted(parts: Mapping[str, Part], seconds: float) -> bool:
    """Whether they begin by themselves: they are quick, asked for, or done."""
    if seconds <= AT_ONCE:
        return True
    asked = st.session_state.get("_black_box", ())
    return all(key in asked or lab.engine().peek(key) for key in (p.key for p in parts.values()))


def offer(parts: Mapping[str, Part], cost: str) -> None:
    """The button that begins, with what it takes."""
    st.markdown("## Nothing has been asked yet.")
    with st.container(horizontal=True, vertical_alignment="center"):
        buttons.begin("Ask the model", _want, parts, key="black_box_begin", type="primary")
        st.caption(cost)


def _want(parts: Mapping[str, Part]) -> None:
    st.session_state.setdefault("_black_box", set()).update(part.key for part in parts.values())
    for part in parts.values():
        lab.allow(part.key)
