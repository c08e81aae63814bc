"""The part "Turning": one picture from many sides, clean, after PGD and after EOT."""

from typing import Any

import streamlit as st
import torch

from robust_core import data, zoo
from robust_core.attacks import EOT as EOTAttack
from robust_core.attacks.physical.transformation import VIEWS
from robust_core.dashboard import controls, lab, plots
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.components.strip import FOOLED, RIGHT, Cell, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.physical.turning_charts import LOOKS, curves, value_words
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.subject import Subject, choose_target, is_wanted
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.plan import ROTATION
from robust_core.experiment import turning
from robust_core.experiment.turning import SWEEPS, Line, Turned
from robust_core.papers import ATHALYE_EOT
from robust_core.words import citations
from robust_core.words.numbers import in_255ths, percent, share
from robust_core.words.verdict import quoted
from robust_core.zoo import Description

KINDS = {"rotation": "Turned", "zoom": "Nearer or further", "brightness": "Darker or lighter"}
ALONE, ALL = "alone", "all"
DRAWS = (8, 16, 30)
STEPS = 40
START_EPS = 8 / 255
NEXT = "the likeliest other class"
REACH = {
    "rotation": (-VIEWS.rotation, VIEWS.rotation),
    "zoom": (VIEWS.scale_low, VIEWS.scale_high),
    "brightness": (-VIEWS.brightness, VIEWS.brightness),
}
"""How far the paper's views reach in each direction."""
SIDE = 192
WHAT = (
    "A camera never sees the picture that was attacked: it sees it turned, from further away, in a "
    "different light. **PGD** makes one picture that fools from one side. **EOT**, expectation over "
    f"transformation ({citations.markdown(ATHALYE_EOT)}), takes the mean loss over random views in each "
    "step, so that what it finds fools from all of them."
)
COST = (
    "Each step averages over {draws} views, so it costs {draws} passes: {eot:,} gradients, where PGD took "
    "{pgd:,}; 30 draws are 30 passes. Both take {steps} steps within eps {eps} in Linf. The paper bounds "
    "the distance of the views in LAB colours instead; here the ball is PGD's, to compare the two."
)


def draw(model: Description, chosen: Chosen, how: str) -> None:
    """Controls, the two curves, the three pictures at one angle, the equation and the cost."""
    st.markdown("## An attack for one view, and one for all views")
    st.markdown(WHAT)
    if not is_here(model):
        return
    subject = Subject(model, chosen, how)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        what = choose_one("Then the picture is", KINDS, "turn_by", "rotation")
        words = {ALONE: "such views alone", ALL: "all of the paper's views"}
        drawn = choose_one("EOT draws from", words, "turn_from", ALONE)
        draws = choose_one("Draws a step", {n: f"{n}" for n in DRAWS}, "turn_draws", 16)
        target = choose_target("turn", model, NEXT)
    with st.container(key="turn_eps_row", width=420):
        eps = controls.choose_eps(own="turn_", start=START_EPS)
    if not is_wanted("turn", model, "Attack it, then turn it"):
        st.caption("Takes some seconds.")
        return
    asked: dict[str, Any] = {"drawn": drawn, "draws": draws, "target": target, "eps": eps}
    found = lab.compute(
        key_of(turning=subject.key, by=what, steps=STEPS, **asked),
        lambda progress: work(subject, what, progress, **asked),
        channel="turning",
        doing="Attacking from one side, then from all",
        words=lambda k, n: f"step {k:,} of {n:,}",
    )
    if found is not None:
        _show(found, subject, what, drawn)
    _show_equation(found)
    if said := measured(model.name):
        st.caption(said)


