"""Grad-CAM as pictures: the clean and the adversarial one, tinted where a class is seen."""

import streamlit as st

from robust_core import imaging
from robust_core.dashboard.components.captioned import captioned
from robust_core.experiment.inside import Looks
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

SIDE = 192
NAMES = ("Clean", "Adversarial")


def show_pictures(found: Looks, experiment: Experiment) -> None:
    """A row for each picture: itself, and itself for each class."""
    shown = experiment.pixels()
    confidences = (experiment.confidence_before, experiment.confidence_after)
    for picture, name in enumerate(NAMES):
        pixels = shown[picture].numpy()
        with st.container(horizontal=True, gap="small", key=f"looks_{picture}"):
            captioned(st.container(width=SIDE), pixels, f"**{name}**", side=SIDE)
            for place, each in enumerate(found.classes):
                weights = found.of(picture, place).numpy()
                words = caption(each.label, confidences[picture][each.index], bool(weights.any()))
                tinted = imaging.overlay(pixels, weights)
                captioned(st.container(width=SIDE), tinted, words, side=SIDE)


def caption(label: str, confidence: float, seen: bool) -> str:
    """Which class is looked for, and how sure the network is of it."""
    where = "" if seen else "  \nnothing speaks for it"
    return f"{quoted(label)}, {percent(confidence)}{where}"
