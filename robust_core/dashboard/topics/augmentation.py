"""Augmentation beside an attack: the page's picture changed by each, and the model's answers."""

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import lab
from robust_core.dashboard.components.captioned import captioned
from robust_core.dashboard.request import Request
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.variants import STEPS, Variant, augmentation, variants
from robust_core.words.numbers import in_255ths
from robust_core.words.verdict import said

SIDE = 160
WHAT = (
    "Augmentation shows the network changes that occur naturally; adversarial training shows it a "
    "change, no larger than the brightening or the noise here, that was found by attacking it."
)


def show_augmentation(request: Request) -> None:
    """The pictures side by side, a sentence, and the conditions."""
    st.markdown("### The same picture, augmented and attacked")
    if not zoo.is_local(request.model.name):
        st.caption(f"Once {request.model.name} is downloaded, the pictures appear here.")
        return
    found = lab.compute(
        key_of(
            gallery=request.digest(),
            model=request.model.name,
            label=request.label,
            eps=request.shown_eps,
        ),
        lambda progress: work(request, progress),
        channel="gallery",
        doing="Augmenting and attacking the picture",
    )
    if found is None:
        return
    st.markdown(WHAT)
    row = st.container(horizontal=True, gap="small")
    for one in found:
        captioned(row, to_pixels(one.picture)[0], caption(one), side=SIDE)
    st.markdown(sentence(found))
    st.caption(conditions(request.model.name, request.shown_eps))


def work(request: Request, progress: Reporter) -> list[Variant]:
    """All the pictures and the model's answers; called in a thread of the engine."""
    image = to_tensor(request.pixels())
    eps = request.shown_eps
    return on_cpu_if_out_of_memory(
        lambda device: variants(
            zoo.load(request.model.name, device), image, request.label, eps=eps
        ),
        best_device(),
        on_notice=progress.notice,
    )


def caption(one: Variant) -> str:
    """What was done to a picture, and the answer."""
    return f"{one.kind}: {said(one.guess)}"


def sentence(found: list[Variant]) -> str:
    """Which changes turned the model's answer, by name."""
    clean, *others = found
    turned = [one.kind for one in others if one.guess.index != clean.guess.index]
    kept = [one.kind for one in others if one.kind not in turned]
    if not turned:
        return "None of these changes the answer. Try a larger eps."
    if not kept:
        return "Each of these changes the answer: at this eps even noise does."
    return f"The answer changes: **{', '.join(turned)}**. It stays: {', '.join(kept)}."


def conditions(model_name: str, eps: float) -> str:
    """Sizes, and where the augmentations come from."""
    shift, mirror = augmentation(model_name)
    own = [f"shifts of up to {shift} pixel{'s' * (shift > 1)}"] * bool(shift)
    own += ["mirror images"] * mirror
    learned = (
        f"{model_name} was trained here on {' and '.join(own)}"
        if own
        else f"{model_name} was not trained here, so its own augmentation is not shown"
    )
    return (
        f"{learned}. Brighter, noisy (plus or minus eps) and adversarial (PGD, {STEPS} steps, untargeted) "
        f"move each value by at most eps {eps:g} ({in_255ths(eps)}), clipped to [0, 1]."
    )
