"""A network of timm as a visitor's model: its size first, then a download that they start and may stop."""

import re

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import alone, lab, own_model
from robust_core.dashboard.own_model import LARGEST, Kept, Said
from robust_core.engine import Reporter, key_of
from robust_core.zoo.own import content_of, hub
from robust_core.zoo.own.apart import checked_apart
from robust_core.zoo.own.hub_apart import fetched
from robust_core.zoo.own.weights_file import TIMM

ASKED = "_own_hub"
"""The name that this session has asked for, and whether it has said yes to the download."""
NAME = re.compile(r"timm:[A-Za-z0-9_.-]{1,100}")
LIMIT = LARGEST * 2**20
HERE = "The file stays in the hub's cache on this computer, where the command line finds it too."
GONE = "The file is read into memory and leaves nothing on the server's disk."


def ask(name: str, classes: str, size: str) -> zoo.Guest | None:
    """Remember that ``timm:NAME`` is wanted, and offer it; the guest where it is in use already.

    Raises ``ValueError`` for what is no name of timm, and for classes and a size beside it.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            "a network of timm is timm: and letters, digits, dots and underscores, such as "
            "timm:vit_tiny_patch16_224"
        )
    if classes.strip() or size.strip():
        raise ValueError(
            f"{name} brings its own classes and size: leave both fields empty, or choose a file"
        )
    held = own_model.kept()
    if held and held.hub and held.hub.name == name:
        return own_model.admit(Said())
    tries = st.session_state.get("_own_hub_tries", 0) + 1
    st.session_state["_own_hub_tries"] = tries
    st.session_state[ASKED] = (name, tries, False)
    return offer()


def forget() -> None:
    """Nothing is asked for any more."""
    st.session_state.pop(ASKED, None)


def offer() -> zoo.Guest | None:
    """The size and a button, then the download; the guest once it is there, None before or without one."""
    if ASKED not in st.session_state:
        return None
    name, tries, wanted = st.session_state[ASKED]
    key = key_of(owner=lab.session(), timm=name, tries=tries)
    found = lab.compute(
        key,
        lambda progress: _found(name),
        channel="own_model",
        doing=f"Looking for {name}",
        errand=True,
    )
    if found is None:
        if not lab.stopped(key):  # it failed: only the visitor starts another try
            forget()
        return None
    about, size, here = found
    if not (here or wanted):
        st.info(
            f"{name} is {_mb(size)}, in safetensors, at huggingface.co/{about.repository}. "
            + (HERE if alone.local() else GONE)
        )
        st.button(
            f"Download {_mb(size)}",
            on_click=_want,
            key="own_hub_download",
            icon=":material/download:",
        )
        return None
    return _brought(about, size, here, f"{key}-file")


def _want() -> None:
    name, tries, _ = st.session_state[ASKED]
    st.session_state[ASKED] = (name, tries, True)


def _found(name: str) -> tuple[hub.Listed, int, bool]:
    """What timm says of it, its size in bytes, and whether it is on this computer."""
    about = hub.listed(name)
    kept = about.kept()
    return (about, kept.stat().st_size, True) if kept else (about, about.bytes(LIMIT), False)


def _brought(about: hub.Listed, size: int, here: bool, key: str) -> zoo.Guest | None:
    """The guest, downloaded and checked; None where that failed, and the page says why."""
    session, keep = lab.session(), alone.local()

    def work(progress: Reporter) -> bool:
        kept = about.kept() if here else None
        content = content_of(kept, LIMIT) if kept else fetched(about, size, progress, keep=keep)
        found = checked_apart(content, about.name, about.size, check=lambda: progress(size, size))
        file = about.name.removeprefix(TIMM)[:40]
        own_model.keep(session, Kept(found, file, about.name, hub=about))
        return True

    def words(k: int, n: int) -> str:
        return "it is checked" if k == n else f"{k / 1e6:.1f} of {_mb(n)}"

    doing = f"Reading {about.name}" if here else f"Downloading {about.name}"
    done = lab.compute(key, work, channel="own_model", doing=doing, words=words, errand=True)
    if done is None:
        if not lab.stopped(key):
            forget()
        return None
    forget()
    return own_model.admit(Said())


def _mb(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
