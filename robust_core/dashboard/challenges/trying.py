"""Try it out: one picture, at once, before anything counts."""

import numpy as np
import streamlit as st

from robust_core import imaging
from robust_core.dashboard.challenges.computing import tried
from robust_core.dashboard.components.strip import FOOLED, NEITHER, RIGHT, Cell, strip
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.challenges.judge import Attempt, Verdict
from robust_core.words.challenges.told import ball, certificate, notes
from robust_core.words.numbers import number

SIDE = 160


def show(attempt: Attempt, picture: int) -> None:
    """The three pictures and a sentence on what became of this one."""
    found = tried(attempt, picture)
    if found is None:
        return
    st.markdown(sentence(found))
    clean, adversarial = (to_pixels(x)[0] for x in (found.clean, found.adversarial))
    change = (found.adversarial - found.clean)[0].permute(1, 2, 0).numpy()
    factor = imaging.amplification(float(np.abs(change).max()))
    names = found.challenge.record.class_names
    was, now = (names[int(said[0])] for said in (found.before, found.after))
    cells = (
        Cell(clean, "Clean", was, RIGHT if found.right[0] else NEITHER),
        Cell(imaging.show_change(change, factor), "Change", f"times {factor:g}"),
        Cell(adversarial, "Under attack", now, FOOLED if found.fallen[0] else NEITHER),
    )
    st.html(strip(cells, side=SIDE))
    st.caption("  \n".join([*_certificate(found), *notes(attempt), _gradients(found)]))


def sentence(found: Verdict) -> str:
    """What became of the picture, and how far it moved."""
    names = found.challenge.record.class_names
    label = names[int(found.labels[0])]
    challenge = found.challenge
    most = f"{number(challenge.eps)} at most in {challenge.norm.capitalize()}"
    far = f"moved by {number(found.length[0].item())}, of {most}"
    if not found.right[0]:
        wrong = ":gray-badge[:material/help: Wrong when clean]"
        return f"{wrong} It is {label}, and would not count. It {far}."
    if not found.inside[0]:
        return f":orange-badge[:material/block: Outside the ball] It {far}: that does not count."
    if found.fallen[0]:
        return f":red-badge[:material/warning: Fooled] It is no longer {label}; it {far}."
    return f":green-badge[:material/shield: Held] It is still {label}; it {far}."


def _certificate(found: Verdict) -> list[str]:
    """What is proved of the picture, whatever the attack."""
    if found.proof is None:
        return []
    told, within = certificate(found, 0), ball(found.challenge)
    if found.proof.holds[0]:
        return [f":material/verified: This picture is {told}: no attack turns it within {within}."]
    return [f":material/help: This picture has {told}: nothing is promised within {within}."]


def _gradients(found: Verdict) -> str:
    """How much there was to follow."""
    if found.attempt.attack.by_queries or not found.steps:
        return f"No gradients: {found.queries:,} answers were asked for."
    if found.zero_gradients:
        steps = f"{found.zero_gradients:,} of {found.steps:,} steps"
        return f":material/visibility_off: At {steps} the gradient of the loss was exactly zero."
    return "At every step there was a gradient to follow."
