"""The check of the page Detectors that a classifier stays as it is while a detector is trained on it."""

import streamlit as st
import torch

from robust_core import zoo
from robust_core.dashboard import lab
from robust_core.engine import Reporter, key_of
from robust_core.experiment.frozen import STEPS, FrozenCheck, check_attached

PICTURES = 8


def show_freezing(model: zoo.Description, point: str) -> None:
    """A button, then what was compared and whether it is the same."""
    st.button(
        f"Check that {model.name} stays frozen",
        icon=":material/lock:",
        key="freezing",
        on_click=_wanted,
        args=(model.name,),
    )
    if st.session_state.get("_freezing") != model.name:
        return
    found = lab.attempt(
        key_of(freezing=model.name, point=point),
        lambda progress: _check(model, point, progress),
        channel="freezing",
        doing="Training a detector for a moment",
    )
    if found is not None:
        st.markdown(f"**{sentence(found)}**")
        st.caption(about(found, point))


def _wanted(name: str) -> None:
    st.session_state["_freezing"] = name


def _check(model: zoo.Description, point: str, progress: Reporter) -> FrozenCheck:
    """On pictures of random pixels; called in a thread of the engine, on a classifier of its own."""
    classifier = zoo.load(model.name, "cpu")
    shape = (PICTURES, model.channels, *model.input_size)
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(shape, generator=generator, dtype=torch.float32, device="cpu")
    return check_attached(classifier, point, images)


def sentence(found: FrozenCheck) -> str:
    """Whether the classifier is what it was."""
    if found.holds:
        return (
            f"Bit for bit the same: {found.answers} logits of {found.pictures} pictures, and all "
            f"{found.tensors} tensors of the classifier, {found.statistics} of them statistics of its "
            "batch normalisation."
        )
    if not found.learned:
        return "The detector did not change in its training, so nothing was checked."
    answers = "the same" if found.same_answers else "other"
    return (
        f"Not frozen: {len(found.changed)} of {found.tensors} tensors of the classifier have changed, and "
        f"it gives {answers} logits."
    )


def about(found: FrozenCheck, point: str) -> str:
    """How that was found out."""
    return (
        f"Compared before a fresh detector was attached at {point} and after it took {STEPS} steps "
        f"of its training, on {found.pictures} pictures of random pixels and what FGSM made of them. The "
        "detector itself has changed."
    )
