"""The controls: which challenge, the attack and its settings, where its gradient comes from."""

from collections.abc import Mapping
from itertools import cycle

import streamlit as st

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.dashboard import fields, replaced, settings
from robust_core.dashboard.challenges.state import record
from robust_core.dashboard.choices import choose_in_list, choose_one
from robust_core.dashboard.controls import plain_fields
from robust_core.evaluation.challenges.judge import TRYING, Attempt
from robust_core.evaluation.challenges.ladder import DECIDED, LADDER, Challenge, get
from robust_core.evaluation.challenges.ways import Way
from robust_core.words.challenges.prose import WAYS
from robust_core.words.numbers import on_both_scales


def choose_challenge() -> Challenge:
    """The ladder in a row: what is solved or given up has a mark."""
    titles = {one.number: f"{one.number}. {one.title}" for one in LADDER}
    marked = {number: record(number).mark + title for number, title in titles.items()}
    number = choose_one(
        "Challenge",
        marked,
        "challenge",
        LADDER[0].number,
        shown=titles.__getitem__,
        label_visibility="collapsed",
        wrap=True,
    )
    challenge = get(number)
    _refuse_other_eps(challenge)
    return challenge


def _refuse_other_eps(challenge: Challenge) -> None:
    """The radius is part of the challenge: a link that asks for another one gets a sentence."""
    raw = settings.linked("eps")
    if raw is not None and raw != str(challenge.eps):
        why = f"is not that of challenge {challenge.number}"
        replaced.remember("eps", raw, None, challenge.eps, "Epsilon", on_both_scales, why)


def choose_attempt(challenge: Challenge) -> Attempt | None:
    """The attack and its way; None, with a sentence, for settings that do not go together."""
    names = challenge.weapons()
    start = "fgsm" if "fgsm" in names else "bim-l2"
    name = choose_in_list(
        "Attack",
        names,
        "challenge_attack",
        start,
        shown=lambda each: attacks.get(each).title,
    )
    way = choose_in_list(
        "Gradients and answers come from",
        list(Way),
        "challenge_way",
        Way.TRANSFER,
        shown=WAYS.__getitem__,
        called="Way",
        help="What the attacker knows of the defence, and makes of it.",
    )
    with st.expander("Settings of the attack", key="challenge_settings", expanded=True):
        values = _choose_fields(attacks.get(name))
    try:
        return Attempt(challenge, challenge.weapon(name, **values), way)
    except ValueError as error:
        st.error(str(error))
        return None


def _choose_fields(kind: type[Attack]) -> Mapping[str, object]:
    """A control for each hyper-parameter that is the attacker's to choose."""
    specs = [spec for spec in plain_fields(kind) if spec.name not in DECIDED]
    if not specs:
        st.caption("It has none.")
    values = {}
    for spec, place in zip(specs, cycle(st.columns(2, gap="small")), strict=False):
        with place:
            values[spec.name] = fields.control(kind.name, spec)
    return values


def choose_picture(challenge: Challenge) -> int:
    """One of the test pictures that no verdict is on."""
    offered = [number for number in challenge.record.offered if number < TRYING]
    labels = challenge.record.offered

    def shown(number: int) -> str:
        label = labels.get(number)
        name = "" if label is None else f": {challenge.record.class_names[label]}"
        return f"Test picture {number}{name}"

    st.markdown("### Try it on one picture")
    return choose_in_list(
        "Picture to try it on",
        offered,
        "challenge_picture",
        offered[3],  # which all the networks get right
        shown=shown,
        called="Picture",
        label_visibility="collapsed",
        width=280,
    )
