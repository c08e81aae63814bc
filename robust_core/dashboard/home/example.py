"""The example that the definition is explained by: a bundled picture, attacked when somebody looks."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks, imaging, zoo
from robust_core.dashboard import controls, lab, picture_input
from robust_core.dashboard.request import Request
from robust_core.dashboard.views import Views
from robust_core.data import samples
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import in_255ths, on_both_scales
from robust_core.words.verdict import said

MODEL = zoo.names()[0]
ATTACK = "pgd"
SIDE = 224


def request() -> Request:
    """The picture, model and eps that Attack opens with, so that a link to it shows the same result."""
    model = zoo.describe(MODEL)
    chosen = picture_input.of_sample(samples.catalogue(model.family)[0])
    attack = attacks.get(ATTACK)
    eps = controls.EPS_CHOICES[0]
    detector = zoo.default_detector(MODEL)
    run = controls.with_eps(attack(), eps, model)
    return Request(chosen, "crop", model, run, shown_eps=eps, detector=detector)


def show(place: DeltaGenerator) -> None:
    """The two pictures with what a person and the model see in them, and the change between them."""
    asked = request()
    with place:
        found = lab.compute(asked.key(), asked.work, channel="home", doing="Asking the model")
        if found is not None:
            st.markdown(f"## {headline(found)}")
            _pictures(asked, found)


def headline(found: Experiment) -> str:
    """What the two pictures are to a person and to the model, in a sentence."""
    clean, adversarial = found.before[0].label, found.after[0].label
    if clean == adversarial:
        return f"The model says {clean} both times"
    return f"You see the same {found.label.label} twice. The model says {clean}, then {adversarial}"


def _pictures(asked: Request, found: Experiment) -> None:
    views = Views.of(found)
    person = f"You see: {found.label.label}"
    cells = (
        (views.clean, f"{person}  \nThe model sees: **{said(found.before[0])}**"),
        (
            views.change,
            f"+ a change of at most {in_255ths(found.judged.linf)}, shown {views.factor:g} times as large",
        ),
        (views.adversarial, f"{person}  \nThe model sees: **{said(found.after[0])}**"),
    )
    native = max(views.clean.shape[:2])
    with st.container(key="example"), st.container(key=f"pictures_{native}"):
        columns = st.columns(3, gap="small")
    for column, (pixels, words) in zip(columns, cells, strict=True):
        shown = imaging.data_url(imaging.enlarge(pixels, SIDE))
        alt = words.replace("  \n", ". ").replace("**", "")
        column.image(shown, caption=words, alt=alt, width="stretch")
    st.caption(
        f"Computed just now: {asked.model.name}, {type(asked.attack).title}, eps "
        f"{on_both_scales(asked.shown_eps)}, Linf. {asked.chosen.credit}"
    )
