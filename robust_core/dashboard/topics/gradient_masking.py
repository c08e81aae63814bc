"""Gradient masking as a toy: one digit, the line along which FGSM moves, and live sliders."""

import streamlit as st
from torch import Tensor

from robust_core import imaging, zoo
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.topics import figures
from robust_core.data import digits
from robust_core.data.fitting import to_pixels
from robust_core.engine import key_of
from robust_core.toys.masking import LossLine, Mask, Rounding, Saturation, Step, line, step
from robust_core.words.numbers import short_share

WHAT = (
    "“The goal of gradient masking is to leave the decision boundaries untouched but damage the gradient "
    "used in white-box attacks.” (Châtel, Adversarial examples in deep learning, 2017)"
)
MODEL = "digits-cnn"
SIDE = 96
PICTURES = {"0": 1, "1": 5, "2": 0, "4": 2, "6": 8, "9": 3}
"""Digits to choose from, and where they are in the test set."""
EPS = 0.2
KINDS = {
    "Rounding": (
        "Every value is rounded to a multiple of 1/k before the network sees it. Between levels nothing "
        "changes: the gradient is exactly 0.",
        "rounding left out (BPDA)",
        "taking the gradient as if the rounding were not there (BPDA)",
        ", to half a level. The loss is the margin: above 0 another class wins.",
    ),
    "Saturation": (
        "The logits are multiplied by s. No answer changes, but the probabilities become exactly 1 and 0 "
        "in float32, and the gradient through them 0.",
        "logits divided by s",
        "dividing the logits by s",
        ". The loss is cross-entropy through softmax in float32. Where a line is missing, its value is "
        "exactly 0 or, at the far end, not finite.",
    ),
}
"""Name: its effect, the legend of the aware attacker's gradient, how it is found, a note on the curves."""


def show_gradient_masking() -> None:
    """The choice of a mask, three pictures, and the curves."""
    st.caption(WHAT)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        kind = pick_one("Defence", KINDS, "mask_kind", "Rounding")
        mask = _choose(kind)
        digit = st.select_slider(
            "Digit", list(PICTURES), value="4", key="mask_digit", persist_state="session"
        )
        st.markdown(KINDS[kind][0])
    found = lab.compute(
        key_of(masking=repr(mask), digit=digit),
        lambda progress: work(mask, PICTURES[digit]),
        channel="masking",
        doing="Moving along the gradient",
    )
    if found is None:
        return
    image, along, steps = found
    with left:
        st.markdown(f"**{sentence(kind, digit, steps)}**")
        _pictures(image, digit, steps)
    with right:
        plots.draw(
            figures.masking_lines(
                along, digits.CLASSES, adaptive=KINDS[kind][1], log=kind == "Saturation"
            ),
            key="masking_lines",
            alt="Loss, its slope, and the class along the direction of FGSM, with and without the defence.",
        )
        st.caption(
            "Top: the loss, smooth without the defence. Middle: the slope that each attacker sees. "
            "Bottom: the class, which changes at the same place with and without the defence"
            + KINDS[kind][3]
            + f" Model {MODEL}, a test picture."
        )
    st.caption(
        "A third kind is chance: the gradient of one random draw misleads. Averaging it over many draws "
        "(EOT) helps; see random resize and pad above."
    )


def _choose(kind: str) -> Mask:
    """The slider of a mask."""
    if kind == "Rounding":
        k = st.select_slider(
            "Levels k, of 1/k each",
            (16, 32, 64, 128),
            value=32,
            key="mask_k",
            persist_state="session",
            help="The digits have 17 grey levels of 1/16; rounding to these leaves them unchanged.",
        )
        return Rounding(k=k)
    s = st.select_slider(
        "Scale s", (1, 3, 10, 30, 100), value=10, key="mask_s", persist_state="session"
    )
    return Saturation(s=s)


def work(mask: Mask, index: int) -> tuple[Tensor, LossLine, tuple[Step, Step]]:
    """The picture, the line, and one FGSM step of the unaware and of the aware attacker.

    Takes a few milliseconds once the model is loaded.
    """
    model = zoo.load(MODEL, "cpu")
    images, labels = digits.load("test")
    image = images[index : index + 1]
    label = labels[index : index + 1]
    unaware, aware = (step(model, mask, image, label, eps=EPS, adaptive=a) for a in (False, True))
    return image, line(model, mask, image, label), (unaware, aware)


def sentence(kind: str, digit: str, steps: tuple[Step, Step]) -> str:
    """The result of one step for each attacker."""
    said = [digits.CLASSES[found.said] for found in steps]
    unaware, aware = (f"still “{c}”" if c == digit else f"“{c}”" for c in said)
    return (
        f"One step of {EPS:g} along the masked gradient, exactly 0 at {short_share(steps[0].zeros, 0)} of "
        f"the pixels: {unaware}. By {KINDS[kind][2]}: {aware}."
    )


def _pictures(image: Tensor, digit: str, steps: tuple[Step, Step]) -> None:
    shown = (
        ("clean", image, digit),
        ("unaware", steps[0].picture, digits.CLASSES[steps[0].said]),
        ("aware", steps[1].picture, digits.CLASSES[steps[1].said]),
    )
    with st.container(horizontal=True, gap="small"):
        for who, picture, said in shown:
            st.image(
                imaging.data_url(imaging.enlarge(to_pixels(picture)[0], SIDE)),
                caption=f"{who}: “{said}”",
                alt=f"The digit, {who}; the defended network says {said}.",
                width=SIDE,
            )
