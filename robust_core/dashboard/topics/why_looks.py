"""Grad-CAM as pictures: the clean and the adversarial one, tinted where a class is seen."""

import streamlit as st

from robust_core import imaging
from robust_core.dashboard.components.captioned import captioned
from robust_core.experiment.inside import Looks
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

SIDE = 176
"""Two beside each other fit a phone."""
NAMES = ("clean", "adversarial")


def show_pictures(found: Looks, experiment: Experiment) -> None:
    """Both pictures, each for both classes."""
    shown = experiment.pixels()
    confidences = (experiment.confidence_before, experiment.confidence_after)
    for picture, (column, name) in enumerate(zip(st.columns(2), NAMES, strict=True)):
        column.markdown(f"**In the {name} picture**")
        row = column.container(horizontal=True, gap="small")
        for place, each in enumerate(found.classes):
            weights = found.of(picture, place).numpy()
            words = caption(each.label, confidences[picture][each.index], bool(weights.any()))
            captioned(row, imaging.overlay(shown[picture].numpy(), weights), words, side=SIDE)


def caption(label: str, confidence: float, seen: bool) -> str:
    """Which class is looked for, and how sure the network is of it."""
    where = "" if seen else "  \nnothing speaks for it"
    return f"{quoted(label)} {percent(confidence)}{where}"
