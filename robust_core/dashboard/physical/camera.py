"""The part "Show it to the camera": what the model says of a photograph, and a tally. No attack is run."""

import hashlib
from collections.abc import Mapping

import streamlit as st

from robust_core.dashboard import lab, picture_input
from robust_core.dashboard.choices import choose_in_list
from robust_core.dashboard.components.strip import Cell, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.subject import answer
from robust_core.engine import key_of
from robust_core.words.verdict import said
from robust_core.zoo import Description

WITH, WITHOUT = "with the sticker", "without the sticker"
WHAT = (
    "Put an object of one of the model's classes in front of the camera, photograph it without the "
    "sticker and then with it. The model is asked, and nothing else: **no attack is run on your "
    "photograph**. It stays in the memory of this computer, for your page alone."
)
Seen = Mapping[str, tuple[str, int]]
"""By the digest of a photograph: with or without the sticker, and the model's answer."""


def draw(model: Description) -> None:
    """The camera or a file, the answer, and the tally."""
    st.markdown("## Show it to the camera")
    st.markdown(WHAT)
    if not is_here(model):
        return
    classes = model.class_names
    key = f"camera_object_{model.family}"
    thing = choose_in_list("The object is", classes, key, classes[0], called="Object", width=240)
    left, right = st.columns(2, gap="medium")
    with left:
        taken = st.camera_input("The camera", key="physical_camera")
        file = st.file_uploader(
            "Or a photograph from a file",
            type=["png", "jpg", "jpeg", "webp"],
            key="physical_file",
        )
    with right:
        content = taken or file
        if content is not None:
            _show_answer(content.getvalue(), model)
        _show_tally(model, classes.index(thing))


def _show_answer(content: bytes, model: Description) -> None:
    picture = picture_input.decoded(content)
    if picture is None:
        return
    digest, seen = hashlib.sha256(content).hexdigest(), model.fitted(picture.pixels)
    found = lab.compute(
        key_of(owner=lab.session(), seen=digest, model=model.name),
        lambda progress: answer(model, seen, progress),
        channel="camera",
        doing="Asking the model",
    )
    if found is None:
        return
    st.markdown(f"### It says {said(found)}.")
    st.html(strip([Cell(seen, "What it was given", f"{seen.shape[1]} x {seen.shape[0]} pixels")]))
    with st.container(horizontal=True):
        for kind in (WITHOUT, WITH):
            st.button(
                f"Count it: {kind}",
                key=f"count_{kind}",
                on_click=_count,
                args=(model.name, digest, kind, found.index),
            )


def _tally(model: str) -> dict[str, tuple[str, int]]:
    return st.session_state.setdefault(f"_tally_{model}", {})


def _count(model: str, digest: str, kind: str, answer: int) -> None:
    """The same photograph counts once: a second click corrects the first."""
    _tally(model)[digest] = (kind, answer)


def rows(seen: Seen, thing: int) -> list[dict[str, object]]:
    """For each kind of photograph how many there are, and how many the model names rightly."""
    found = []
    for kind in (WITHOUT, WITH):
        answers = [answer for how, answer in seen.values() if how == kind]
        right = sum(answer == thing for answer in answers)
        found.append(
            {
                "Photographs": kind,
                "Counted": len(answers),
                "Right": right,
                "Wrong": len(answers) - right,
            }
        )
    return found


def _show_tally(model: Description, thing: int) -> None:
    seen = _tally(model.name)
    st.markdown("### Tally")
    if not seen:
        st.caption("Nothing has been counted yet.")
        return
    st.dataframe(rows(seen, thing), hide_index=True)
    st.button("Start again", icon=":material/restart_alt:", on_click=seen.clear, key="tally_clear")
