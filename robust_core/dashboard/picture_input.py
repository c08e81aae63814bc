"""Choosing a picture: samples with thumbnails, an upload, or the camera."""

import hashlib
import secrets
import time
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from robust_core import data, imaging
from robust_core.dashboard import fixed, lab
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.components.gallery import gallery
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.settings import choose, one_of, setting
from robust_core.data import download, samples
from robust_core.data.picture import Picture
from robust_core.data.uploads import UploadError, decode_upload
from robust_core.engine import Reporter, key_of
from robust_core.zoo import Description

SOURCES = {"samples": "Samples", "upload": "Upload", "camera": "Camera"}
NAMES = {"upload": "YOUR_PICTURE.png", "camera": "YOUR_PHOTO.png", "own": "YOUR_START.png"}
"""What the command line calls the visitor's own files, by where they come from."""
STARTED = secrets.token_hex(4)
"""In the keys of the file widgets: a page that outlives the server forgets the files that are gone."""
NAMELESS = "/no/ending/*"
"""No type to a browser; to Streamlit's uploader files without an ending, which have no type, match it."""
UPLOAD_TYPES = ["image/png", "image/jpeg", "image/webp", NAMELESS, ".jpe", ".jfif"]
"""What the browser offers, and lets be dropped.

Media types, so that Streamlit leaves it to us to judge a file by its content; no HEIC, so that phones
convert their pictures.
"""
HEIC = "A HEIC picture: choose it on the phone, which converts it, or export it as JPEG first."


def choose_picture(model: Description, start: str = "") -> Chosen:
    """The controls for a picture that suits ``model``, and the picture; always one.

    ``start`` is the sample that the page opens with, where it suits the model: else the first.
    """
    source = choose_one("Picture", SOURCES, "source", "samples", width="stretch")
    if source == "upload":
        return upload(source) or _sample(model, start, quiet=True)
    if source == "camera":
        st.camera_input(
            "Take a picture",
            key=f"camera_{STARTED}",
            label_visibility="collapsed",
            on_change=_keep,
            args=("camera",),
        )
        return _own(source) or _sample(model, start, quiet=True)
    return _sample(model, start)


def upload(kind: str) -> Chosen | None:
    """The visitor's own file, by an uploader of that ``kind``; None until there is a usable one."""
    st.file_uploader(
        "PNG, JPEG or WebP, up to 8 MB",
        type=UPLOAD_TYPES,
        help=HEIC,
        key=f"{kind}_{STARTED}",
        max_upload_size=8,
        on_change=_keep,
        args=(kind,),
    )
    return _own(kind)


def _keep(kind: str) -> None:
    """Remember the file: the widgets forget it when another page is opened.

    They may have forgotten it by now, where a page is left at once: then the last one is kept.
    """
    key = f"{kind}_{STARTED}"
    if key in st.session_state:
        file = st.session_state[key]
        st.session_state[f"_{kind}"] = None if file is None else file.getvalue()


def choose_fit() -> str:
    """How a picture of another shape is fitted to the model's."""
    words = {"crop": "Crop the centre", "squash": "Squash"}
    return choose_one("Fit to the model", words, "fit", "crop", width="stretch")


@st.cache_data(max_entries=256, show_spinner=False)
def thumbnail(sample_id: str) -> str:
    """A sample, small, as a data URL."""
    return imaging.data_url(_small(samples.load(sample_id).picture.pixels))


def _small(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels)
    image.thumbnail((96, 96))
    return np.asarray(image)


def offer_download(model: Description, place: DeltaGenerator) -> None:
    """A download button for each data set of the model that is missing and can be downloaded.

    Progress and failures are shown in ``place``, on the first screen. A data set that may not be read is
    said: a download would not help.
    """
    for record in data.of_family(model.family):
        try:
            record.folder()
        except data.DataUnreadable as error:
            st.warning(f"{error} Until then the pages work without its pictures.")
        except data.DataMissing:
            if record.archives:
                _offer(record, place)


