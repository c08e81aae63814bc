"""The rows of the comparison: each attack's pictures, verdict and numbers as soon as it finishes."""

from dataclasses import replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks, imaging
from robust_core.dashboard import fixed, lab, pace
from robust_core.dashboard.compare_attacks.selection import (
    ComparedAttack,
    left_confidence,
    per_value,
    within_eps,
)
from robust_core.dashboard.result import BADGES, in_the_file, outside
from robust_core.dashboard.settings import choose
from robust_core.experiment.perform import Experiment
from robust_core.words import threat_model
from robust_core.words.numbers import duration, in_255ths, number, on_both_scales
from robust_core.words.verdict import MEANS, Verdict, aim, rounded, said, verdict

SIDE = 96
"""Pictures in a row are enlarged to at most this many pixels a side, by a whole factor."""
WIDTHS = {"Linf": 96}
"""Width in pixels of a number whose longest value, ``178.5/255``, does not fit the usual width."""
MANY = 500
"""Passes from which on an attack says what it may take before it runs."""
COUNTED = 0.99
"""The share of a perturbation's values that the amplification never clips."""


class Changes:
    """The perturbations of all rows, amplified by one factor.

    The row with the largest changes sets the factor, its largest hundredth ignored: otherwise an attack
    that changes a few pixels completely would leave all other rows grey.
    """

    def __init__(self) -> None:
        self.factor = 1.0
        self._shown: list[tuple[DeltaGenerator, np.ndarray, str]] = []

    def add(self, experiment: Experiment, title: str) -> None:
        """Show the change of a row here; the others follow where the factor changes."""
        delta = (experiment.adversarial - experiment.clean)[0].numpy().transpose(1, 2, 0)
        self._shown.append((st.empty(), delta, title))
        sizes = [np.abs(delta) for _, delta, _ in self._shown]
        largest = max(np.quantile(size, COUNTED) for size in sizes) or max(map(np.max, sizes))
        factor = imaging.amplification(float(largest))
        for shown in self._shown if factor != self.factor else self._shown[-1:]:
            self._draw(*shown, factor)
        self.factor = factor

    @staticmethod
    def _draw(place: DeltaGenerator, delta: np.ndarray, title: str, factor: float) -> None:
        pixels = imaging.enlarge(imaging.show_change(delta, factor), SIDE)
        alt = f"The perturbation of {title}, {factor:g} times, around grey."
        place.image(imaging.data_url(pixels), alt=alt)


def show_rows(rows: list[ComparedAttack], head: DeltaGenerator) -> dict[str, Experiment]:
    """Draw the finished rows, then compute the others one after another; returns the results by attack.

    ``head`` is an empty place for the clean picture and the summary.
    """
    places = {row.attack.name: st.empty() for row in rows}
    done = {row.attack.name: found for row in rows if (found := row.finished)}
    changes = Changes()
    each = _seconds_a_query(rows, done)
    for row in rows:
        with places[row.attack.name].container():
            if row.attack.name in done:
                _show(row, done[row.attack.name], changes)
            else:
                told = row.refusal or ", ".join(filter(None, ("waiting", _takes(row, each))))
                st.markdown(f"**{row.attack.title}** :gray[{told}]")
    _show_head(head, rows, done, changes.factor)
    for row in rows:
        if row.request is None or row.attack.name in done:
            continue
        with places[row.attack.name].container():
            takes = _takes(row, each)
            st.markdown(f"**{row.attack.title}**" + (f" :gray[{takes}]" if takes else ""))
            experiment = lab.attempt(
                row.key,
                row.asked.work,
                channel="compare",
                doing=row.attack.title,
                words=lab.steps(row.asked.attack),
            )
        if experiment is not None:
            done[row.attack.name] = experiment
            with places[row.attack.name].container():
                _show(row, experiment, changes)
            _show_head(head, rows, done, changes.factor)
    return done


def _seconds_a_query(rows: list[ComparedAttack], done: dict[str, Experiment]) -> float | None:
    """How long a query takes here; None where no attack to come asks many."""
    coming = [row for row in rows if row.request and row.attack.name not in done]
    if not any(pace.passes_of(row.asked.attack) >= MANY for row in coming):
        return None
    return pace.seconds_a_query(coming[0].asked.model)


def _takes(row: ComparedAttack, each: float | None) -> str:
    """What a row that is not there yet may take, where that is much; else nothing."""
    if row.request is None or each is None or pace.passes_of(row.asked.attack) < MANY:
        return ""
    return pace.ahead(row.asked.attack, each)


def _show_head(
    place: DeltaGenerator, rows: list[ComparedAttack], done: dict[str, Experiment], factor: float
) -> None:
    """The clean picture, how many attacks reached the goal, and what holds for all rows."""
    if not done:
        return
    first = next(iter(done.values()))
    request = next(row.request for row in rows if row.request)
    clean = imaging.enlarge(first.pixels()[0].numpy(), SIDE)
    alt = f"The clean picture: {first.before[0].label}."
    with place.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.image(imaging.data_url(clean), alt=alt)
        with st.container(width=560, gap="xxsmall"):
            st.markdown(f"## {_summary(rows, done)}")
            st.markdown(f"Clean: {said(first.before[0])}")
            st.caption(
                f"{request.model.called}. {aim(first)} Perturbations × {factor:g} around grey, in every "
                "row; up to 1 % of the values may be clipped. For L2 attacks eps is the root-mean-square "
                f"change of a value, for L1 attacks the mean one. {outside(request)}".rstrip()
            )


