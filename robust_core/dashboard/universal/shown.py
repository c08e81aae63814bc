"""What one perturbation does to twelve pictures, and what it looks like."""

import numpy as np
import streamlit as st
import torch

from robust_core import imaging, zoo
from robust_core.attacks import Universal
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard import lab
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.style import side_shown
from robust_core.dashboard.universal import markup, words
from robust_core.dashboard.universal.choice import Found, draw_curve
from robust_core.dashboard.universal.fitting import Growing
from robust_core.dashboard.universal.pictures import Shown, digest, with_chosen
from robust_core.data.fitting import to_pixels
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.universal import Applied, apply
from robust_core.zoo import Description


def show(found: Found, model: Description, own: np.ndarray, chosen: Chosen, start: int) -> None:
    """The verdict in a sentence, the grid, and the perturbation with its curve."""
    universal = found.universal
    shown = with_chosen(model, start, own, chosen)
    applied = lab.compute(
        key_of(
            shared=found.digest,
            model=model.name,
            pictures=digest(*shown.pixels),
            owner=chosen.owner,
        ),
        lambda progress: work(universal, model.name, shown, progress),
        channel="shared",
        doing="Asking the model",
    )
    if applied is None:
        return
    patch = isinstance(universal, PatchUniversal)
    target = words.target_of(universal)
    st.markdown(f"## {words.headline(applied, patch, target, model.class_names)}")
    st.markdown(words.beside(applied, target))
    left, right = st.columns([1, 2.2], gap="medium")
    with left:
        _show_delta(universal, model)
        st.caption(words.source(universal, found.bundled, model.class_names, found.rounds))
        curve = universal.record.get("curve")
        if curve and len(curve) > 1:
            draw_curve(Growing(tuple(curve)), universal.kind, "fitted_curve")
    with right:
        changed = list(to_pixels(applied.changed))
        st.html(markup.grid(shown.pixels, changed, applied.before, applied.after, shown.names))
        st.caption(
            f"Before and after on {shown.source}; it was fitted to none of them. ✗: the answer has "
            "changed. What counts is whether the answer changes, not whether it was right."
        )


def _show_delta(universal: Universal, model: Description) -> None:
    """The perturbation around grey, amplified to full contrast; a patch as it is."""
    delta = universal.delta
    if isinstance(universal, PatchUniversal):
        pixels, caption = to_pixels(delta)[0], "The sticker, for all pictures"
    else:
        factor = 0.5 / max(float(delta.abs().max()), 1e-12)
        pixels = to_pixels((0.5 + factor * delta).clamp(0, 1))[0]
        caption = f"The change for all pictures × {factor:.3g}"
    native = max(pixels.shape[:2])
    large = imaging.data_url(imaging.enlarge(pixels, side_shown(native)))
    with st.container(key=f"iterate_{native}"):
        st.image(large, caption=caption, alt=caption)


def work(universal: Universal, name: str, shown: Shown, progress: Reporter) -> Applied:
    """Apply and ask; called in a thread of the engine."""
    progress(0)

    def on(device: torch.device) -> Applied:
        return apply(zoo.load(name, device), universal, shown.batch())

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
