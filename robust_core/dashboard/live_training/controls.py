"""The controls of the page Live training: presets, the method, and only what this method has."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from robust_core.dashboard import fixed
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_one, choose_whether
from robust_core.dashboard.components import buttons
from robust_core.dashboard.live_training.words import PRESETS, START_WORDS, WORDS
from robust_core.dashboard.settings import take_link
from robust_core.training.live.train import METHODS, MOST_EPOCHS, MOST_STEPS, STARTS, Plan

SLIDERS: dict[str, tuple[str, tuple[Any, Any, Any], str]] = {
    "eps": (
        "Epsilon",
        (0.0, 0.5, 0.01),
        "How far each value may be moved, in training and in the attacks that measure it; pixels are "
        "in [0, 1].",
    ),
    "alpha": (
        "Alpha: weight of the clean loss",
        (0.0, 1.0, 0.05),
        "1: clean training, to the last bit. 0: adversarial pictures only.",
    ),
    "weight": (
        "Lambda: weight of an adversarial picture",
        (0.0, 3.0, 0.1),
        "A clean picture weighs 1. 0.3 in the paper.",
    ),
    "steps": ("Steps of the inner loop", (1, MOST_STEPS, 1), "Gradient steps of PGD, each batch."),
    "temperature": (
        "Temperature T",
        (1, 100, 1),
        "Of the softmax, in training only. 1: ordinary self-distillation.",
    ),
    "epochs": ("Epochs", (1, MOST_EPOCHS, 1), "Passes over the training pictures."),
}
FIRST = {"eps", "alpha", "weight", "steps", "temperature"}
"""Sliders that stand above the button; the others can wait."""


def choose_preset(start: Callable[[Plan], None]) -> None:
    """A button for each preset: sets all controls and calls ``start``; none where one may not be set."""
    take_link()  # these are the first controls of the page
    locked = any(fixed.locked(f"live_{spec.name}") for spec in fields(Plan))
    with st.container(gap="xsmall"):
        st.caption("Start from an example (sets all and trains):")
        for name, preset in PRESETS.items():
            st.button(
                preset.title,
                key=f"live_preset_{name}",
                help=preset.help,
                on_click=_take,
                args=(preset.plan, start),
                disabled=locked,
                width="stretch",
            )


def _take(plan: Plan, start: Callable[[Plan], None]) -> None:
    for name in (spec.name for spec in fields(plan)):  # including what this method does not use
        st.session_state[f"live_{name}"] = _shown(name, getattr(plan, name))
    start(plan)


def _shown(name: str, value: float | str) -> float | str:
    """As the widget has it: whole numbers where its ends are whole."""
    return int(value) if name in SLIDERS and isinstance(SLIDERS[name][1][0], int) else value


def choose_method() -> str:
    """The method; everything else depends on it."""
    return choose_in_list(
        "Method", list(METHODS), "live_method", "fgsm", shown=lambda m: WORDS[m].title
    )


def choose_numbers(method: str, *, first: bool) -> dict[str, float | str]:
    """The method's own controls, either those ``first`` or the rest."""
    values: dict[str, float | str] = {}
    for name in METHODS[method]:
        if (name in FIRST) != first and name != "random_start":
            continue
        if name == "random_start" and first:
            values[name] = choose_whether(
                "Random start",
                "live_random_start",
                True,
                called="Random start",
                help="The step begins at a random point of the ball and is 1.25 eps long; else eps.",
            )
        elif name == "start" and not first:
            values[name] = choose_one(
                "Begin with", START_WORDS, "live_start", STARTS[0], width="stretch"
            )
        elif name in SLIDERS:
            values[name] = _slider(name)
    if not first:
        why = "Of the first weights, the order of pictures and random starts."
        values["seed"] = choose_number(
            "Seed", 0, 999, "live_seed", 0, help=why, control=st.number_input
        )
    return values


def _slider(name: str) -> float:
    label, (low, high, step), why = SLIDERS[name]
    default = getattr(Plan, name)
    start = _shown(name, default)
    shown = choose_number(label, low, high, f"live_{name}", start, step=step, help=why)
    return type(default)(shown)  # the name of a training in the cache tells 100 from 100.0


def plan_of(method: str, values: dict) -> Plan | None:
    """The plan, or a sentence and None where the numbers do not go together."""
    try:
        return Plan(method=method, **values)
    except ValueError as error:
        st.error(f"{error}.")
        return None


def offer_training() -> bool:
    """The button; whether it was pressed.

    Kept in the session, so that a press is not lost when its run is restarted.
    """
    buttons.begin("Train", _press, key="live_train", type="primary", width="stretch")
    return st.session_state.pop("_live_pressed", False)


def _press() -> None:
    st.session_state["_live_pressed"] = True
