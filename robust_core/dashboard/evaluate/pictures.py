"""The pictures of the page Evaluate: a test set, the visitor's ZIP file, or a folder of this machine."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor

from robust_core import data, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab, own_data
from robust_core.dashboard.choices import choose_in_list, choose_one
from robust_core.dashboard.own_data import harmless
from robust_core.dashboard.picture_input import STARTED
from robust_core.data.archives import HOW, load_zip
from robust_core.data.datasets import load_test_set
from robust_core.engine import Key, Reporter, key_of
from robust_core.zoo import Description, own
from robust_core.zoo.own.normalisation import NONE_FITS

SET, ZIP, FOLDER = "set", "zip", "folder"
KINDS = {SET: "Test set", ZIP: "Your ZIP file", FOLDER: "Folder"}
SIZES = (20, 50, 100, 200, 500, 1000)
VALUES = 2**25
"""Pixel values of all pictures together: 128 MB."""
WATCHED = 50
"""Pictures that the normalisation of a visitor's model is compared on."""
NO_SET = (
    "No test set on this computer has the classes and the size of this model. Bring pictures of your "
    "own, or "
    "choose another model."
)


@dataclass(frozen=True)
class Source:
    """Where the pictures come from. ``name`` is what a command line calls it, ``title`` what people do.

    ``mark`` names its content in keys, and ``owner`` is the session whose own it is.
    """

    kind: str
    name: str
    title: str
    mark: str
    load: Callable[..., tuple[Tensor, Tensor]]
    owner: str | None = None
    place: DeltaGenerator | None = None
    """Where the page says that it is in use, once it was read."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """What was read: ``images`` ``[N, C, H, W]``, ``labels`` ``[N]``, and what had to be left out."""

    images: Tensor
    labels: Tensor
    left_out: tuple[str, ...]
    digest: Key
    """Names the pictures and labels, for whoever they belong to."""


def choose_source(model: Description) -> Source | None:
    """The control for the pictures; None, with a sentence, while there are none."""
    kinds = [SET, ZIP, *([FOLDER] if own_data.folders_allowed() else [])]
    kind = choose_one(
        "Pictures", {k: KINDS[k] for k in kinds}, "evaluate_data", SET, width="stretch"
    )
    return {SET: _choose_set, ZIP: _bring_zip, FOLDER: _name_folder}[kind](model)


def choose_count(model: Description) -> int:
    """How many of the pictures: the first ones, where classes take turns."""
    height, width = model.input_size
    most = VALUES // (model.channels * height * width)
    sizes = [n for n in SIZES if n <= most] or [max(1, most)]
    return choose_one(
        "How many",
        {n: f"{n:,}" for n in sizes},
        "evaluate_n",
        sizes[min(2, len(sizes) - 1)],
        width="stretch",
        help="The first ones. The classes of a ZIP file or folder take turns, each in the order of its "
        "file names, so that every run takes the same pictures.",
    )


def fitting(model: Description) -> list[str]:
    """The data sets with the classes of a model, in its order, and pictures of its size."""
    names = [name.lower() for name in model.class_names]
    return [
        record.name
        for record in map(data.get, data.names())
        if [name.lower() for name in record.class_names] == names
        and record.channels == model.channels
        and record.has_size(model.input_size)
    ]


def _choose_set(model: Description) -> Source | None:
    here = [name for name in fitting(model) if data.get(name).available()]
    if not here:
        st.info(NO_SET)
        return None
    name = choose_in_list(
        "Test set", here, "evaluate_set", here[0], shown=lambda n: data.get(n).title
    )
    title = f"the test set of {data.get(name).title}"

    def load(classifier: Classifier, n: int, **_: Any) -> tuple[Tensor, Tensor]:
        return load_test_set(name, classifier, n)

    return Source(SET, name, title, name, load)


def _bring_zip(model: Description) -> Source | None:
    most = own_data.largest()
    key = f"evaluate_zip_{STARTED}"
    st.file_uploader(
        f"A ZIP file, up to {most} MB: one folder per class",
        type=["zip"],
        key=key,
        max_upload_size=most,
        on_change=_keep,
        args=(key,),
        help=f"{_names_of(model)} It stays in this computer's memory for your page alone. Once you close "
        "or reload the page it is given up, and a minute later it is forgotten.",
    )
    if trouble := st.session_state.pop("_evaluate_zip_trouble", None):
        st.error(trouble)
    kept = own_data.current()
    if kept is None:
        st.caption(f"{HOW} {_names_of(model)}")
        return None

    def load(classifier: Classifier, n: int, **told: Any) -> tuple[Tensor, Tensor]:
        return load_zip(kept.content, classifier, n, **told)

    name = Path(kept.name).name
    return Source(ZIP, name, f"your file {name}", kept.sha256, load, lab.session(), st.empty())


def _keep(key: str) -> None:
    """Keep the file: the widget forgets it when another page is opened."""
    file = st.session_state.get(key)
    if file is None:
        return own_data.forget(lab.session())
    try:
        return own_data.keep(file.getvalue(), file.name)
    except ValueError as error:
        own_data.forget(lab.session())  # the page shows the new file, not the one before
        st.session_state["_evaluate_zip_trouble"] = str(error)


def _name_folder(model: Description) -> Source | None:
    """A folder's path is no setting: a link may not make this machine read whatever it names."""
    path = st.text_input(
        "Folder on this computer, with one sub-folder per class",
        key="_evaluate_folder",
        placeholder="/home/me/pictures",
        help=_names_of(model),
        persist_state="session",
    ).strip()
    if not path:
        st.caption(f"{HOW} {_names_of(model)}")
        return None

    def load(classifier: Classifier, n: int, **told: Any) -> tuple[Tensor, Tensor]:
        if not Path(path).is_dir():
            raise ValueError(f"There is no folder {path}")
        return load_test_set(Path(path), classifier, n, **told)

    return Source(FOLDER, path, f"the folder {path}", _state_of(Path(path)), load, lab.session())


