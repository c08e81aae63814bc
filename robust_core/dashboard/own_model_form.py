"""The control "Your model": the file, what must be said of it, and the check of its normalisation."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st
from torch import Tensor

from robust_core import data, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab, own_data, own_model, own_model_hub
from robust_core.dashboard.own_model import LARGEST, Said
from robust_core.dashboard.picture_input import NAMELESS, STARTED
from robust_core.data.archives import load_zip
from robust_core.data.datasets import load_test_set
from robust_core.engine import Reporter, key_of
from robust_core.words.models import title
from robust_core.zoo import own
from robust_core.zoo.own.normalisation import NONE_FITS
from robust_core.zoo.own.sizes import size_of
from robust_core.zoo.own.weights_file import TIMM

WATCHED = 50
"""Labelled pictures that the normalisation is compared on."""
VALUES = 2**25
"""Numbers in all of these at most: 128 MB."""
NORMALISATIONS = {
    "none: pixels in [0, 1]": None,
    "ImageNet's": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "to [-1, 1]": ((0.5,), (0.5,)),
    "CIFAR-10's": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "own numbers": None,
}
OWN_NUMBERS = "own numbers"
FILE = f"ONNX, or safetensors, up to {LARGEST} MB"
HELP = (
    "ONNX is safe to read, and holds the whole network. Safetensors holds weights alone: name their "
    "architecture below. Checkpoints (.pt, .pth) are pickles, which can run programs: they are not opened."
)
ARCHITECTURE = (
    "With a safetensors file: the network that the weights belong to, from torchvision (resnet18) or timm "
    "(timm:resnet18). Without a file, a network of timm is downloaded from the Hugging Face hub with its "
    "pretrained weights, classes, size and normalisation; you see how large it is first."
)
UNTIL = "What you change above takes effect once you press the button."
PRIVACY = (
    "It stays in this computer's memory for your page alone. Once you close or reload the page it is "
    "given up, and a minute later it is forgotten. Links to the page do not contain it."
)


def choose(instead: str) -> str:
    """The form, and the name of the model to use: the visitor's, or ``instead`` while there is none."""
    own_data.raise_limit(LARGEST)
    guest = own_model.current()
    with st.expander("Your model" if guest is None else guest.title, expanded=guest is None):
        asked = _form()
        if _read(asked) if asked else own_model_hub.offer():
            st.rerun()
        pictures = _own_pictures(guest.model) if guest else None
        st.caption(PRIVACY)
    if guest is None:
        st.caption(f"Meanwhile the model is {title(instead)}.")
        return instead
    _say(guest)
    _check(guest.model, pictures)
    return guest.name


def _text(label: str, key: str, example: str, about: str | None = None) -> str:
    """A line of text, kept for the session; ``example`` stands in it while it is empty."""
    return st.text_input(
        label, key=f"own_{key}", placeholder=example, help=about, persist_state="session"
    )


def _form() -> dict | None:
    """What was asked for with the button; None without."""
    turn = st.session_state.setdefault("_own_turn", 0)
    with st.form("own_model_form", border=False, clear_on_submit=False):
        file = st.file_uploader(
            FILE,
            type=[".onnx", ".safetensors", ".pt", ".pth", ".ckpt", ".pkl", ".bin", ".h5", NAMELESS],
            help=HELP,
            key=f"own_file_{STARTED}_{turn}",
            max_upload_size=LARGEST,
        )
        architecture = _text(
            "Architecture of safetensors, or a network of timm",
            "architecture",
            "resnet18, or timm:vit_tiny_patch16_224",
            ARCHITECTURE,
        )
        classes = st.text_area(
            "Class names, in the order of the outputs",
            key="own_classes",
            placeholder="cat, dog, ... or one a line; cifar10 or imagenet for theirs",
            height=68,
            persist_state="session",
        )
        size = _text(f"{own_model.SIZE}, where the file leaves it open", "size", "224 or 224x160")
        kind = st.selectbox(
            "Normalisation that it was trained with",
            list(NORMALISATIONS),
            key="own_normalisation",
            persist_state="session",
            help="What happens to a pixel in [0, 1] before the network: (x - mean) / deviation. Choose "
            "none where the file does it itself.",
        )
        numbers = st.text_input(
            "Mean and deviation of each channel (own numbers)",
            key="own_numbers",
            placeholder="0.5 0.5 0.5 / 0.2 0.2 0.2",
            persist_state="session",
        )
        if own_model.current() is not None:
            st.caption(UNTIL)
        if not st.form_submit_button("Use this model", icon=":material/check:"):
            return None
    return {
        "file": file,
        "architecture": architecture.strip() or None,
        "classes": classes,
        "size": size.strip(),
        "kind": kind,
        "numbers": numbers,
    }