def _offer(record: data.DataSet, place: DeltaGenerator) -> None:
    size = f"{record.download_size / 1e6:.0f} MB"
    wanted = f"_download_{record.name}"
    if st.button(f"Get the {record.title} test pictures ({size})", icon=":material/download:"):
        st.session_state[wanted] = time.time_ns()
    if not st.session_state.get(wanted):
        return
    # Each click is a download of its own: what an earlier one brought may be gone again.
    key = key_of(download=record.name, session=lab.session(), click=st.session_state[wanted])
    st.caption("The progress of the download is shown at the top of the page.")
    with place:
        done = lab.compute(
            key,
            lambda progress: download.fetch(record, progress=progress),
            channel="download",
            doing=f"Downloading {record.title}",
            words=lambda k, n: f"{100 * k // n} %",
            errand=True,
        )
    if not lab.stopped(key):  # it is here, or it failed: only the visitor starts another try
        st.session_state[wanted] = None
    if done:
        st.rerun()


def _sample(model: Description, start: str, quiet: bool = False) -> Chosen:
    """The sample chosen in the select box; the thumbnails above it set the same state."""
    offered = {sample.id: sample for sample in samples.catalogue(model.family)}
    first = start if start in offered else next(iter(offered))
    key = setting(
        f"picture_{model.family}",
        first,
        one_of(offered, "is not among the pictures on this computer"),
        called="Picture",
        shown=lambda i: offered[i].title,
    )
    if quiet:
        st.caption("Meanwhile the sample picture is used.")
        return of_sample(offered[st.session_state[key]])
    shelf = st.container()
    chosen = st.selectbox(
        fixed.label("Sample picture", key),
        list(offered),
        format_func=lambda i: offered[i].title,
        key=key,
        persist_state="session",
        disabled=fixed.locked(key),
        label_visibility="collapsed",
    )
    with shelf:
        gallery(
            [(i, s.title, thumbnail(i)) for i, s in offered.items()],
            chosen,
            key=f"gallery_{model.family}",
            on_choose=partial(choose, key),
            disabled=fixed.locked(key),
        )
    return of_sample(offered[chosen])


def of_sample(sample: samples.Sample) -> Chosen:
    """A sample as a choice, for places that have no controls."""
    return Chosen(
        sample.picture,
        f"sample:{sample.id}",
        true_label=sample.label,
        data=f"{data.get(sample.data).title} test set" if sample.data else None,
        credit=f"{sample.credit}. {sample.licence}.",
        link=sample.link,
    )


def _forget(kind: str) -> None:
    st.session_state.pop(f"_{kind}", None)
    st.session_state.pop(f"_{kind}_last", None)


def _own(kind: str) -> Chosen | None:
    """The decoded upload or photograph, or the last one that was good; else None. What is wrong is said.

    A file that is gone may be about to be replaced: Streamlit says no more. So it stays in use until it is
    forgotten by a click.
    """
    content, last = st.session_state.get(f"_{kind}"), f"_{kind}_last"
    picture = None if content is None else decoded(content)
    if picture is not None:
        st.session_state[last] = content
    elif last in st.session_state:
        picture = decoded(st.session_state[last])
        st.caption("Meanwhile your last picture is used.")
    if picture is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(imaging.data_url(_small(picture.pixels)), alt="Your picture")
        if st.session_state.get(f"{kind}_{STARTED}") is None:
            st.button(
                "Forget it",
                key=f"forget_{kind}",
                type="tertiary",
                icon=":material/delete:",
                on_click=_forget,
                args=(kind,),
            )
    for note in picture.notes:
        st.caption(note)
    return Chosen(picture, NAMES[kind], owner=lab.session())


def decoded(content: bytes) -> Picture | None:
    """The visitor's own file as a picture; a sentence on the page and None where it cannot be used."""
    picture = lab.compute(
        key_of(owner=lab.session(), file=hashlib.sha256(content).hexdigest()),
        lambda progress: _read(content, progress),
        channel="picture",
        doing="Reading your picture",
    )
    if isinstance(picture, str):
        st.error(picture)
    return picture if isinstance(picture, Picture) else None


def _read(content: bytes, progress: Reporter) -> Picture | str:
    """The decoded file, or why it cannot be used, which is a result too: it is found out once."""
    try:
        return decode_upload(content, check=lambda: progress(0))
    except UploadError as error:
        return str(error)
