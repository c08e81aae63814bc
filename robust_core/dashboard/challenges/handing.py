"""Hand in: a prediction, the verdict of the core, the pictures that fell, all tries, the sheet."""

import secrets
from typing import NamedTuple

import streamlit as st

from robust_core.dashboard import lab, settings
from robust_core.dashboard.challenges.computing import judged, key_of_verdict
from robust_core.dashboard.challenges.state import Record, record
from robust_core.dashboard.components import buttons
from robust_core.evaluation.challenges.judge import PICTURES, Attempt
from robust_core.evaluation.challenges.ladder import Challenge
from robust_core.words.challenges import markup, told
from robust_core.words.challenges.prose import WAYS
from robust_core.words.challenges.sheet import Try, sheet
from robust_core.words.numbers import share

FEW = 24
"""Pictures of a kind that are shown at once; the sheet has all of them."""


class Pending(NamedTuple):
    """What was handed in, until its verdict is there."""

    attempt: Attempt
    seed: int
    predicted: float
    link: str


def show(attempt: Attempt) -> None:
    """The button and what came of it."""
    st.markdown("### Hand in")
    st.caption(told.rules())
    with st.container(horizontal=True, vertical_alignment="bottom"):
        predicted = st.slider(
            "Your prediction: how many stay right",
            0,
            100,
            50,
            5,
            key="challenge_predicted",
            format="%d %%",
            persist_state="session",
            width=280,
        )
        buttons.begin(
            f"Hand in, on {PICTURES} pictures",
            _hand_in,
            attempt,
            predicted / 100,
            key="challenge_hand_in",
            type="primary",
        )
    _settle(attempt.challenge)


def _hand_in(attempt: Attempt, predicted: float) -> None:
    """Fresh pictures and seeds for each verdict."""
    seed = secrets.randbelow(2**31)
    st.session_state["_challenge_pending"] = Pending(attempt, seed, predicted, settings.link())


def _settle(challenge: Challenge) -> None:
    """Compute the verdict that is asked for, and keep it."""
    pending: Pending | None = st.session_state.get("_challenge_pending")
    if pending is None or pending.attempt.challenge.number != challenge.number:
        return
    found = judged(pending.attempt, pending.seed, "challenge")
    if found is None and lab.stopped(key_of_verdict(pending.attempt, pending.seed)):
        return
    del st.session_state["_challenge_pending"]
    if found is not None:
        own = record(challenge.number)
        own.add(Try(found, pending.predicted, pending.link, own.given_up))
        st.rerun()  # the ladder, above, marks what is solved


def show_tries(challenge: Challenge) -> None:
    """The last verdict with its pictures, the tries so far, and the sheet."""
    own = record(challenge.number)
    if not own.tries:
        return
    last = own.tries[-1]
    verdict = last.verdict
    say = st.success if verdict.success else st.warning
    icon = ":material/emoji_events:" if verdict.success else ":material/shield:"
    say(f"**{told.verdict_word(verdict)}.** {told.result(verdict)}", icon=icon)
    predicted = "" if last.predicted is None else f"You predicted {share(last.predicted, 0)}. "
    st.markdown(predicted + " ".join(told.details(verdict)))
    st.caption(told.conditions(verdict))
    _show_pictures(last)
    _show_table(own)
    st.download_button(
        "The sheet to hand in (HTML, to print)",
        _sheet(challenge, own),
        f"challenge-{challenge.number}.html",
        "text/html",
        icon=":material/download:",
    )
    with st.expander("Compute this verdict again", key="challenge_again"):
        st.code(told.reproduce(verdict), language="python")


def _show_pictures(last: Try) -> None:
    verdict = last.verdict
    n = int(verdict.fallen.sum())
    more = f", the first {FEW}; the sheet has all" if n > FEW else ""
    st.markdown(f"**Pictures that fell: {n}**{more}")
    if n:
        st.html(markup.CSS + markup.fallen(verdict, FEW))
    kept = int(verdict.accuracy.count)
    if kept:
        with st.expander(f"Pictures that held: {kept}", key="challenge_held"):
            st.html(markup.CSS + markup.held(verdict, FEW))


def _show_table(own: Record) -> None:
    st.markdown(f"**Tries so far: {len(own.tries)}**")
    st.table([_line(one) for one in reversed(own.tries)])


def _line(one: Try) -> dict[str, str]:
    verdict = one.verdict
    late = ", after giving up" if one.after_giving_up else ""
    return {
        "attack": told.settings(verdict.attempt.attack),
        "from": WAYS[verdict.attempt.way],
        "stay right": share(verdict.accuracy.value),
        "verdict": told.verdict_word(verdict) + late,
    }


def _sheet(challenge: Challenge, own: Record) -> str:
    """Written once for each try."""
    kept = st.session_state.setdefault("_challenge_sheets", {})
    stamp = len(own.tries), own.tries[-1].verdict.seed, own.given_up
    if kept.get(challenge.number, (None,))[0] != stamp:
        kept[challenge.number] = stamp, sheet(challenge, own.tries, given_up=own.given_up)
    return kept[challenge.number][1]
