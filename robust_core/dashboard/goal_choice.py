"""What the attacker wants the model to say, as far as the attack can have it."""

import streamlit as st

from robust_core import attacks, zoo
from robust_core.attacks.base import GOALS
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_one
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import (
    ConfidenceReduction,
    Goal,
    LeastLikely,
    SourceTarget,
    Towards,
    Untargeted,
)

GOAL_WORDS = {
    Untargeted.name: "any other class",
    LeastLikely.name: "the least likely class",
    ConfidenceReduction.name: "the same, with less confidence",
    SourceTarget.name: "one class, for pictures of one other class",
}


def choose_goal(
    model: zoo.Description, attack: type[attacks.Attack] | None = None, own: str | None = None
) -> Goal:
    """What the attacker wants; only the goals that ``attack`` supports are offered.

    ``own`` is the picture's class, where it is known: at first the source of source-target.
    """
    taken = GOALS if attack is None else attack.goals
    options = [name for name in GOAL_WORDS if name in taken]
    if Towards.name in taken:
        options += model.class_names
    words = {option: GOAL_WORDS.get(option, option) for option in options}.__getitem__
    choice = choose_in_list(
        "Make the model say",
        options,  # another attack may have been chosen, with other goals
        f"target_{model.family}",
        options[0],
        shown=words,
        called="Goal",
        help="Any other class: untargeted. A class: targeted. The same, with less confidence: "
        "confidence reduction. One class for pictures of one other: source-target.",
    )
    if choice == ConfidenceReduction.name:
        return _choose_reduction()
    if choice == LeastLikely.name:
        return LeastLikely()
    if choice == SourceTarget.name:
        return _choose_source_target(model, own)
    return UNTARGETED if choice in GOAL_WORDS else Towards(model.class_names.index(choice))


def _choose_source_target(model: zoo.Description, own: str | None) -> Goal:
    """From which class to which; the class to reach is never the source."""
    names = model.class_names
    start = own if own in names else names[0]
    places = st.columns(2, gap="small")
    source = choose_in_list(
        "Pictures of",
        names,
        f"source_{model.family}",
        start,
        called="Source",
        control=places[0].selectbox,
    )
    others = [name for name in names if name != source]
    reach = choose_in_list(
        "are to become",
        others,
        f"reach_{model.family}",
        others[0],
        called="Class to reach",
        control=places[1].selectbox,
    )
    return SourceTarget(names.index(source), names.index(reach))


def source_target_settings(model: zoo.Description, goal: SourceTarget) -> dict[str, str]:
    """The settings of a link that chooses both classes."""
    names = model.class_names
    return {
        f"source_{model.family}": names[goal.source],
        f"reach_{model.family}": names[goal.target],
    }


def _choose_reduction() -> ConfidenceReduction:
    """By how much the confidence falls, or down to what."""
    how = choose_one(
        "How much less confident",
        {"drop": "less by", "threshold": "down to"},
        "less",
        "drop",
        width="stretch",
        label_visibility="collapsed",
    )
    start, meant = (20, "points less") if how == "drop" else (50, "% or less")
    share = choose_number(
        f"Confidence: {meant}",
        5,
        95,
        f"less_{how}",
        start,
        called="Confidence",
        step=5,
        format="%d points" if how == "drop" else "%d %%",
        label_visibility="collapsed",
    )
    return ConfidenceReduction(**{how: share / 100})
