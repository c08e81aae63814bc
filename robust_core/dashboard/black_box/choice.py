"""The controls of the page Black box: what the attacker sees, which attacks, and how many queries."""

import streamlit as st

from robust_core import attacks
from robust_core.attacks.knowledge import LABELS, SCORES, TRANSFER
from robust_core.dashboard import controls
from robust_core.dashboard.choices import choose_one, choose_several
from robust_core.dashboard.request import Chosen, Request
from robust_core.dashboard.settings import number, setting
from robust_core.zoo import Description

SEES = {LABELS: "One label", SCORES: "Scores", TRANSFER: "Its own network"}
START = {LABELS: ("boundary", "hopskipjump", "surfree"), SCORES: ("square", "nes", "simba-dct")}
BUDGETS = (1_000, 2_000, 5_000, 10_000)
MOST_PRICE = 20.0
"""Of 1,000 queries, in dollars."""
RATES = (1, 10, 60, 600, 6_000)
"""Answers a minute."""


def choose_knowledge() -> str:
    """What the curtain lets through."""
    return choose_one(
        "What the attacker sees",
        SEES,
        "sees",
        LABELS,
        width="stretch",
        help="One label: the most likely class, nothing else. Scores: the probabilities of all classes. "
        "Its own network: labels, by which it trains a copy that has gradients.",
    )


def choose_attacks(sees: str) -> list[type[attacks.Attack]]:
    """Any number of the attacks that make do with this."""
    names = [name for name in attacks.local_names() if attacks.get(name).knowledge == sees]
    chosen = choose_several(
        "Attacks, all at once",
        {name: attacks.get(name).title for name in names},
        f"by_{sees}",
        [name for name in START[sees] if name in names],
        wrap=True,
    )
    return [attacks.get(name) for name in names if name in chosen]


def choose_budget() -> int:
    """The most queries of an attack."""
    return choose_one(
        "Queries for each",
        {budget: f"{budget:,}" for budget in BUDGETS},
        "black_box_queries",
        BUDGETS[0],
        width="stretch",
    )


def choose_price() -> float:
    """What 1,000 queries cost, in dollars."""
    return st.slider(
        "Price of 1,000 queries",
        0.0,
        MOST_PRICE,
        step=0.25,
        format="$%.2f",
        key=setting("query_price", 1.5, number(float, 0, MOST_PRICE), called="Price of queries"),
        persist_state="session",
    )


def choose_rate() -> int:
    """How many queries the defender answers in a minute."""
    return choose_one(
        "The defender answers, a minute",
        {rate: f"{rate:,}" for rate in RATES},
        "query_rate",
        RATES[1],
        help="A rate limit: what comes faster is refused.",
    )


def make_request(
    attack: type[attacks.Attack],
    chosen: Chosen,
    how: str,
    model: Description,
    eps: float,
    budget: int,
) -> Request:
    """The attack with its parameters of the page Attack, this eps and this many queries.

    Raises ``ValueError`` where they do not go together.
    """
    values = controls.kept_parameters(attack, eps) | {"max_queries": budget}
    run = controls.with_eps(attack(**values), eps, model)
    return Request(chosen, how, model, run, shown_eps=eps)
