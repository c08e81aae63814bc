"""The part "A picture": one picture along one change, all changes at a glance, and a test set."""

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import zoo
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.components.strip import FOOLED, RIGHT, Cell, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.natural_robustness import measured, picture_charts
from robust_core.dashboard.subject import Subject
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment import swept
from robust_core.experiment.swept import Look, Swept
from robust_core.natural.changes import CHANGES
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

SIDE = 128
THREE = (
    "The deck begins with three pictures. **Scene text** that is bent or seen at an angle, which a network "
    "has to straighten before it can read it (Shi et al., CVPR 2016): *perspective*, *curvature*. **A "
    "road** as a self-driving car sees it, and again in fog and rain, blurred, brighter (DeepTest, ICSE "
    "2018): *fog*, *rain*, *blur*, *brightness*. **A medical record** with two words misspelt, whose "
    "result turns from positive to negative: *a text*, above."
)


def draw(subject: Subject, status: DeltaGenerator) -> None:
    """The strip of the chosen change, its curve, all changes; then the measured curves."""
    change = choose_one(
        "Change",
        {one.name: one.title for one in CHANGES},
        "change",
        "noise",
        label_visibility="collapsed",
        wrap=True,
    )
    if is_here(subject.model):
        with status:
            found = lab.compute(
                key_of(natural=subject.key),
                lambda progress: work(subject, progress),
                channel="natural",
                doing="Changing the picture",
                words=lambda k, n: f"change {k} of {n}",
            )
        if found is not None:
            _show(found, change, subject)
    st.caption(THREE)
    measured.show(subject.model, change)


def work(subject: Subject, progress: Reporter) -> dict[str, Swept]:
    """Load and sweep; called in a thread of the engine."""

    def on(device: torch.device) -> dict[str, Swept]:
        picture = to_tensor(subject.pixels).to(device)
        return swept.sweep(zoo.load(subject.model.name, device), picture, progress)

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def headline(found: Swept, classes: tuple[str, ...]) -> str:
    """Where the answer flips first, and to what."""
    kind, flip = CHANGES.get(found.change), found.flip
    first = quoted(classes[found.label])
    if flip is None:
        return f"Still {first} at every strength, up to {kind.at(kind.strengths[-1])}."
    return f"From {first} to {quoted(classes[flip.said])} at {kind.at(flip.strength)}."


def _show(found: dict[str, Swept], change: str, subject: Subject) -> None:
    classes, one = subject.model.class_names, found[change]
    st.markdown(f"## {headline(one, classes)}")
    st.html(strip([_cell(look, one, classes) for look in one.marked], side=SIDE))
    left, right = st.columns([1, 1.1], gap="medium")
    with left:
        st.markdown(f"**Confidence in {quoted(classes[one.label])}** as the change grows")
        told = ", ".join(
            f"{CHANGES.get(change).words(look.strength)} {percent(look.first)}"
            for look in one.marked
        )
        plots.draw(
            picture_charts.confidence(one, classes),
            key="natural_confidence",
            alt=f"Confidence in {classes[one.label]}: {told}.",
        )
    with right:
        flips = [one for one in found.values() if {look.said for look in one.marked} != {one.label}]
        st.markdown(f"**All changes at a glance**: {len(flips)} of {len(found)} flip the answer")
        plots.draw(
            picture_charts.glance(found, classes),
            key="natural_glance",
            alt="; ".join(headline(each, classes) for each in found.values()),
        )
    st.caption(
        f"{subject.model.name}; no label is used. Strength 0, five strengths and the middles between them; "
        "fog, rain and noise are drawn with seed 0; fog and rain are drawings of ours. Beyond the picture "
        "its border pixels are repeated."
    )


def _cell(look: Look, one: Swept, classes: tuple[str, ...]) -> Cell:
    told = f"{quoted(classes[look.said])} {percent(look.confidence)}"
    head = CHANGES.get(one.change).words(look.strength) if look.strength else "unchanged"
    return Cell(look.pixels, head, told, RIGHT if look.said == one.label else FOOLED)
