"""TensorFlow's FGSM tutorial on the picture of the page: one gradient, five eps, two scales."""

import streamlit as st
import torch

from robust_core import zoo
from robust_core.dashboard import lab
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.components.captioned import captioned
from robust_core.dashboard.request import Request
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.one_gradient import PIXELS, TUTORIAL, Shot, Tutorial, tutorial
from robust_core.words.numbers import in_255ths
from robust_core.words.verdict import said

SCALES = {"[-1, 1], the tutorial's": TUTORIAL, "[0, 1], this page's": PIXELS}
SIDE = 160
SOURCE = (
    "[TensorFlow's tutorial](https://www.tensorflow.org/tutorials/generative/adversarial_fgsm) takes "
    "MobileNetV2, a Labrador and eps 0.01, 0.1 and 0.15. Y. S. Cho's seminar of July 2020 (deck 003) adds "
    "0.5 and 0.7. The tutorial's pixels have run from -1 to 1 since May 2020, so that its eps are half as "
    "large on [0, 1]. The gradient is taken once, at the clean picture, and its signs, times eps, are "
    "added."
)


def show(request: Request) -> None:
    """The signs of the gradient, and the five pictures with label and confidence."""
    chosen = pick_one("Eps on the scale", SCALES, "classic_scale", next(iter(SCALES)))
    found = lab.compute(
        key_of(tutorial=request.digest(), model=request.model.name, label=request.label),
        lambda progress: work(request, progress),
        channel="classic",
        doing="One gradient",
    )
    if found is None:
        return
    scale = SCALES[chosen]
    clean = to_tensor(request.pixels())
    above, below = (st.container(horizontal=True, gap="small") for _ in range(2))
    signs = (found.sign + 1) / 2
    captioned(above, to_pixels(clean)[0], f"Clean  \n{said(found.clean)}", side=SIDE)
    captioned(above, to_pixels(signs)[0], "Signs of the gradient  \ngrey: 0", side=SIDE)
    for shot in found.shots[scale]:
        saved = to_pixels(as_saved(shot.picture, clean))[0]
        captioned(below, saved, caption(shot, scale), side=SIDE)
    st.caption(f"{label_words(request, found)} {SOURCE}")


def caption(shot: Shot, scale: tuple[float, float]) -> str:
    """The eps, what it is of a pixel's range, and the answer."""
    black, white = scale
    return f"eps {shot.eps:g} = {in_255ths(shot.eps / (white - black))}  \n{said(shot.answer)}"


def label_words(request: Request, found: Tutorial) -> str:
    """Which class is left."""
    source = "the picture's label" if request.label is not None else "the model's own answer"
    return f"Away from {found.label.label}, {source}."


def work(request: Request, progress: Reporter) -> Tutorial:
    """Load the model and run it; called in a thread of the engine."""

    def on(device: torch.device) -> Tutorial:
        images = to_tensor(request.pixels()).to(device)
        return tutorial(zoo.load(request.model.name, device), images, request.label)

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