def _read(asked: dict) -> zoo.Guest | None:
    """The guest; a sentence on the page and None where something is wrong, or a download is offered."""
    try:
        own_model_hub.forget()
        if asked["file"] is None and _from_hub(asked["architecture"] or ""):
            return own_model_hub.ask(asked["architecture"], asked["classes"], asked["size"])
        size = size_of(asked["size"]) if asked["size"] else None
        file = asked["file"]
        if file is not None:
            if not own_model.check(file.getvalue(), file.name, asked["architecture"], size):
                return None
            st.session_state["_own_turn"] += (
                1  # Streamlit forgets the file, which is not needed any more
            )
        held = own_model.kept()
        if held is None:
            st.error("Choose a file first.")
            return None
        mean, std = _normalisation(asked["kind"], asked["numbers"], held.found.channels)
        return own_model.admit(Said(asked["classes"], mean, std))
    except ValueError as error:
        st.error(lab.capitalised(str(error)))
        return None


def _from_hub(architecture: str) -> bool:
    """Whether timm has to give the weights: not where the visitor has brought some for that network."""
    held = own_model.kept()
    own = held is not None and held.hub is None and held.architecture == architecture
    return architecture.startswith(TIMM) and not own


def _normalisation(
    kind: str, numbers: str, channels: int
) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Mean and deviation of each channel. Raises ``ValueError`` for numbers that are none."""
    if kind == OWN_NUMBERS:
        sides = numbers.replace(",", " ").split("/")
        values = []
        with suppress(ValueError):
            values = [tuple(float(word) for word in side.split()) for side in sides]
        if len(values) != 2 or not all(values):
            raise ValueError(
                "mean and deviation must be numbers with a / between them: 0.5 0.5 0.5 / 0.2 0.2 0.2"
            )
        return _spread(values[0], channels), _spread(values[1], channels)
    known = NORMALISATIONS[kind]
    if known is None:
        return None, None
    return _spread(known[0], channels), _spread(known[1], channels)


def _spread(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """One number for each channel, where one was given for all."""
    return values * channels if len(values) == 1 else values


def _say(guest: zoo.Guest) -> None:
    """What was found out about it."""
    about = zoo.outline(guest.name)
    held = own_model.kept()
    of_onnx = held is not None and held.architecture is None
    same = "; its answers are those of onnxruntime" if of_onnx else ""
    notes = guest.model.provenance.details["notes"]
    st.caption("  \n".join([f"In use: {about.shape}, {about.classes:,} classes{same}.", *notes]))


def _record(model: Classifier) -> data.DataSet | None:
    """The data set here that has the model's classes and pictures."""
    known = data.of_family(zoo.family(model.name))
    return next((r for r in known if _same(r, model) and r.available()), None)


def _own_pictures(model: Classifier) -> Any:
    """The visitor's labelled pictures, asked for where no data set here has the model's classes."""
    if _record(model) is not None:
        return None
    return st.file_uploader(
        "Check the normalisation: a ZIP file of your pictures, one folder per class",
        type=["zip"],
        key=f"own_pictures_{STARTED}",
        max_upload_size=LARGEST,
    )


def _check(model: Classifier, pictures: Any) -> None:
    """How often it is right on labelled pictures, with this normalisation and with others."""
    record = _record(model)
    if record is not None:
        name, of = record.name, f"{{n}} test pictures of {record.title}"
        _compare(model, name, of, lambda progress, lost: load_test_set(name, model, _few(model)))
    elif pictures is not None:
        content = pictures.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        of = "your {n} pictures"

        def load(progress: Reporter, lost: list[str]) -> tuple[Tensor, Tensor]:
            try:
                return load_zip(content, model, _few(model), progress, lost.append)
            except ValueError as error:
                raise ValueError(own_data.harmless(str(error))) from error

        _compare(model, digest, of, load)


def _few(model: Classifier) -> int:
    """So many pictures, fewer where they are large."""
    height, width = model.input_size
    return max(1, min(WATCHED, VALUES // (model.channels * height * width)))


def _same(record: data.DataSet, model: Classifier) -> bool:
    """Whether a data set has the model's classes, in its order, and pictures of its size."""
    return (
        [n.lower() for n in record.class_names] == [n.lower() for n in model.class_names]
        and record.channels == model.channels
        and record.has_size(model.input_size)
    )


def _compare(
    model: Classifier,
    pictures: str,
    of: str,
    load: Callable[[Reporter, list[str]], tuple[Tensor, Tensor]],
) -> None:
    """The sentence about pictures that ``load`` gives; ``pictures`` names them.

    ``load`` appends what is to be said of each file that it leaves out.
    """

    def work(progress: Reporter) -> tuple[str, list[str], int]:
        lost: list[str] = []
        images, labels = load(progress, lost)
        compared = own.compare_normalisations(model, images, labels)
        return own.in_words(compared, of), lost, len(labels)

    found = lab.compute(
        key_of(owner=lab.session(), normalisation=str(model.name), pictures=pictures),
        work,
        channel="own_check",
        doing="Checking the normalisation",
    )
    if found:
        told, lost, read = found
        own_data.say_left_out(lost, read, _few(model))
        (st.warning if "fit better" in told or NONE_FITS in told else st.caption)(told)
