"""Weights that are not on this computer yet: a button, the download, and a way back."""

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import fixed, lab
from robust_core.dashboard.settings import choose
from robust_core.engine import key_of
from robust_core.words.models import title


def is_here(model: zoo.Description) -> bool:
    """Whether a model can be asked; else its download, or a model that needs none, is offered."""
    if fetch_model(model.name):
        return True
    _offer_bundled(model)
    return False


def fetch_model(name: str) -> bool:
    """Whether a model's weights are here; else a button that downloads them, and the progress.

    Only a click starts a download: a link can name any model.
    """
    if zoo.is_local(name):
        return True
    size = f"{zoo.download_size(name) / 1e6:.0f} MB"
    called = title(name)
    key = key_of(download=name)
    wanted = f"_download_{name}"
    if not st.session_state.get(wanted):
        st.info(f"{called} is not on this computer yet.")
        st.button(
            f"Download {called} ({size}, once)",
            key=f"get_{name}",
            on_click=_want,
            args=(wanted, key),
            icon=":material/download:",
        )
        return False
    done = lab.compute(
        key,
        lambda progress: zoo.load_with_progress(name, progress) is not None,  # not kept twice
        channel="download",
        doing=f"Downloading {called}, {size}, once",
        words=lambda k, n: f"{100 * k // n} %",
        errand=True,
    )
    if done is None and not lab.stopped(key):  # it failed: only the visitor starts another try
        st.session_state[wanted] = False
    return done is not None


def _want(wanted: str, key: str) -> None:
    st.session_state[wanted] = True
    lab.allow(key)


def _offer_bundled(missing: zoo.Description) -> None:
    """The way back to a model that needs no download: the one whose pictures are nearest in size."""

    def far(name: str) -> int:
        return abs(zoo.describe(name).input_size[0] - missing.input_size[0])

    def back() -> None:
        choose("model", min(zoo.bundled(), key=far))

    st.button(
        "Use the bundled model",
        on_click=back,
        disabled=fixed.locked("model"),
        icon=":material/undo:",
    )
