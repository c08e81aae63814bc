"""The goals as predicates, each pursued on one picture: what it asks, and what came of it."""

from dataclasses import dataclass, replace
from html import escape

import numpy as np
import streamlit as st

from robust_core import attacks, zoo
from robust_core.dashboard import controls, goal_choice, lab, picture_input
from robust_core.dashboard.request import Request
from robust_core.dashboard.views import Views
from robust_core.data import samples
from robust_core.experiment.perform import Experiment
from robust_core.goals import ConfidenceReduction, Goal, SourceTarget, Towards, Untargeted
from robust_core.words.numbers import on_both_scales, percents
from robust_core.words.verdict import said

MODEL = zoo.names()[0]
ATTACK = "bim"
EPS = controls.EPS_CHOICES[0]
DOWN_TO = 0.55
DECK = (0.90, DOWN_TO)
"""The bar that deck 003 draws for less confidence."""
CSS = """<style>
.fall { display: grid; grid-template-columns: 3.2rem 1fr 5.2rem; gap: 0.15rem 0.6rem; align-items: center;
  font-size: 0.8125rem; }
.fall i { position: relative; height: 0.8rem;
  background: color-mix(in srgb, currentColor 9%, transparent); }
.fall i b { position: absolute; inset: 0 auto 0 0; background: #0072B2; }
.fall i b.after { background: repeating-linear-gradient(-45deg, #D55E00 0 4px, #D55E0080 4px 7px); }
</style>"""


@dataclass(frozen=True)
class Asked:
    """A goal in words and as a predicate of the probabilities p before and p' after."""

    title: str
    words: str
    predicate: str
    goal: Goal
    option: str
    """What it is called in the list of goals on Attack."""


def asked(own: int, other: int, names: tuple[str, ...]) -> list[Asked]:
    """The four goals for a picture of class ``own``; ``other`` is the class to reach."""
    return [
        Asked(
            "Less confidence",
            "The label may stay; the model is only to be less sure of it.",
            r"p'_c \le 0.55, \quad c = \arg\max p",
            ConfidenceReduction(threshold=DOWN_TO),
            ConfidenceReduction.name,
        ),
        Asked(
            "Untargeted", "Any other class.", r"\arg\max p' \ne y", Untargeted(), Untargeted.name
        ),
        Asked(
            "Targeted",
            f"One class, t, for every picture: here {names[other]}.",
            r"\arg\max p' = t",
            Towards(other),
            names[other],
        ),
        Asked(
            "Source-target",
            f"One class, t, for pictures of one other class, s: here {names[own]} to {names[other]}. All "
            "others are left as they are.",
            r"y = s \;\Rightarrow\; \arg\max p' = t",
            SourceTarget(own, other),
            SourceTarget.name,
        ),
    ]


def request() -> Request:
    """The bundled picture and model that Attack opens with, under BIM."""
    model = zoo.describe(MODEL)
    chosen = picture_input.of_sample(samples.catalogue(model.family)[0])
    run = controls.with_eps(attacks.get(ATTACK)(), EPS, model)
    return Request(chosen, "crop", model, run, shown_eps=EPS)


def show() -> None:
    """Four cards, computed as one looks."""
    page = request()
    names, own = page.model.class_names, page.label or 0
    other = (own + 1) % len(names)
    st.markdown("## Four goals, each on the same picture")
    st.html(CSS)
    for column, each in zip(st.columns(4), asked(own, other, names), strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.markdown(f"### {each.title}")
            st.markdown(each.words)
            st.latex(each.predicate)
            found = pursue(replace(page, goal=each.goal), each.title)
            if isinstance(each.goal, ConfidenceReduction):
                st.html(bar("As deck 003 draws it", *DECK))
            if found is not None:
                _outcome(found)
            st.page_link(
                "pages/attack.py",
                label="Open on Attack",
                icon=":material/arrow_forward:",
                query_params=link(page, each),
            )
    st.caption(
        f"{page.model.called}, {type(page.attack).title}, eps {on_both_scales(EPS)}, a picture of a "
        f"{names[own]}. Blue: confidence in {names[own]} before, striped: after. Source-target implies "
        "targeted for its pictures, targeted implies untargeted. Deck 003 draws 90 % to 55 % with the "
        "label unchanged."
    )


def example() -> tuple[np.ndarray, np.ndarray] | None:
    """The clean picture and the untargeted attack's, uint8 ``[h, w, c]``, once they are computed."""
    found = lab.engine().peek(request().key())
    if found is None:
        return None
    views = Views.of(found)
    return views.clean, views.adversarial


def pursue(own: Request, title: str) -> Experiment | None:
    """The attack towards one goal, by the engine."""
    channel = f"goal_{own.goal.name}"
    return lab.compute(own.key(), own.work, channel=channel, doing=title)


def link(page: Request, each: Asked) -> dict[str, str]:
    """The settings of Attack that pursue the same goal."""
    query = {"attack": ATTACK, f"target_{page.model.family}": each.option}
    if isinstance(each.goal, ConfidenceReduction):
        query |= {"less": "threshold", "less_threshold": f"{100 * DOWN_TO:.0f}"}
    if isinstance(each.goal, SourceTarget):
        query |= goal_choice.source_target_settings(page.model, each.goal)
    return query


def _outcome(found: Experiment) -> None:
    index = found.before[0].index
    before, after = found.before[0].confidence, found.confidence_after[index]
    st.html(bar(f"Confidence in {found.before[0].label}, here", before, after))
    reached = "Reached" if found.success else "Not reached"
    st.markdown(f"**{reached}**: {said(found.before[0])} became {said(found.after[0])}.")


def bar(who: str, before: float, after: float) -> str:
    """Confidence before and after as two bars, in HTML."""
    rows = zip(("before", "after"), (before, after), percents(before, after), strict=True)
    lines = "".join(
        f"<span>{k}</span>"
        f"<i><b class={k} style='width:{100 * value:.1f}%'></b></i><span>{told}</span>"
        for k, value, told in rows
    )
    return f"<small>{escape(who)}</small><div class=fall>{lines}</div>"
