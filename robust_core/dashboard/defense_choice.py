"""Choosing defences, and their settings: with controls, or as they were set on another page."""

from collections.abc import Sequence
from dataclasses import fields

import streamlit as st

from robust_core import defenses, zoo
from robust_core.dashboard.choices import choose_several
from robust_core.dashboard.fields import control, field_setting
from robust_core.defenses import Defense
from robust_core.defenses.noisy import Noisy

LARGE = 64 * 64
"""Pictures of more pixels than this start with fewer votes."""
FEW = {"n": 50, "draws": 4}
"""Those numbers. With the usual ones the votes of an ImageNet model take minutes on a CPU."""


def choose_defenses(model: zoo.Description, key: str, start: Sequence[str]) -> list[type[Defense]]:
    """Any number of the registered defences; those unavailable for the model are marked with the reason.

    ``key`` is the setting; ``start`` are chosen initially, as far as the model has them.
    """
    names = defenses.names()
    refused = {name: defenses.create(name).refusal(model.name) for name in names}

    def label(name: str) -> str:
        title = defenses.get(name).title
        return f":gray[:material/block: {title}]" if refused[name] else title

    chosen = choose_several(
        "Defences",
        {name: label(name) for name in names},
        key,
        [name for name in start if not refused[name]],
        wrap=True,
        help="Filters and smoothing work for every model. The others are specially trained networks, "
        "available only for some models.",
    )
    absent = [f"**{defenses.get(n).title}**: {why}." for n, why in refused.items() if why]
    if absent:
        with st.expander(f"Not for {model.called}: {len(absent)}", key=f"{key}_absent"):
            st.caption("  \n".join(absent))
    return [defenses.get(name) for name in names if name in chosen]


def choose_settings(defense: type[Defense], model: zoo.Description) -> dict:
    """A control for each field of a defence."""
    few = _starts(defense, model)
    values = {
        spec.name: control(defense.name, spec, start=few.get(spec.name)) for spec in fields(defense)
    }
    if not values:
        st.caption("It has no settings: its training fixed them.")
    return values


def kept_settings(defense: type[Defense], model: zoo.Description) -> dict:
    """The same without controls: as set on the page Compare defences, or in the link."""
    few = _starts(defense, model)
    values = {}
    for spec in fields(defense):
        default = few.get(spec.name, spec.default)
        kept = st.session_state[field_setting(defense.name, spec, default)]
        values[spec.name] = default if kept is None else kept
    return values


def _starts(defense: type[Defense], model: zoo.Description) -> dict[str, int]:
    """Initial values that are not the defence's own defaults."""
    height, width = model.input_size
    return FEW if issubclass(defense, Noisy) and height * width > LARGE else {}
