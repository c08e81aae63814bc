"""What is the point? The critic's question, and the deck's two tables of deflected attacks."""

import streamlit as st

from robust_core.dashboard.components.status import status
from robust_core.words.markdown import table

TALK = "https://www.youtube.com/watch?v=OfSxYqU-6s0&t=889s"
QUESTION = (
    "A certificate promises the same answer for **every** small change. But *“Small changes can be "
    "semantically meaningful”*: a few pixels turn a 1 into a 7, and then the same answer is the wrong "
    "one. Robustness of that kind is paid for with accuracy. An attack that has to pass a detector that "
    "knows what each class looks like ends up as a picture of the target: then the model is right to say "
    "so."
)
SOURCE = (
    f"N. Frosst, [Certifiable robustness to adversarial attacks; what is the point?]({TALK}), Toronto "
    "Machine Learning Summit, 2020 (deck 001, reference 13)"
)
PRINTED = {
    "Digits": (tuple("0123456789"), tuple("8212330618")),
    "CIFAR-10": (
        ("automobile", "bird", "cat", "deer", "dog", "airplane", "frog", "horse", "ship", "truck"),
        ("ship", "deer", "frog", "dog", "ship", "ship", "deer", "airplane", "airplane", "ship"),
    ),
}
"""Target and correct label of each deflected attack in the deck's two tables."""


def show() -> None:
    """The question, and both tables."""
    st.markdown("### What is the point?")
    st.markdown(QUESTION)
    st.caption(f"{SOURCE}.")
    status("001-24")
    for title, (targets, correct) in PRINTED.items():
        st.markdown(
            f"**{title}**, as deck 001 prints them: each attack's target, and the correct label."
        )
        st.markdown(table(("Target label", *targets), [("Correct label", *correct)]))
    status("001-26")
