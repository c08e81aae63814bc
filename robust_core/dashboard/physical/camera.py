"""The part "Show it to the camera": what the model says of a photograph, and a tally. No attack is run."""

import hashlib
from collections.abc import Mapping

import streamlit as st
import torch

from robust_core import zoo
from robust_core.classifier import Guess
from robust_core.dashboard import lab, picture_input
from robust_core.dashboard.physical.subject import is_here
from robust_core.dashboard.settings import setting_among
from robust_core.data.fitting import to_tensor
from robust_core.data.picture import Picture
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.modes import evaluating
from robust_core.words.verdict import said
from robust_core.zoo import Description

WITH, WITHOUT = "with the sticker", "without it"
WHAT = (
    "Put an object of one of the model's classes before the camera, photograph it without the sticker and "
    "then with it. The model is asked, and nothing else: **no attack is run on your photograph**. It stays "
    "in the memory of this computer, for your page alone."
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
    key = setting_among(
        f"camera_object_{model.family}", classes[0], classes, called="Object", shown=str
    )
    thing = st.selectbox("The object is", classes, key=key, persist_state="session", width=240)
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
    digest = hashlib.sha256(content).hexdigest()
    answer = lab.compute(
        key_of(owner=lab.session(), seen=digest, model=model.name),
        lambda progress: ask(picture, model, progress),
        channel="camera",
        doing="Asking the model",
    )
    if answer is None:
        return
    st.markdown(f"### It says {said(answer)}.")
    with st.container(horizontal=True):
        for kind in (WITHOUT, WITH):
            st.button(
                f"Count it: {kind}",
                key=f"count_{kind}",
                on_click=_count,
                args=(model.name, digest, kind, answer.index),
            )


def ask(picture: Picture, model: Description, progress: Reporter) -> Guess:
    """The model's first answer; called in a thread of the engine."""
    progress(0)

    def on(device: torch.device) -> Guess:
        network = zoo.load(model.name, device)
        images = to_tensor(model.fitted(picture.pixels)).to(device)
        with torch.inference_mode(), evaluating(network):
            return network.name_classes(network(images).softmax(1))[0][0]

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


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
        st.caption("Nothing is counted yet.")
        return
    st.dataframe(rows(seen, thing), hide_index=True)
    st.button("Start again", icon=":material/restart_alt:", on_click=seen.clear, key="tally_clear")
