"""Below the detector: what each of a few defences makes of the picture, filled once the page is drawn.

Nothing of it is computed in the run that shows the picture. Short runs of the strip alone follow, and each
waits a moment for computations in the background. Their results are those of the page Compare defences,
which so opens with them.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import defense_choice, lab, settings
from robust_core.dashboard.attack.answers import Cell, markup, sentence
from robust_core.dashboard.attack.filling import Filling, Part
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.dashboard.components import afterwards
from robust_core.dashboard.request import Request
from robust_core.defenses import Defense
from robust_core.experiment.defended import Attacker
from robust_core.experiment.perform import Experiment

KEY = "strip"
"""The setting, and the channel of the computations."""
START = ("jpeg", "median", "random-resize-pad", "pgd-at", "smoothing")
"""Chosen initially, as far as the model has them: three filters, a training, and a guarantee."""
PATIENCE = 0.3
"""Seconds that one run waits for results: no longer, since other fragments wait for it."""
WAITING = "…"
CANNOT_RUN = "cannot run"
NOT_FINISHED = "not finished"


Choice = Mapping[type[Defense], dict]
"""Defences with their settings."""


def choose(model: zoo.Description) -> Choice:
    """The defences of the strip, behind a button; to be called before the settings are published.

    Their settings are those of the page Compare defences, and a link keeps them, too.
    """
    with (
        st.container(key="strip_choice"),
        st.popover("Defences", type="tertiary", icon=":material/tune:"),
    ):
        kinds = defense_choice.choose_defenses(model, KEY, start(model))
    return {kind: defense_choice.kept_settings(kind, model) for kind in kinds}


def start(model: zoo.Description) -> list[str]:
    """Smoothing only where it is quick or comes to something: small pictures, or trained under noise."""
    height, width = model.input_size
    apt = height * width <= defense_choice.LARGE or f"{model.name}-gaussian" in zoo.names()
    return [name for name in START if apt or name != "smoothing"]


def make_way(request: Request) -> None:
    """End what is computed for another picture, eps or attack: called before this one is."""
    if st.session_state.get("_strip_of") != request.key():
        lab.engine().withdraw(lab.session(), KEY)
        st.session_state["_strip_of"] = request.key()
        st.session_state["_strip_known"] = {}


def show_strip(request: Request, experiment: Experiment, choice: Choice) -> list[ComparedDefense]:
    """A sentence that leads to Compare defences, and a small cell for each defence, which are returned.

    To be called once the settings are published.
    """
    rows = [ComparedDefense.of(kind, values, request) for kind, values in choice.items()]
    # What is a default here is named as well: the other page opens with another picture and attack.
    query = settings.onward("model", f"picture_{request.model.family}", "attack")
    query.pop(KEY, None)
    if rows:
        query["defenses"] = ",".join(row.kind.name for row in rows)
    able = [row for row in rows if row.defense is not None]
    filling = Filling(experiment, able, st.session_state.setdefault("_strip_known", {}))
    afterwards.go_on(partial(_show, filling, rows, query), filling.is_missing)
    return rows


def _show(filling: Filling, rows: Sequence[ComparedDefense], query: dict[str, str]) -> None:
    """Draw the strip, in later runs after a moment of computing."""
    under_way = filling.go_on(KEY, PATIENCE) if afterwards.is_due() else None
    able, experiment = filling.rows, filling.experiment
    told = sentence(experiment, map(filling.answers, able), len(able))
    st.page_link(
        "pages/compare_defenses.py",
        label=f"**{told}** :primary[Compare]",
        icon=":material/arrow_forward:",
        icon_position="right",
        query_params=query,
    )
    st.html(markup([cell(row, filling, under_way) for row in rows]))


def cell(row: ComparedDefense, filling: Filling, under_way: Part | None) -> Cell:
    """What the strip shows of one defence."""
    if row.defense is None:
        return Cell(row.kind.title, {}, dict.fromkeys(Attacker, CANNOT_RUN))
    missing = {}
    for attacker in Attacker:
        given_up = lab.stopped(row.key) or lab.stopped(row.trial_key(attacker))
        missing[attacker] = NOT_FINISHED if given_up else WAITING
    if under_way is not None and under_way.row is row and under_way.done:
        missing[under_way.attacker] = under_way.done
    return Cell(row.kind.title, filling.answers(row), missing)