def _summary(rows: list[ComparedAttack], done: dict[str, Experiment]) -> str:
    """How many of the finished attacks reach the goal within eps."""
    first = next(iter(done.values()))
    if verdict(first) is Verdict.ALREADY_WRONG:
        return f"The model is wrong before any attack: it says {said(first.before[0])}."
    finished = [row for row in rows if row.attack.name in done]
    reached = [
        r for r in finished if done[r.attack.name].success and within_eps(r, done[r.attack.name])
    ]
    eps = finished[0].asked.shown_eps
    what = "attack" if len(finished) == len(rows) else "finished attack"
    count = f"{len(reached)} of {len(finished)} {what}{'s' * (len(finished) > 1)}"
    return f"{count} reached the goal within eps {on_both_scales(eps)}."


def _show(row: ComparedAttack, experiment: Experiment, changes: Changes) -> None:
    name = row.attack.name
    title = row.attack.title
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row_{name}"):
        with st.container(horizontal=True, gap="xsmall", width="content"):
            adversarial = imaging.enlarge(experiment.pixels()[1].numpy(), SIDE)
            alt = f"The adversarial picture of {title}: {experiment.after[0].label}."
            st.image(imaging.data_url(adversarial), alt=alt)
            changes.add(experiment, title)
        with st.container(width=250, gap=None):
            colour, icon = BADGES[verdict(experiment)]
            st.markdown(f"**{title}** :{colour}-badge[{icon} {verdict(experiment).value}]")
            st.markdown(says(experiment))
            told = (distance(row, experiment), rounded(experiment), *experiment.notices)
            st.caption("  \n".join(filter(None, told)))
            with st.container(horizontal=True, gap="small"):
                show_threat_model(row.asked.attack, experiment.goal.name)
                if _open(name):
                    choose("attack", name)
                    st.switch_page("pages/attack.py")
        with st.container(horizontal=True, gap="xxsmall", width="stretch"):
            for label, value, why in numbers(experiment):
                st.metric(label, value, help=why, width=WIDTHS.get(label, 76))


def _open(name: str) -> bool:
    return st.button(
        "Open",
        key=f"open_{name}",
        type="tertiary",
        icon=":material/bolt:",
        disabled=fixed.locked("attack"),
        help="The full result, on the page Attack.",
    )


def says(experiment: Experiment) -> str:
    """The model's answer, and its remaining confidence in the original class."""
    answer = experiment.after[0]
    label = experiment.label
    if answer.index == label.index:
        return said(answer)
    return said(answer, replace(label, confidence=left_confidence(experiment)))


def distance(row: ComparedAttack, experiment: Experiment) -> str:
    """How large the change is, in the attack's norm, beside the eps allowed."""
    eps = in_255ths(row.asked.shown_eps)
    norm = row.asked.attack.norm
    size = f"{in_255ths(per_value(experiment, norm))} {MEANS.get(norm, 'at most')}"
    if norm == "l0":
        size = f"{experiment.judged.l0:,.0f} pixels, {size}"
    if row.attack.has_eps:
        return f"{size}; allowed {eps}"
    if not experiment.success:
        return "no eps; found no change that reaches the goal"
    beyond = "within" if within_eps(row, experiment) else "beyond"
    return f"no eps; needed {size}, {beyond} {eps}"


def show_threat_model(attack: attacks.Attack, goal: str) -> None:
    """The threat model of an attack with its goal, in a popover."""
    with st.popover("Threat model", type="tertiary", icon=":material/policy:"):
        st.markdown(f"**{attack.title}.** {attack.summary}")
        for axis, (value, why) in threat_model.threat_model(attack, goal).items():
            st.markdown(f"**{axis.capitalize()}**: {value}  \n:gray[{why}]")


def numbers(experiment: Experiment) -> tuple[tuple[str, str, str], ...]:
    """Name, value and explanation of what a row shows."""
    height, width = experiment.clean.shape[-2:]
    far = experiment.judged
    length, largest = in_the_file(experiment)
    passes = f"Forward passes. The attack also made {experiment.gradients} backward passes, for gradients."
    return (
        ("L0", f"{far.l0:,.0f}", f"Pixels that changed, of {height * width}."),
        ("L1", number(far.l1), "Sum of all changes; values are in [0, 1]."),
        ("L2", number(far.l2), f"Euclidean length of the change; values are in [0, 1]. {length}"),
        ("Linf", in_255ths(far.linf), f"Largest change of a value: {far.linf:.4g}. {largest}"),
        ("Queries", f"{experiment.queries:,}", passes),
        ("Time", duration(experiment.seconds), "Of the attack alone, on this machine."),
    )