def work(
    subject: Subject,
    what: str,
    progress: Reporter,
    *,
    drawn: str,
    draws: int,
    target: int | None,
    eps: float,
) -> Turned:
    """Load, attack, look; called in a thread of the engine."""

    def on(device: torch.device) -> Turned:
        return turning.turn(
            zoo.load(subject.model.name, device),
            to_tensor(subject.pixels).to(device),
            SWEEPS[what],
            eps=eps,
            steps=STEPS,
            draws=draws,
            label=subject.label,
            target=target,
            views=VIEWS if drawn == ALL else None,
            progress=progress,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def headline(found: Turned, classes: tuple[str, ...]) -> str:
    """In how many of the views each picture is taken for the target."""
    clean, pgd, eot = (sum(said == found.target for said in line.said) for line in found.lines)
    n = len(found.lines[0].said)
    target = quoted(classes[found.target])
    if max(pgd, eot) <= clean:
        return f"At this eps neither attack makes it say {target} from more sides than without an attack."
    return f"It says {target} in {eot} of {n} views after EOT, in {pgd} after PGD, in {clean} when clean."


@st.fragment  # the slider redraws this section alone
def _show(found: Turned, subject: Subject, what: str, drawn: str) -> None:
    classes = subject.model.class_names
    sweep = SWEEPS[what]
    clean, pgd, eot = (round(line.fresh * found.fresh) for line in found.lines)
    st.markdown(f"### {headline(found, classes)}")
    st.markdown(
        f"Of {found.fresh} new random views of this picture, drawn as EOT draws and the same for all "
        f"three: {eot} after EOT, {pgd} after PGD, {clean} when clean."
    )
    reach = REACH[what] if drawn == ALL else sweep.reach
    charts = st.columns(2, gap="medium")
    st.caption("Grey: the views that EOT drew from. Beyond them nothing is promised.")
    here = st.select_slider(
        "Seen here",
        sweep.at,
        value=max(value for value in sweep.at if value <= sweep.reach[1]),
        format_func=lambda value: value_words(what, value),
        key=f"turn_at_{what}",
        width=3 * SIDE,
    )
    for place, (index, is_target) in zip(
        charts, ((found.target, True), (found.label, False)), strict=True
    ):
        with place:
            kind = "the target" if is_target else "its class"
            st.markdown(f"**Confidence in {quoted(classes[index])}**, {kind}")
            plots.draw(
                curves(found, sweep, what, target=is_target, reach=reach, here=here),
                key=f"turn_{'target' if is_target else 'label'}",
                alt=alt(found, sweep.at, what, is_target),
            )
    k = sweep.at.index(here)
    st.html(strip([_cell(line, k, found, classes) for line in found.lines], side=SIDE))


def _cell(line: Line, k: int, found: Turned, classes: tuple[str, ...]) -> Cell:
    said = line.said[k]
    shares = {found.label: line.label[k], found.target: line.target[k]}
    told = quoted(classes[said]) + (f" {percent(shares[said])}" if said in shares else "")
    kind = RIGHT if said == found.label else FOOLED
    return Cell(line.pixels[k].numpy(), LOOKS[line.attack][0], told, kind)


def alt(found: Turned, at: tuple[float, ...], what: str, target: bool) -> str:
    """The ends and the middle of the three lines."""
    places = (0, len(at) // 2, len(at) - 1)
    return "; ".join(
        f"{LOOKS[line.attack][0]}: "
        + ", ".join(
            f"{value_words(what, at[k])} {percent((line.target if target else line.label)[k])}"
            for k in places
        )
        for line in found.lines
    )


def _show_equation(found: Turned | None) -> None:
    st.latex(EOTAttack.equation_towards)
    if found is not None:
        _, pgd, eot = (line.gradients for line in found.lines)
        st.caption(
            COST.format(
                draws=found.draws, eot=eot, pgd=pgd, steps=found.steps, eps=in_255ths(found.eps)
            )
        )


def measured(model: str) -> str:
    """The same over test pictures; empty where it was not measured for this model."""
    report = results.report()
    rows = [row for row in report.rotation if row.model == model and row.angle is None]
    if not rows:
        return ""
    told = ", ".join(
        f"{LOOKS['clean' if row.attack == 'none' else row.attack][0]} {share(row.target)}"
        for row in rows
    )
    return (
        f"Over {rows[0].n} test pictures of {data.get(rows[0].data).title}, {rows[0].draws} random "
        f"rotations each, eps {in_255ths(max(row.eps for row in rows))}: taken for the target, {told}. "
        f"Made by: `{report.command} --part {ROTATION}`."
    )
