"""Below the rows of the page Compare defences: all numbers, and how to repeat them."""

from collections.abc import Sequence

import streamlit as st

from robust_core.dashboard import opened
from robust_core.dashboard.compare_defenses import export
from robust_core.dashboard.compare_defenses.export import Results
from robust_core.dashboard.components import numbers, trust
from robust_core.dashboard.components.reproduction import show_reproduction
from robust_core.experiment.perform import Experiment

TABS = ("Numbers", trust.TITLE, "Reproduce")
WIDTHS = {
    "Defence": 170,
    "Attacker": 72,
    "Outcome": 100,
    "Fresh draws": 84,
    "Confidence": 86,
    "Prediction": 76,
    "Undefended": 84,
    "Certified L2": 90,
    **numbers.WIDTHS,
    "Gradients": 70,
    "Zero": 52,
    "Time": 60,
    "TV": 56,
}
"""Column widths of the table, in pixels."""
FORMATS = {
    "Prediction": "{:,.1f}",
    "Undefended": "{:,.1f}",
    "Certified L2": "{:.2f}",
    "Zero": "{:,.0f}",
}
HOLDS = (
    "The adversarial pictures as saved and as each defence sees them (PNG), the table (CSV), and all "
    "parameters, commands, versions and hashes (JSON)."
)


def show_depth(undefended: Results, experiment: Experiment, lines: Sequence[Results]) -> None:
    """Tabs; only the open one is sent."""
    there = [line for line in lines if line.look is not None]
    parts = (
        lambda: show_numbers(undefended, experiment, there),
        lambda: trust.show_trust(undefended.row, experiment, [line.row for line in there]),
        lambda: show_repeating(undefended, experiment, there),
    )
    opened.draw_open(dict(zip(TABS, parts, strict=True)), "defended")


def show_numbers(undefended: Results, experiment: Experiment, lines: Sequence[Results]) -> None:
    """A table of every answer."""
    numbers.show_numbers(
        export.table(undefended, experiment, lines),
        widths=WIDTHS,
        formats=FORMATS,
        units=export.UNITS,
        file_name="defences.csv",
        alt="The answer of each defence in numbers: clean, and to either attacker.",
    )
    st.caption(
        f"{numbers.MEANT} Prediction: one answer, with all its votes, in milliseconds; undefended: "
        "the same without the defence, timed in turns with it; time: the attack. "
        "Zero: gradients that vanished. Fresh draws: of a random defence, those in which the attack "
        "reaches its goal; the outcome is that of most. The undefended model's picture is that of the "
        "unaware attacker."
    )


def show_repeating(undefended: Results, experiment: Experiment, lines: Sequence[Results]) -> None:
    """A command for each cell, the link of the page, and everything in one file."""
    request = undefended.row.request
    show_reproduction(
        request,
        export.commands(undefended, lines),
        lambda: export.archive(undefended, experiment, lines),
        f"defences-{request.attack.name}-{request.model.name}.zip",
        HOLDS,
    )
