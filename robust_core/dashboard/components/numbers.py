"""A table of results in numbers: sorted by a click on a heading, and as a CSV file."""

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from robust_core.words.numbers import NOTHING, number, percents

FORMATS: dict[str, str | Callable[[float], str]] = {
    "L0": "{:,.0f}",
    "L1": number,
    "L2": number,
    "RMS": "{:.2f}",
    "Mean": "{:.2f}",
    "Linf": "{:.2f}",
    "TV": number,
    "SSIM": "{:.3f}",
    "Queries": "{:,.0f}",
    "Gradients": "{:,.0f}",
    "Time": "{:,.0f}",
}
"""How the columns that pages share are written."""
WIDTHS = {"L0": 52, "L1": 58, "L2": 58, "RMS": 56, "Linf": 56, "Queries": 62}
"""How wide those are that all tables show, in pixels."""
SAYS = "Says"
UNITS = {"RMS": "255ths", "Mean": "255ths", "Linf": "255ths", "Time": "ms"}
MEANT = "Linf and root mean square (RMS) in 255ths, time in milliseconds. Click a heading to sort."


def show_numbers(
    rows: Sequence[dict[str, object]],
    *,
    widths: dict[str, int],
    formats: Mapping[str, str | Callable[[float], str]] | None = None,
    units: Mapping[str, str] | None = None,
    file_name: str,
    alt: str,
) -> None:
    """``rows`` by column; None is a cell without a number.

    Columns whose name starts with ``Confidence`` are shares in [0, 1]. ``widths`` are in pixels, that of
    ``Says`` is for the classes in it; ``formats`` and ``units`` are those of columns that other pages lack.
    """
    table = pd.DataFrame(rows)
    if SAYS in table:
        longest = max(map(len, table[SAYS]))
        widths = widths | {SAYS: min(140, max(70, 20 + 7 * longest))}
    written = {**FORMATS, **(formats or {}), **_confidences(table)}
    st.dataframe(  # the cells show words, but sort by the numbers behind them
        table.style.format({k: v for k, v in written.items() if k in table}),
        hide_index=True,
        column_config={name: st.column_config.Column(width=w) for name, w in widths.items()},
        placeholder=NOTHING,
        alt=alt,
    )
    st.download_button(
        "Download the table (CSV)",
        lambda: csv(rows, {**UNITS, **(units or {})}),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        type="tertiary",
    )


def csv(rows: Sequence[dict[str, object]], units: dict[str, str]) -> bytes:
    """``rows`` in full precision, with the unit of a column in its heading."""
    table = pd.DataFrame(rows).rename(columns={k: f"{k} in {unit}" for k, unit in units.items()})
    return table.to_csv(index=False, lineterminator="\n").encode()


def _confidences(table: pd.DataFrame) -> dict[str, Callable[[float], str]]:
    """How confidences are written: those of a row so that two that differ look different."""
    shares = [name for name in table if str(name).startswith("Confidence")]
    told: dict[float, str] = {}
    for row in table[shares].itertuples(index=False):
        there = [share for share in row if not math.isnan(share)]
        told |= dict(zip(there, percents(*there), strict=True))
    return dict.fromkeys(shares, told.__getitem__)
