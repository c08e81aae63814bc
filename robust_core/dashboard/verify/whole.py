"""A set on the page: proved, unknown and broken against eps, for the ways to train a small network."""

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import plots, together
from robust_core.dashboard.style import ADVERSARIAL, DEFENDED, GREY
from robust_core.dashboard.verify import charts, running
from robust_core.experiment import verifiable
from robust_core.experiment.verified_set import Survey
from robust_core.words.models import title
from robust_core.words.numbers import share

ABREAST = 3
MOST = 500
"""ReLUs of a network that a whole set is bounded for, method by method and radius by radius."""
KEY = f"""<style>
.areas {{ display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; font-size: 0.8125rem; margin: 0; }}
.areas i {{
  display: inline-block; width: 0.9rem; height: 0.75rem; margin-right: 0.35rem; vertical-align: -1px;
}}
.areas .crown {{
  background: radial-gradient(#00000066 1px, transparent 1.5px) 0 0 / 4px 4px, {DEFENDED}8C;
}}
.areas .broken {{
  background: repeating-linear-gradient(-45deg, {ADVERSARIAL} 0 3px, {ADVERSARIAL}99 3px 6px);
}}
</style><p class=areas><span><i style='background: {DEFENDED}'></i>proved by IBP</span>
<span><i class=crown></i>proved by CROWN</span><span><i style='background: {GREY}4D'></i>unknown</span>
<span><i class=broken></i>broken</span><span><i style='background: {GREY}'></i>wrong when clean</span>
</p>"""


def networks() -> list[str]:
    """Those of the zoo for digits that are small enough."""
    return [
        name
        for name, neurons in verifiable.networks().items()
        if neurons <= MOST and zoo.describe(name).data == running.DATA
    ]


def show(eps: float) -> None:
    """Charts side by side, each once its network is done."""
    names = networks()
    st.markdown(f"## A set: {running.SET} digits, one network trained in different ways")
    st.html(KEY)
    columns = st.columns(ABREAST, gap="medium")
    places = [columns[k % ABREAST].empty() for k in range(len(names))]
    status = st.empty()
    parts = {name: running.survey_part(name) for name in names}

    def draw(states: together.States) -> None:
        waiting = [name for name in names if not states[name].ended]
        if waiting:
            done = sum(s.step / s.total if s.total else float(s.ended) for s in states.values())
            status.progress(min(1.0, done / len(names)), "Bounds and attacks on the set")

    states = together.run(parts, draw)
    status.empty()
    for name, place in zip(names, places, strict=True):
        found = states[name].result
        with place.container():
            if isinstance(found, Survey):
                _show(name, found, eps)
            else:
                st.caption(f"{title(name)}: {states[name].refusal}")
    st.caption(
        f"The first {running.SET} test pictures of the digits, Linf. Proved: by IBP, and what CROWN "
        "adds. Broken: "
        "DeepFool, or PGD with 20 steps at every tenth of the line. A small test, made while you wait; "
        "the figures of `python -m robust_core evaluate --suite verification` include integer programs."
    )


def _show(name: str, found: Survey, eps: float) -> None:
    now = found.shares(eps)
    proved = sum(now[m] for m in found.proved)
    st.markdown(f"**{title(name)}**  \n{share(found.clean, 0)} right when clean")
    told = f"At eps {eps:g}: {share(proved, 0)} proved, {share(now['broken'], 0)} broken"
    plots.draw(charts.shares(found, eps), key=f"verify_set_{name}", alt=f"{title(name)}. {told}.")
    st.caption(told + f", {share(now['unknown'], 0)} unknown.")
