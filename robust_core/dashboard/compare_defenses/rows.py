"""The rows of the page Compare defences: settings first, then each cell as soon as it finishes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import lab
from robust_core.dashboard.compare_defenses import cells
from robust_core.dashboard.compare_defenses.selection import is_weaker, summary
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.dashboard.defense_choice import choose_settings
from robust_core.dashboard.detector_choice import name_of
from robust_core.dashboard.request import Request
from robust_core.dashboard.result import flat_grey, outside, steps_of
from robust_core.defenses import Defense
from robust_core.engine import Reporter
from robust_core.experiment.defended import Attacker, DefenseTrial
from robust_core.experiment.defended_look import Look
from robust_core.experiment.perform import Experiment
from robust_core.words.numbers import on_both_scales
from robust_core.words.verdict import aim, said

T = TypeVar("T")
GRID = (1.2, 1.4, 1.4)
"""Widths of the columns: the defence, and the two attackers."""
CHANNEL = "defenses"


@dataclass
class LaidOutRow:
    """A row on the page: its places, and its results so far."""

    row: ComparedDefense
    look_place: DeltaGenerator
    cells: dict[Attacker, DeltaGenerator]
    below: DeltaGenerator
    look: Look | None = None
    trials: dict[Attacker, DefenseTrial] = field(default_factory=dict)


def lay_out(kinds: list[type[Defense]], request: Request) -> tuple[LaidOutRow, list[LaidOutRow]]:
    """Titles, settings and places of all rows: the undefended one, and a line for each defence.

    Nothing is computed yet: all controls must be read first.
    """
    with st.container(key="attackers"):
        columns = st.columns(GRID, gap="small")[1:]
        for column, words in zip(columns, cells.HEADINGS.values(), strict=True):
            column.markdown(f"**{words}**")
    with st.container(key="defense_undefended", gap="xxsmall"):
        about, *places = st.columns(GRID, gap="small", vertical_alignment="center")
        with about, st.container(gap=None):
            st.markdown("**Undefended**")
            undefended = LaidOutRow(
                ComparedDefense(Defense, request, None),
                st.empty(),
                _by_attacker(places),
                st.empty(),
            )
    return undefended, [_lay_out(kind, request) for kind in kinds]


def _by_attacker(places: list) -> dict[Attacker, DeltaGenerator]:
    return {who: place.empty() for who, place in zip(Attacker, places, strict=True)}


def _lay_out(kind: type[Defense], request: Request) -> LaidOutRow:
    with st.container(key=f"defense_{kind.name}", gap="xxsmall"):
        about, *places = st.columns(GRID, gap="small", vertical_alignment="center")
        with about, st.container(gap=None):
            st.markdown(f"**{kind.title}**")
            st.caption(kind.summary)
            look_place = st.empty()
            with st.container(horizontal=True, gap="small"):
                with st.popover("Settings", type="tertiary", icon=":material/tune:"):
                    values = choose_settings(kind, request.model)
                row = ComparedDefense.of(kind, values, request)
                with st.popover("What breaks it", type="tertiary", icon=":material/info:"):
                    cells.explain(kind, row.defense, request.model.name)
            if row.defense is not None:
                for told in row.defense.notices(len(request.model.class_names)):
                    st.caption(f":material/info: {told}")
        below = st.empty()
    return LaidOutRow(row, look_place, _by_attacker(places), below)


def fill(
    undefended: LaidOutRow, lines: list[LaidOutRow], head: DeltaGenerator
) -> Experiment | None:
    """Draw the finished cells, then compute the others one after another and draw each as it finishes.

    ``head`` is an empty place for the clean picture and the summary. Returns the attack on the undefended
    model; None where that was stopped or refused.
    """
    request = undefended.row.request
    cell = undefended.cells[Attacker.UNAWARE]
    experiment: Experiment | None = lab.engine().peek(request.key())
    if experiment is None:
        with head.container():  # at the top, where a failure is read first
            experiment = _compute(
                request.key(), request.work, request.attack.title, lab.steps(request.attack)
            )
    if experiment is None:
        return None
    with cell.container():
        cells.show_undefended(experiment, request)
    undefended.cells[Attacker.AWARE].caption("There is no defence to be aware of.")

    def tell() -> None:
        _show_head(head, experiment, request, lines)

    for line in lines:
        line.look, line.trials = line.row.finished
    tell()
    undefended.look = undefended.row.finished[0] or _look_at(undefended)
    if undefended.look is not None:
        with undefended.look_place.container():
            cells.show_look(undefended.look, None, experiment.label.index)
            lab.say_notices(undefended.row.key)
    for line in lines:
        _show_known(line, undefended.look, experiment)
    for line in lines:
        _complete(line, undefended.look, experiment, tell)
    _show_head(head, experiment, request, lines, over=True)
    return experiment


def _show_known(line: LaidOutRow, undefended: Look | None, experiment: Experiment) -> None:
    if line.row.defense is None:
        line.cells[Attacker.UNAWARE].markdown(f":gray[:material/block: {line.row.refusal}]")
        return
    if line.look is not None:
        _show_look(line, line.look, undefended, experiment)
    elif undefended is not None and (cost := line.row.cost_ahead(undefended)):
        line.look_place.caption(f":material/timer: {cost}")
    for attacker, place in line.cells.items():
        if attacker in line.trials:
            _show_trial(line, attacker, experiment)
        else:
            place.caption("waiting")
    if line.look is not None:
        _show_votes(line, line.look)


def _complete(
    line: LaidOutRow, undefended: Look | None, experiment: Experiment, tell: Callable[[], None]
) -> None:
    """Compute the missing parts of a row; without the clean picture, the attackers are not run."""
    if line.row.defense is None:
        return
    look = line.look
    if look is None:
        look = line.look = _look_at(line)
        if look is None:
            for place in line.cells.values():
                place.caption("not run")
            return
        _show_look(line, look, undefended, experiment)
        _show_votes(line, look)
    for attacker in Attacker:
        if attacker in line.trials:
            continue
        with line.cells[attacker].container():
            found = _compute(
                line.row.trial_key(attacker),
                partial(line.row.try_out, attacker, look, experiment),
                line.row.kind.title,
                line.row.words(attacker),
            )
        if found is not None:
            line.trials[attacker] = found
            _show_trial(line, attacker, experiment)
            _show_votes(line, look)
            tell()


def _look_at(line: LaidOutRow) -> Look | None:
    with line.look_place.container():
        return _compute(line.row.key, line.row.look, "Clean picture", None)


def _compute(
    key: str, work: Callable[[Reporter], T], doing: str, words: lab.Words | None
) -> T | None:
    """The result, or None with a sentence on the page: a failed cell does not stop the others."""
    return lab.attempt(key, work, channel=CHANNEL, doing=doing, words=words)


def _show_look(
    line: LaidOutRow, look: Look, undefended: Look | None, experiment: Experiment
) -> None:
    with line.look_place.container():
        cells.show_look(look, undefended, experiment.label.index)
        lab.say_notices(line.row.key)


def _show_trial(line: LaidOutRow, attacker: Attacker, experiment: Experiment) -> None:
    row = line.row
    with line.cells[attacker].container():
        both = all(each in line.trials for each in Attacker)
        weaker = attacker is Attacker.AWARE and both and is_weaker(line.trials)
        cells.show_cell(
            line.trials[attacker], row.run(attacker), row.request, experiment.success, weaker
        )
        lab.say_notices(row.trial_key(attacker))


def _show_votes(line: LaidOutRow, look: Look) -> None:
    if look.certificate is not None:
        with line.below.container(), st.columns((GRID[0], sum(GRID[1:])), gap="small")[1]:
            cells.show_guarantee(look, line.trials, line.row.request, line.row.kind.name)


def _show_head(
    place: DeltaGenerator,
    experiment: Experiment,
    request: Request,
    lines: list[LaidOutRow],
    *,
    over: bool = False,
) -> None:
    """The clean picture, how many defences help, and what holds for all rows; ``over``: no more follow."""
    asked = [line for line in lines if line.row.defense is not None]
    told = summary(experiment, [line.trials for line in asked], len(asked), over=over)
    norm = request.attack.norm
    notes = [outside(request), flat_grey(experiment, norm), _who_detects(experiment)]
    with place.container(horizontal=True, vertical_alignment="center", gap="small"):
        cells.picture(
            experiment.pixels()[0].numpy(), f"The clean picture: {experiment.before[0].label}."
        )
        with st.container(width="stretch", gap="small"):
            st.markdown(f"## {told}")
            st.caption(
                f"Clean: {said(experiment.before[0])}. {request.model.called}, "
                f"{type(request.attack).title}, {_budget(request)}{steps_of(request.attack)}. "
                f"{aim(experiment)} "
                "Pictures are as each defence sees them; times are for one prediction on this machine. "
                + " ".join(filter(None, notes))
            )


def _budget(request: Request) -> str:
    """The eps, or that there is none."""
    eps = f"eps {on_both_scales(request.shown_eps)}"
    return eps if request.attack.has_eps else "which has no eps"


def _who_detects(experiment: Experiment) -> str:
    """Which detector the badges come from; empty where there is none."""
    seen = experiment.detection
    if seen is None:
        return ""
    return f"Detected or not: by {name_of(seen)} at its threshold, without any defence."
