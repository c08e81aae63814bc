"""The transfer matrix on a phone: one network, and a bar for each that its pictures are sent to."""

from html import escape

import streamlit as st

from robust_core.evaluation.transfer.measure import Cell, CraftedRow
from robust_core.evaluation.transfer.results import Matrix
from robust_core.words.numbers import share

WIDE, NARROW = "transfer_wide", "transfer_narrow"
"""Containers, of which the style shows one: by the width of the screen."""
CSS = """<style>
.st-key-transfer_narrow { display: none; }
@media (max-width: 640px) {
  .st-key-transfer_narrow { display: flex; }
  .st-key-transfer_wide { display: none; }
}
.sent { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 0.5rem;
  align-items: center; font-size: 0.8125rem; line-height: 1.5; }
.sent > span { height: 1.1rem; background: color-mix(in srgb, currentColor 9%, transparent); }
.sent i { display: block; height: 100%; background: #D55E00; }
.sent i.own { background: repeating-linear-gradient(-45deg, #D55E00 0 4px, #D55E0080 4px 7px); }
.sent .own { font-weight: 600; }
</style>"""


def show(matrix: Matrix, short: dict[str, str]) -> None:
    """The network that the pictures are made on is chosen; ``short`` are names by name."""
    rows = {short[row.source]: row for row in matrix.rows}
    made = st.selectbox(
        "Made on", list(rows), key=f"transfer_source_{matrix.data}", persist_state="session"
    )
    st.html(bars(rows[made], short))


def bars(row: CraftedRow, short: dict[str, str]) -> str:
    """A line for each network asked: name, bar, share fooled. The network itself comes first."""
    cells = sorted(row.targets, key=lambda cell: (cell.target != row.source, -(cell.share or 0)))
    return f"{CSS}<div class=sent>{''.join(_line(cell, row.source, short) for cell in cells)}</div>"


def _line(cell: Cell, source: str, short: dict[str, str]) -> str:
    own = " class=own" if cell.target == source else ""
    name = short[cell.target] + (" (itself)" if own else "")
    told = f"{cell.fooled:,} of {cell.right:,} fooled"
    bar = f"<i{own} style='width:{100 * (cell.share or 0):.1f}%'></i>"
    return (
        f"<div{own}>{escape(name)}</div><span title='{told}'>{bar}</span>"
        f"<div>{share(cell.share)}</div>"
    )
