"""A visitor's own labelled pictures: a ZIP file, kept for their session alone and gone with it."""

import hashlib
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from robust_core.dashboard import alone, lab, own_model
from robust_core.dashboard.harmless import harmless
from robust_core.data.archives import LARGEST

SWITCH = "ROBUST_OWN_FOLDERS"
"""The variable of the server that lets visitors name folders of its machine, or not."""
TOGETHER = 1024 * 2**20
"""Bytes of all visitors' files."""
FULL = "Robust Lab holds as many pictures from visitors as it can: try again when others have left."
NAMED = 5
"""Files left out that are named."""


@dataclass(frozen=True)
class Archive:
    """A ZIP file as it was handed over."""

    content: bytes
    name: str
    sha256: str


_kept: dict[str, Archive] = {}
_lock = threading.Lock()


def folders_allowed() -> bool:
    """Whether visitors may name a folder of the machine that the server runs on."""
    return alone.allowed(SWITCH)


def keep(content: bytes, name: str) -> None:
    """Put a file in the place of this session's last one. Raises ``ValueError`` where there is no room."""
    session = lab.session()
    with _lock:
        others = sum(len(each.content) for who, each in _kept.items() if who != session)
        if others + len(content) > TOGETHER:
            raise ValueError(FULL)
        _kept[session] = Archive(content, name, hashlib.sha256(content).hexdigest())


def current() -> Archive | None:
    """This session's file."""
    return _kept.get(lab.session())


def forget(session: str) -> None:
    """Drop a session's file."""
    with _lock:
        _kept.pop(session, None)


def say_left_out(lost: Sequence[str], read: int, asked: int) -> None:
    """A warning that names files which are no pictures, where there are any.

    ``read`` of the ``asked`` pictures were there: as many others as possible took their places.
    """
    if not lost:
        return
    files = f"{len(lost)} file{'s' * (len(lost) > 1)} left out"
    others = read + len(lost) - asked
    instead = f", the next one{'s' * (others > 1)} taken instead" if others >= len(lost) else ""
    if 0 < others < len(lost):
        instead = f", {others} other{'s' * (others > 1)} taken instead"
    named = "  \n".join(harmless(each) for each in lost[:NAMED])
    more = f"  \n... and {len(lost) - NAMED} more." if len(lost) > NAMED else ""
    st.warning(f"{files}{instead}:  \n{named}{more}")


def largest() -> int:
    """MB that a ZIP file may have: more on a server that takes models than its setting for uploads."""
    most = LARGEST // 2**20
    if own_model.allowed():
        raise_limit(most)
        return most
    return min(most, st.get_option("server.maxUploadSize"))


def raise_limit(megabytes: int) -> None:
    """Let Streamlit's server take files of this size, which by its own setting are too large."""
    from streamlit import config

    if config.get_option("server.maxUploadSize") < megabytes:
        with suppress(Exception):  # an internal way: where it is closed, smaller files still come
            config.set_option("server.maxUploadSize", megabytes)


lab.on_departure.append(forget)
