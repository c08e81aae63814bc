"""Distillation and saturation: four steps, and what float32 does to logits that are too large."""

import math
from html import escape

import streamlit as st
import torch

from robust_core import zoo
from robust_core.dashboard import lab, plots
from robust_core.dashboard.topics import figures
from robust_core.dashboard.topics.adversarial_training import CSS
from robust_core.data import digits
from robust_core.engine import key_of
from robust_core.toys.temperature import LogitPair, Shares, pair, shares
from robust_core.words.numbers import short_share

MODEL = "digits-cnn"
SCALES = torch.logspace(0, 2, 81, dtype=torch.float32, device="cpu")
STEPS = (
    ("Train a teacher", "its softmax at temperature T: logits divided by T"),
    ("Let it label", "each training picture gets its probabilities at T, not a hard label"),
    ("Train a student", "the same architecture, on those soft labels, again at T"),
    ("Deploy at T = 1", "the logits are now about T times as large as necessary"),
)
WHAT = (
    "Distillation and saturation “are used to introduce numerical instabilities in gradient "
    "computations” (Châtel, Adversarial examples in deep learning, 2017). The decision does not depend on "
    "T."
)
PUBLISHED = (
    "Published, not measured here. Papernot et al., 2016: success of adversarial samples from 95.89 % to "
    "0.45 % (MNIST) and from 87.89 % to 5.11 % (CIFAR-10), gradients smaller by 10³⁰. Carlini, Wagner, "
    "2017: the mean L1 norm of the logits is 5.8 (deviation 6.4) undistilled and 482 (deviation 457) "
    "distilled; attacks on logits, or logits / T, succeed on 100 % of pictures."
)


def show_saturation() -> None:
    """The steps, the published numbers, and two live charts."""
    st.html(CSS + steps())
    st.caption(WHAT)
    gap = st.slider(
        "Gap between the two logits at T = 1",
        1.0,
        30.0,
        value=10.0,
        step=0.5,
        key="saturation_gap",
        persist_state="session",
        width=420,
    )
    left, right = st.columns(2, gap="medium")
    with left:
        found = pair(gap, SCALES)
        certain, silent = limits(found)
        st.markdown("**Softmax of two logits: the smaller one's probability**")
        plots.draw(
            figures.softmax_chart(found, certain=certain, silent=silent),
            key="softmax_chart",
            alt=words(gap, certain, silent),
        )
        st.caption(words(gap, certain, silent))
    with right:
        _show_shares()
    st.caption(PUBLISHED)


def _show_shares() -> None:
    st.markdown("**Test pictures whose gradient vanishes in a real network**")
    counted = lab.compute(
        key_of(silent=MODEL),
        lambda progress: count(),
        channel="saturation",
        doing="Running the network",
    )
    if counted is None:
        return
    n, found = counted
    at = found.scales.log10().sub(1).abs().argmin()
    said = (
        f"{MODEL}, {n} test pictures, logits times T: at T = 10 the gradient with respect to "
        f"the logits is exactly 0 for {short_share(found.silent[at].item(), 0)}, "
        f"in float64 for {short_share(found.double[at].item(), 0)}."
    )
    plots.draw(figures.share_chart(found), key="share_chart", alt=said)
    st.caption(f"{said} Accuracy is the same at every T.")


def count() -> tuple[int, Shares]:
    """The number of pictures in the digits' test set, and the shares over it."""
    images, labels = digits.load("test")
    with torch.no_grad():
        logits = zoo.load(MODEL, "cpu")(images)
    return len(labels), shares(logits, labels, SCALES)


def limits(found: LogitPair) -> tuple[float | None, float | None]:
    """The T from which float32 has exactly 1, and exactly 0; None: at none of the scales."""
    certain, silent = (
        found.scales[reached.int().argmax()].item() if reached.any() else None
        for reached in (found.winner == 1, found.loser == 0)
    )
    return certain, silent


def words(gap: float, certain: float | None, silent: float | None) -> str:
    """Where float32 saturates, in a sentence."""
    if certain is None:
        return f"At a gap of {gap:g}, float32 can tell the probability from 1 up to T = 100."
    said = f"At a gap of {gap:g} the larger probability is exactly 1 from T = {certain:.2g}"
    if silent is None:
        return f"{said}; the smaller one is not 0 up to T = 100, so some gradient is left."
    return (
        f"{said}, the smaller one exactly 0 from T = {silent:.2g}: from there no gradient is left. In "
        f"gaps times T that is {24 * math.log(2):.1f} and about {150 * math.log(2):.0f}."
    )


def steps() -> str:
    """The four steps of defensive distillation, as HTML."""
    boxes = "".join(f"<div><b>{escape(a)}</b>{escape(b)}</div>" for a, b in STEPS)
    return f"<div class=steps role=list aria-label='Defensive distillation'>{boxes}</div>"
