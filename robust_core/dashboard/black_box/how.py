"""How each attack works: its equation, its idea, its paper, and the command that repeats it."""

from collections.abc import Mapping

import streamlit as st

from robust_core.dashboard import settings
from robust_core.dashboard.request import Request
from robust_core.experiment.with_gradients import Mark
from robust_core.goals import Targeted


def show(requests: Mapping[str, Request], marks: Mapping[str, Mark]) -> None:
    """A tab for each attack, and one for the dashed lines."""
    titles = {name: request.attack.title for name, request in requests.items()}
    if not titles:
        return
    st.markdown("## How it works")
    tabs = st.tabs([*titles.values(), *(["With gradients"] if marks else [])])
    for tab, request in zip(tabs, requests.values(), strict=False):
        with tab:
            _show_attack(request)
    if marks:
        with tabs[-1]:
            for mark in marks.values():
                forwards, backwards = mark.passes
                reached = "nothing found" if mark.value is None else f"{mark.value:.3g}"
                given = ", ".join(f"{k} {v:g}" for k, v in _numbers(mark).items())
                st.markdown(
                    f"**{mark.attack.title}**, {given}: {reached}, by {forwards:,} forward and "
                    f"{backwards:,} backward passes. It has the gradients that the others do without. "
                    "This is not a proven bound: an attack by queries may do better."
                )


def _numbers(mark: Mark) -> dict[str, float]:
    kept = ("eps", "steps", "search_steps", "overshoot")
    values = mark.attack.parameters
    return {name: values[name] for name in kept if values.get(name) is not None}


def _show_attack(request: Request) -> None:
    attack = request.attack
    st.latex(attack.formula(isinstance(request.goal, Targeted)))
    st.markdown(type(attack).summary)
    given = ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        for name, value in attack.parameters.items()
        if isinstance(value, int | float)
    )
    st.caption(f"Here: {given}. Other parameters are set on the page Attack.")
    if attack.paper:
        st.markdown(f"[{attack.paper}]({attack.paper.link})")
    st.code(request.command(), language="bash", wrap_lines=True)


def show_link() -> None:
    """The address of the page as it is set now."""
    with st.expander("Link to this page", key="black_box_link"):
        st.code(settings.link(), language=None, wrap_lines=True)
