"""The controls of the page Black box: what the attacker sees, which attacks, and how many queries."""

from robust_core import attacks
from robust_core.attacks.knowledge import LABELS, SCORES, TRANSFER
from robust_core.dashboard import controls, goal_choice
from robust_core.dashboard.black_box.start import starts_at
from robust_core.dashboard.choices import choose_count, choose_one, choose_several
from robust_core.dashboard.request import Chosen, Request
from robust_core.goals import Goal
from robust_core.zoo import Description

SEES = {LABELS: "One label", SCORES: "Scores", TRANSFER: "Its own network"}
START = {LABELS: ("boundary", "hopskipjump", "surfree"), SCORES: ("square", "nes", "simba-dct")}
BUDGETS = (1_000, 2_000, 5_000, 10_000)


def choose_knowledge() -> str:
    """What the curtain lets through."""
    return choose_one(
        "What the attacker sees",
        SEES,
        "sees",
        LABELS,
        width="stretch",
        help="One label: the most likely class, nothing else. Scores: the probabilities of all classes. "
        "Its own network: labels, with which it trains a copy that has gradients.",
    )


def choose_goal(model: Description) -> Goal:
    """Any other class, or one: what attacks by scores and by labels can both do."""
    return goal_choice.choose_goal(model, attacks.get(START[LABELS][0]))


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
    return choose_count(
        "Queries for each", BUDGETS, "black_box_queries", BUDGETS[0], width="stretch"
    )


def make_request(
    attack: type[attacks.Attack],
    chosen: Chosen,
    how: str,
    model: Description,
    eps: float,
    budget: int,
    goal: Goal,
    start: Chosen | None,
) -> Request:
    """The attack with its parameters of the page Attack, this eps and this many queries.

    Raises ``ValueError`` where they do not go together.
    """
    values = controls.kept_parameters(attack, eps) | {"max_queries": budget}
    if start is not None:
        values["start"] = starts_at(start, model, how)
    run = controls.with_eps(attack(**values), eps, model)
    return Request(chosen, how, model, run, goal, shown_eps=eps, start=start)
