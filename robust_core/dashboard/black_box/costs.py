"""What the queries cost: money by a price, time by the defender's rate limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from robust_core import attacks
from robust_core.attacks.ledger import DISTANCE
from robust_core.dashboard import pace
from robust_core.dashboard.black_box import words
from robust_core.dashboard.choices import choose_count, choose_number
from robust_core.dashboard.request import Request
from robust_core.experiment.queried import Queried
from robust_core.experiment.taught import Lesson
from robust_core.words.numbers import in_255ths, percent, share

MOST_PRICE = 20.0
"""Of 1,000 queries, in dollars."""
RATES = (1, 10, 60, 600, 6_000)
"""Answers a minute."""
MISSING = "not reached"


@dataclass(frozen=True)
class Terms:
    """What the defender asks for 1,000 queries, in dollars, and how many it answers in a minute."""

    price: float
    rate: int

    def money(self, queries: int) -> float:
        """In dollars."""
        return queries * self.price / 1000

    def seconds(self, queries: int) -> float:
        """How long the defender takes to answer them."""
        return queries * 60 / self.rate


def choose_terms() -> Terms:
    """The price and the rate limit, beside each other."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        return Terms(_choose_price(), _choose_rate())


def _choose_price() -> float:
    """What 1,000 queries cost, in dollars."""
    label, called = "Price of 1,000 queries", "Price of queries"
    look: dict[str, Any] = {"format": "$%.2f", "width": 260}
    return choose_number(
        label, 0.0, MOST_PRICE, "query_price", 1.5, called=called, step=0.25, **look
    )


def _choose_rate() -> int:
    """How many queries the defender answers in a minute."""
    return choose_count(
        "The defender answers, a minute",
        RATES,
        "query_rate",
        RATES[1],
        width="content",
        help="A rate limit: what comes faster is refused.",
    )


def show(found: Mapping[str, Queried], requests: Mapping[str, Request], terms: Terms) -> None:
    """A row for each attack that has ended; those that were stopped are named."""
    if not found:
        return
    stopped = [attacks.get(name).title for name in requests if name not in found]
    st.dataframe(
        [row(each, requests[name], terms) for name, each in found.items()],
        hide_index=True,
        width="stretch",
    )
    if stopped:
        st.caption(f"Not in the table, as they have not ended: {', '.join(stopped)}.")
    eps = next(iter(requests.values())).shown_eps
    by_labels = any(each.what == DISTANCE for each in found.values())
    st.caption(
        (
            "An attack by labels begins with a picture that is far off: what counts is when it comes "
            f"within eps {in_255ths(eps)}, for L2 as root-mean-square change of a value. "
            if by_labels
            else ""
        )
        + "Hours: one after the other, as fast as the rate limit allows; accounts in parallel divide them."
    )


def show_lessons(lessons: Sequence[Lesson], terms: Terms) -> None:
    """A row for each round of a substitute."""
    if not lessons:
        return
    st.dataframe(
        [
            {
                "Round": f"{each.number + 1}",
                "Labels": f"{each.queries:,}",
                "Agrees": percent(each.agreement),
                "Fools the model": share(each.transfer),
                "Fools the copy": share(each.white_box),
                "Money": words.dollars(terms.money(each.queries)),
                "Time": pace.span(terms.seconds(each.queries)),
            }
            for each in lessons
        ],
        hide_index=True,
        width="stretch",
    )
    st.caption("Once it is taught, it fools any number of pictures without asking again.")


def row(found: Queried, request: Request, terms: Terms) -> dict[str, str]:
    """Queries, money and time until success, by the attack's record."""
    attack = attacks.get(request.attack.name)
    if found.what == DISTANCE:
        needed = found.within(within_of(request))
        what = "Queries until within eps"
    else:
        needed = found.first
        what = "Queries until the answer changes"
    spent = found.queries if needed is None else needed
    least = "" if needed is not None else "more than "
    return {
        "Attack": attack.title,
        what: MISSING if needed is None else f"{needed:,}",
        "Money": f"{least}{words.dollars(terms.money(spent))}",
        "Time": f"{least}{pace.span(terms.seconds(spent))}",
        "In all": f"{found.queries:,} queries, {words.dollars(terms.money(found.queries))}",
    }


def within_of(request: Request) -> float:
    """The eps of the page in the norm of an attack."""
    height, width = request.model.input_size
    values = request.model.channels * height * width
    eps = request.shown_eps
    return eps * values**0.5 if request.attack.norm == "l2" else eps
