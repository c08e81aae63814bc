"""The first screen: the verdict, and clean | perturbation | adversarial."""

import streamlit as st

from robust_core import imaging
from robust_core.attacks import Attack
from robust_core.dashboard.controls import radius
from robust_core.dashboard.detector_choice import badge
from robust_core.dashboard.request import Request
from robust_core.dashboard.style import side_shown
from robust_core.dashboard.views import Views
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import duration, in_255ths, number, on_both_scales
from robust_core.words.verdict import Verdict, aim, lost, needed, rounded, said, sentence, verdict

BADGES = {
    Verdict.FOOLED: ("orange", ":material/warning:"),
    Verdict.LESS_SURE: ("orange", ":material/trending_down:"),
    Verdict.HELD: ("blue", ":material/shield:"),
    Verdict.ALREADY_WRONG: ("gray", ":material/help:"),
    Verdict.MISSED: ("blue", ":material/shield:"),
}
GREY_POINT = 0.5


def show_badge(experiment: Experiment) -> None:
    """The outcome in a word or two, and the detector's where there is one."""
    outcome = verdict(experiment)
    colour, icon = BADGES[outcome]
    told = f":{colour}-badge[{icon} {outcome.value}]"
    seen = experiment.detection
    st.markdown(told if seen is None else f"{told} {badge(seen)}")


def show_verdict(request: Request, experiment: Experiment) -> None:
    """One sentence, then the notices about it."""
    norm = request.attack.norm
    st.markdown(f"## {sentence(experiment, norm)}")
    told = notices(experiment, norm)
    if experiment.eps is None:
        told.insert(0, needed(experiment, norm, radius(norm, request.shown_eps, request.model)))
    if told:
        st.caption("  \n".join(told))


def notices(experiment: Experiment, norm: str) -> list[str]:
    """Everything whose omission would mislead."""
    told = list(experiment.notices)
    if not lost(experiment):  # which the sentence says
        told += filter(None, [rounded(experiment)])
    told += filter(None, [flat_grey(experiment, norm)])
    if experiment.zero_gradients:
        told.append(
            f"{experiment.zero_gradients} of {experiment.gradients} gradients were exactly zero: "
            "where the attack fails, masked gradients may be the reason, not robustness."
        )
    return told


def flat_grey(experiment: Experiment, norm: str) -> str:
    """A warning that the eps turns any picture into flat grey; empty where it does not."""
    if norm != "linf" or (experiment.eps or 0) < GREY_POINT:
        return ""
    return (
        f"At eps {experiment.eps:g} every picture can be turned into flat grey: no classifier "
        "can be right on all of them, and the change is plain to see."
    )


def show_pictures(experiment: Experiment, views: Views) -> None:
    """Three pictures, enlarged by a whole factor, as PNG: every pixel shown is a pixel computed.

    They are sent at the largest size any screen shows; the style sheet picks the multiple that fits.
    """
    before, after = experiment.before[0], experiment.after[0]
    size = f"{experiment.clean.shape[-2]} x {experiment.clean.shape[-1]}"
    cells = (
        (
            views.clean,
            f"Clean: {said(before)}",
            f"The clean picture as the model sees it, {size} pixels: {before.label}.",
        ),
        (
            views.change,
            f"Perturbation × {views.factor:g} (grey: no change)",
            f"The change of each pixel, {views.factor:g} times, around grey.",
        ),
        (
            views.adversarial,
            f"Adversarial: {said(after)}",
            f"The adversarial picture: {after.label}.",
        ),
    )
    native = max(views.clean.shape[:2])
    with st.container(key=f"pictures_{native}"):
        columns = st.columns(3, gap="xsmall")
    for column, (pixels, caption, alt) in zip(columns, cells, strict=True):
        shown = imaging.data_url(imaging.enlarge(pixels, side_shown(native)))
        column.image(shown, caption=caption, alt=alt)


def show_numbers(experiment: Experiment) -> None:
    """Distances and cost, each explained on hover."""
    height, width = experiment.clean.shape[-2:]
    far = experiment.judged
    length, largest = in_the_file(experiment)
    cells = (
        ("L0", f"{far.l0:,.0f} px", f"Pixels that changed, of {height * width}."),
        ("L1", number(far.l1), "Sum of all changes; values are in [0, 1]."),
        ("L2", number(far.l2), f"Euclidean length of the change; values are in [0, 1]. {length}"),
        ("Linf", in_255ths(far.linf), f"Largest change of a value: {far.linf:.4g}. {largest}"),
        ("TV", number(far.tv), "Total variation of the change: how rough it is."),
        ("SSIM", f"{experiment.ssim:.3f}", "Structural similarity; 1 means equal pictures."),
        ("Queries", f"{experiment.queries}", "Forward passes that the attack spent."),
        ("Gradients", f"{experiment.gradients}", "Backward passes that the attack spent."),
        ("Time", duration(experiment.seconds), "Of the attack alone, on this machine."),
    )
    with st.container(horizontal=True, gap="small", key="numbers"):
        for name, value, why in cells:
            st.metric(name, value, help=why, width=92)


def in_the_file(experiment: Experiment) -> tuple[str, str]:
    """What the L2 and the Linf shown are of, and those of the other: the 8-bit file or the exact result."""
    other, what = (
        (experiment.saved, "The 8-bit file's is")
        if experiment.eps is None
        else (experiment, "This is the 8-bit file's; before rounding it was")
    )
    return f"{what} {number(other.l2)}.", f"{what} {other.linf:.4g}."


def steps_of(attack: Attack) -> str:
    """How many steps an attack takes; an upper bound where it searches for the smallest change."""
    steps = getattr(attack, "steps", 0)
    most = ""
    if not attack.has_eps:  # it may take all its steps in each of its searches
        most = "at most "
        steps = steps * max(1, attack.observations // max(1, steps))
    return f", {most}{steps:,} step{'s' * (steps > 1)}" if steps else ""


FEW_CLASSES = 20


def outside(request: Request) -> str:
    """Which classes the model knows, where the picture's true class is unknown or not one of them.

    Empty where it is one of them, and for models of too many classes to name.
    """
    names = request.model.class_names
    if request.label is not None or len(names) > FEW_CLASSES:
        return ""
    return (
        f"The model knows only {', '.join(names[:-1])} and {names[-1]}: "
        "this picture may show none of these."
    )


def show_conditions(request: Request, experiment: Experiment) -> None:
    """The conditions of the experiment, in one line."""
    eps = f"eps {on_both_scales(request.shown_eps)}"
    if experiment.eps is None:
        eps = "no eps"
    elif request.attack.norm == "l2":
        eps += f" root mean square, an L2 radius of {experiment.eps:.3g}"
    st.caption(
        f"{request.model.called}, {type(request.attack).title}, {eps}"
        + steps_of(request.attack)
        + f". {aim(experiment)} {within(experiment)} {outside(request)}".replace("  ", " ").rstrip()
    )


def within(experiment: Experiment) -> str:
    """How many pixels may change, where not all may."""
    if experiment.mask is None:
        return ""
    free, every = int(experiment.mask.sum()), experiment.mask.numel()
    return f"{free:,} of {every:,} pixels may change."
