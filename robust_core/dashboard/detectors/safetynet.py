"""SafetyNet as a diagram: activations, a code by quartiles, a support vector machine, and the surrogate."""

import streamlit as st

from robust_core.dashboard.detectors.study import boxes
from robust_core.detectors import SafetyNet
from robust_core.papers import ATHALYE, LU
from robust_core.words import citations

IDEA = (
    "A code does not change when an activation moves a little: the machine has no slope to follow. That "
    "**masks** its gradient; it does not remove adversarial pictures. The aware attacker here keeps the "
    "true code and takes the slope of a smooth **surrogate**, Σ sigmoid((h − t) / s) over the "
    "thresholds t "
)


def show(found: dict[str, dict]) -> None:
    """The diagram, where one of the detectors ``found`` is a SafetyNet; numbers from its record."""
    for entry in found.values():
        if entry["method"] == SafetyNet.METHOD:
            st.markdown("## SafetyNet: the code of the late layers")
            st.html(diagram(entry["recipe"]))
            st.markdown(
                f"{IDEA}(BPDA, {citations.markdown(ATHALYE)}). After {citations.markdown(LU)}; its "
                "exact layers and thresholds are not quoted: those here are named in the diagram."
            )
            return


def diagram(recipe: dict) -> str:
    """Four boxes as HTML: what a picture goes through."""
    levels, points = recipe["levels"], " and ".join(recipe["points"])
    cuts = "its quartiles over training pictures" if levels == 4 else "thresholds"
    steps = (
        ("", "Classifier", f"activations at {points}, each averaged over its area"),
        (
            "detector",
            "Code",
            f"each activation becomes 0 to {levels - 1}: the cuts are {cuts}",
        ),
        (
            "detector",
            "RBF-SVM",
            f"compares the code with stored ones by a radial kernel (C = {recipe['penalty']:g}); taught on "
            f"clean, {' and '.join(attack for attack in recipe['adversaries'])} pictures",
        ),
        ("", "Answer", "adversarial: reject; else the classifier's class"),
    )
    return boxes(steps, "How SafetyNet decides")
