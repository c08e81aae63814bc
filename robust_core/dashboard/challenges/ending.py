"""What breaks it: hidden until the challenge is solved or given up."""

import streamlit as st

from robust_core.dashboard import settings
from robust_core.dashboard.challenges.computing import judged
from robust_core.dashboard.challenges.state import record
from robust_core.dashboard.controls import plain_fields
from robust_core.evaluation.challenges.judge import Attempt
from robust_core.evaluation.challenges.ladder import DECIDED, Challenge
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import ACCURACY, ADAPTIVE, NAIVE
from robust_core.words.challenges import told
from robust_core.words.challenges.prose import PROSE, WAYS
from robust_core.words.numbers import share

ATTACKERS = {NAIVE: "on the defence as deployed", ADAPTIVE: "by an attacker who knows the defence"}
SEED = 0
"""Of the pictures that the project's own attack is judged on: the same for everybody."""


def show(challenge: Challenge, *, computed: bool) -> None:
    """The hint, the button that gives up, or the end. ``computed``: whether the pictures are here."""
    own = record(challenge.number)
    prose = PROSE[challenge.number]
    if not own.solved and not own.given_up:
        with st.expander(
            "A hint", icon=":material/lightbulb:", key=f"challenge_hint_{challenge.number}"
        ):
            st.markdown(prose.hint)
        with st.container(key="give_up"):
            st.button(
                "Give up and show what breaks it",
                icon=":material/flag:",
                on_click=_give_up,
                args=(challenge.number,),
                key=f"give_up_{challenge.number}",
            )
        return
    st.markdown("### " + ("Why nobody breaks it" if challenge.proof else "What breaks it"))
    st.markdown(prose.why)
    if computed:
        _show_own(challenge)
    else:
        _show_measured(challenge)


def _show_own(challenge: Challenge) -> None:
    """The project's own attack, judged live."""
    attack, way = challenge.solution, challenge.way
    found = judged(Attempt(challenge, attack, way), SEED, "challenge_answer")
    if found is None:
        return
    who = "Our strongest attack" if challenge.proof else "Our own attack"
    st.markdown(f"{who}: **{told.settings(attack)}**, from {WAYS[way]}. {told.result(found)}")
    st.markdown(" ".join(told.details(found)))
    st.caption(told.conditions(found))
    st.button(
        "Set the controls like this",
        icon=":material/tune:",
        on_click=_use,
        args=(challenge,),
        key=f"challenge_use_{challenge.number}",
    )


def _show_measured(challenge: Challenge) -> None:
    """The committed figures of the defence, where the pictures are not here."""
    rows = [
        row
        for row in results.report().rows(ACCURACY)
        if challenge.defense is not None
        and (row.defense, row.parameters) == (challenge.defense.name, challenge.defense.parameters)
        and row.threat in (NAIVE, ADAPTIVE)
    ]
    lines = [
        f"{share(row.accuracy.value)} right under {row.attack}, {ATTACKERS[row.threat]}. "
        f"{row.conditions}"
        for row in rows
    ]
    st.caption("  \n".join(["Measured beforehand:", *lines]) if lines else "")


def _give_up(number: int) -> None:
    record(number).given_up = True


def _use(challenge: Challenge) -> None:
    attack = challenge.solution
    settings.choose("challenge_attack", attack.name)
    settings.choose("challenge_way", challenge.way)
    for spec in plain_fields(type(attack)):
        if spec.name not in DECIDED:
            settings.choose(f"{attack.name}.{spec.name}", getattr(attack, spec.name))
