"""A visitor's own model: checked apart, kept for their session alone, and gone with it.

A guest's name is a ``Key`` of its session, so that every result made with it is that session's alone too.
"""

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import alone, lab
from robust_core.dashboard.harmless import harmless
from robust_core.engine import Key, Reporter, key_of
from robust_core.zoo import own
from robust_core.zoo.own import kinds
from robust_core.zoo.own.apart import checked_apart
from robust_core.zoo.own.hub import Listed

OWN = "own"
"""The setting ``model`` where the visitor's own is chosen: links hold this word, not the model."""
SWITCH = "ROBUST_OWN_MODELS"
"""The variable of the server that turns own models on or off."""
SIZE = "Picture size"
"""The field for the height and width of pictures."""
LARGEST = 128
"""MB of a file. Streamlit's own limit is raised to it where own models are on."""
TOGETHER = 1024 * 2**20
"""Bytes of the weights of all guests."""
FULL = "Robust Lab holds as many models from visitors as it can: try again when others have left."


@dataclass(frozen=True)
class Kept:
    """A session's file once it was checked, and what it is called."""

    found: own.Checked
    file: str
    architecture: str | None
    guest: zoo.Guest | None = None
    hub: Listed | None = None
    """Where it is a network of timm, which brings its own classes, size and normalisation."""

    def size(self) -> int:
        """Bytes of its weights."""
        network = self.found.network
        return sum(x.numel() * x.element_size() for x in network.state_dict().values())


@dataclass(frozen=True)
class Said:
    """What a visitor says of their file."""

    classes: str = ""
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def names(self) -> tuple[str, ...] | None:
        """The class names, without what pages would read as marks. Raises ``ValueError``."""
        from robust_core.data import names as data_sets
        from robust_core.zoo.own.names import IMAGENET, listed, names_of

        text = self.classes.strip()
        if not text:
            return None
        known = text in (*data_sets(), IMAGENET)
        return tuple(map(plain, names_of(text) if known else listed(text)))


_kept: dict[str, Kept] = {}
_lock = threading.Lock()


def plain(name: str) -> str:
    """A class's name as it may stand in any text of a page."""
    kept = "".join(c if c.isprintable() and c not in "<>&\"'`$\\[]*_{}|#~^" else " " for c in name)
    return " ".join(kept.split())[:60] or "?"


def allowed() -> bool:
    """Whether this server takes models."""
    return alone.allowed(SWITCH)


def current() -> zoo.Guest | None:
    """The guest of this session."""
    kept = _kept.get(lab.session())
    return kept.guest if kept else None


def kept() -> Kept | None:
    """This session's file, once it was checked."""
    return _kept.get(lab.session())


def check(
    content: bytes, file: str, architecture: str | None, size: tuple[int, int] | None
) -> bool:
    """Check a file apart, with progress on the page, and keep it for this session; False where it failed.

    The page then says why.
    """
    session = lab.session()
    if _is_onnx(content):
        architecture = None  # it may stand in the form from a file before
    digest = hashlib.sha256(content).hexdigest()
    tries = st.session_state.get("_own_tries", 0) + 1
    st.session_state["_own_tries"] = tries  # a result that is kept would not be this session's file

    def work(progress: Reporter) -> bool:
        try:
            found = checked_apart(content, architecture, size, check=lambda: progress(0))
        except ValueError as error:
            raise ValueError(harmless(in_fields(str(error)))) from error
        keep(session, Kept(found, own.plain_name(file), architecture))
        return True

    key = key_of(
        owner=session, file=digest, architecture=architecture, size=size and list(size), tries=tries
    )
    done = lab.compute(key, work, channel="own_model", doing="Checking your model", errand=True)
    return bool(done)


def in_fields(sentence: str) -> str:
    """A sentence about the argument ``input_size``, for who sees its field."""
    return sentence.replace("input_size (height, width)", SIZE).replace("input_size", SIZE)


def _is_onnx(content: bytes) -> bool:
    """Whether the file holds its own architecture; what is no model at all is said where it is checked."""
    with suppress(ValueError):
        return kinds.kind_of(content) == kinds.ONNX
    return False


def keep(session: str, new: Kept) -> None:
    """Put a file in the place of the session's last one. Raises ``ValueError`` where there is no room."""
    with _lock:
        others = sum(each.size() for name, each in _kept.items() if name != session)
        if others + new.size() > TOGETHER:
            raise ValueError(FULL)
        last = _kept.get(session)
        _kept[session] = new
    if last and last.guest:
        zoo.dismiss(last.guest.name)


def admit(said: Said) -> zoo.Guest:
    """The session's file with what is said of it, as a guest. Raises ``ValueError`` where that misfits."""
    session = lab.session()
    held = _kept[session]
    found = held.found
    if held.hub is None:
        names = said.names()
        model = own.classifier(found, held.file, names, said.mean, said.std, held.architecture)
    else:
        model = held.hub.classifier(found)
    mark = key_of(
        owner=session,
        sha256=found.sha256,
        architecture=held.architecture,
        names=list(model.class_names),
        values=[*model.mean.flatten().tolist(), *model.std.flatten().tolist()],
        size=list(found.size),
    )
    model.name = Key(f"{held.file}-{mark[:8]}", session)
    model.alias = file_of(held)
    guest = zoo.Guest(model.name, model, f"Your model: {held.file}", options(held, said))
    if held.guest:
        zoo.dismiss(held.guest.name)
    zoo.admit(guest)
    _kept[session] = replace(held, guest=guest)
    return guest


def file_of(held: Kept) -> str:
    """The file, as a command line and sentences call it; of a network of timm its name."""
    if held.hub is not None:
        return held.hub.name
    return f"{held.file}.{'safetensors' if held.architecture else 'onnx'}"


def options(held: Kept, said: Said) -> tuple[str, ...]:
    """Words of a command line that give the same model, once the visitor puts in their file's place."""
    words = ["--model", file_of(held)]
    if held.hub is not None:
        return tuple(words)
    if held.architecture:
        words += ["--architecture", held.architecture]
    words += ["--size", "x".join(map(str, held.found.size))]
    text = said.classes.strip()
    if text:
        words += ["--classes", text if "\n" not in text and len(text) < 200 else "CLASSES.txt"]
    for name, values in (("--mean", said.mean), ("--std", said.std)):
        words += [name, *(f"{v:g}" for v in values)] if values else []
    return tuple(words)


def forget(session: str) -> None:
    """Drop a session's file and guest."""
    with _lock:
        gone = _kept.pop(session, None)
    if gone and gone.guest:
        zoo.dismiss(gone.guest.name)


lab.on_departure.append(forget)
