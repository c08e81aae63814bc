"""The picture that attacks by labels start from, where the model is to say a class that was chosen."""

import streamlit as st

from robust_core.attacks import Starts
from robust_core.dashboard import picture_input
from robust_core.dashboard.choices import choose_in_list
from robust_core.dashboard.request import Chosen
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.goals import Goal, Towards
from robust_core.zoo import Description

OWN, NOISE = "own", "noise"
NONE_THERE = (
    "No picture of this class is on this computer. Upload one: noise is rarely taken for a class that "
    "was chosen beforehand."
)


def choose_start(model: Description, goal: Goal) -> Chosen | None:
    """A picture of the class to reach, a sample or the visitor's own; None: noise."""
    if not isinstance(goal, Towards):
        return None
    name = model.class_names[goal.target]
    of_it = {each.id: each for each in samples.catalogue(model.family) if each.label == name}
    words = {key: each.title for key, each in of_it.items()}
    words |= {OWN: "A picture of your own", NOISE: "Noise"}
    choice = choose_in_list(
        "Start from",
        list(words),
        f"start_{model.family}",
        next(iter(of_it), OWN),
        shown=words.__getitem__,
        called="Start",
        help="A picture that the model takes for that class. The attack walks from it to the picture "
        "above, and stays on that side of the boundary.",
    )
    if not of_it:
        st.caption(NONE_THERE)
    if choice == OWN:
        chosen = picture_input.upload(OWN)
        if chosen is None:
            st.caption("Until then the attacks start from noise.")
        return chosen
    if choice == NOISE:
        return None
    st.image(picture_input.thumbnail(choice), alt=words[choice], width=48)
    return picture_input.of_sample(of_it[choice])


def starts_at(start: Chosen, model: Description, how: str) -> Starts:
    """The picture as the model sees it, for the attacks."""
    return Starts(to_tensor(start.fitted(model, how)), name=start.reference)