def _state_of(folder: Path) -> str:
    """Changes when files are added to the folder or its sub-folders, or leave them."""
    try:
        entries = sorted((e.name, e.stat().st_mtime_ns) for e in folder.iterdir() if e.is_dir())
        return str(key_of(path=str(folder), at=folder.stat().st_mtime_ns, entries=entries))
    except (OSError, ValueError):  # what is wrong is said by who reads it
        return str(key_of(path=str(folder)))


def _names_of(model: Description) -> str:
    """What the folders may be called."""
    names = model.class_names
    shown = ", ".join(map(harmless, names[:4])) + (", ..." if len(names) > 4 else "")
    known = zoo.family(model.name) == "imagenet" or (
        model.data is not None and data.get(model.data).synsets
    )
    ids = ", WordNet ids" if known else ""
    last = len(names) - 1
    return f"Names of folders: the model's classes ({shown}), in any case{ids}, or 0 to {last}."


def read(source: Source, model: Description, n: int) -> Pictures | None:
    """The pictures, read once with progress; None, with a sentence, where that fails."""

    def work(progress: Reporter) -> Pictures:
        left_out: list[str] = []
        classifier = zoo.load(model.name, "cpu")
        try:
            images, labels = source.load(
                classifier, n, progress=progress, on_unreadable=left_out.append
            )
        except ValueError as error:
            raise ValueError(harmless(str(error))) from error
        bits = hashlib.sha256(images.numpy().tobytes() + labels.numpy().tobytes()).hexdigest()
        return Pictures(images, labels, tuple(left_out), key_of(owner=source.owner, pictures=bits))

    key = key_of(owner=source.owner, read=source.mark, model=model.name, n=n)
    found = lab.compute(key, work, channel="evaluate read", doing="Reading the pictures")
    if found is not None and source.place is not None:
        source.place.caption(f"In use: {harmless(source.name)}")
    return found


def say(found: Pictures, source: Source, model: Description, asked: int) -> None:
    """What was read of the ``asked``, what was left out, and how well a visitor's normalisation fits."""
    classes = len(set(found.labels.tolist()))
    told = f"{len(found.labels):,} pictures of {classes} of its {len(model.class_names):,} classes"
    st.caption(f"{told}, {model.shape}.")
    own_data.say_left_out(found.left_out, len(found.labels), asked)
    if zoo.guest(model.name):
        _compare(found, source, model)


def _compare(found: Pictures, source: Source, model: Description) -> None:
    """On how many pictures a visitor's model is right with its normalisation, and with others."""

    def work(progress: Reporter) -> str:
        first = slice(WATCHED)
        classifier = zoo.load(model.name, "cpu")
        compared = own.compare_normalisations(classifier, found.images[first], found.labels[first])
        return own.in_words(
            compared, "{n} test pictures" if source.kind == SET else "your {n} pictures"
        )

    key = key_of(normalisation=model.name, pictures=found.digest)
    told = lab.compute(key, work, channel="evaluate check", doing="Checking the normalisation")
    if told:
        (st.warning if "fit better" in told or NONE_FITS in told else st.caption)(told)
