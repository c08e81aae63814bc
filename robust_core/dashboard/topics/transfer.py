"""The transfer matrix: what was made on one stored classifier, sent to all others of its family."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from robust_core import attacks, data
from robust_core.dashboard import choices, plots
from robust_core.dashboard.topics import transfer_bars
from robust_core.evaluation.transfer import results
from robust_core.evaluation.transfer.measure import Cell, CraftedRow
from robust_core.evaluation.transfer.results import Matrix
from robust_core.words.numbers import share

CLEARLY = 0.03
"""By how much transfer has to beat white-box to be more than chance."""
CELL, HEAD = 30, 190
"""Pixels of a row, and of all that is above the first."""


def show_matrix(family: str | None = None) -> None:
    """Chips for data set, attack and setting, the matrix, and its conditions.

    ``family`` is the data set to begin with; another, or None: the first that was measured.
    """
    found = results.load()
    families = found.families()
    if not families:
        st.info(f"Transfer has not been measured yet. Measure it with `{found.command}`.")
        return
    with st.container(horizontal=True):
        chosen = families[0]
        if len(families) > 1:
            titles = {data.get(name).title: name for name in families}
            start = next((t for t, name in titles.items() if name == family), next(iter(titles)))
            chosen = titles[choices.pick_one("Networks for", titles, "transfer_data", start)]
        matrices = found.matrices(chosen)
        kinds = {attacks.get(one.attack).title: one.attack for one in matrices}
        kind = choices.pick_one("Made with", kinds, f"transfer_attack_{chosen}", next(iter(kinds)))
        those = {one.setting: one for one in matrices if one.attack == kinds[kind]}
        setting = choices.pick_one(
            "Setting", those, f"transfer_setting_{chosen}_{kinds[kind]}", next(iter(those))
        )
    matrix = those[setting]
    told = f"{in_words(matrix)} {masked_in_words(matrix)}".strip()
    with st.container(key=transfer_bars.WIDE):
        plots.draw(chart(matrix), key="transfer_matrix", alt=told)
    with st.container(key=transfer_bars.NARROW):
        targets = matrix.targets
        transfer_bars.show(matrix, dict(zip(targets, short_names(targets), strict=True)))
    st.markdown(told)
    st.caption(conditions(matrix))


def short_names(names: Sequence[str]) -> list[str]:
    """``pgd-at`` for ``cifar10-resnet32-pgd-at`` and so on; ``undefended`` for what all begin with."""
    stem = names[0] if all(name.startswith(names[0]) for name in names) else ""
    return [name.removeprefix(stem).strip("-") or "undefended" for name in names]


def chart(matrix: Matrix) -> go.Figure:
    """Sources down, targets across; cells in percent, those of a network itself framed."""
    targets = matrix.targets
    short = dict(zip(targets, short_names(targets), strict=True))
    rows = [short[row.source] for row in matrix.rows]
    columns = [short[target] for target in targets]
    cells = [[_cell(row, target) for target in targets] for row in matrix.rows]
    heat = plots.values_in_cells(
        [[cell.share for cell in line] for line in cells],
        [["" if c.share is None else f"{100 * c.share:.0f}" for c in line] for line in cells],
        x=columns,
        y=rows,
        customdata=[
            [_told(row, cell) for cell in line]
            for row, line in zip(matrix.rows, cells, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    own = [
        {
            "type": "rect",
            **{"x0": j - 0.5, "x1": j + 0.5, "y0": i - 0.5, "y1": i + 0.5},
            "line": {"color": "#D55E00", "width": 2},
        }
        for i, row in enumerate(matrix.rows)
        for j, target in enumerate(targets)
        if row.source == target
    ]
    fixed = {"fixedrange": True, "showgrid": False, "type": "category"}
    frame = plots.layout(
        HEAD + CELL * len(rows),
        legend=None,
        shapes=own,
        xaxis=fixed | {"side": "top", "tickangle": -60, "title": "sent to"},
        yaxis=fixed | {"autorange": "reversed", "title": "made on"},
    )
    return go.Figure(heat, frame)


def _cell(row: CraftedRow, target: str) -> Cell:
    return next(cell for cell in row.targets if cell.target == target)


def _told(row: CraftedRow, cell: Cell) -> str:
    where = "white-box" if row.source == cell.target else f"made on {row.source}"
    return (
        f"<b>{cell.target}</b>, {where}<br>{cell.fooled:,} of {cell.right:,} fooled: {share(cell.share)}"
        f"<br>clean: {cell.right:,} of {row.n:,} right<br>mean L2 distance {row.mean_l2:.2f}"
    )


def in_words(matrix: Matrix) -> str:
    """The sentence beside the matrix: white-box and transferred success, and the extreme pairs."""
    own = [c for row in matrix.rows for c in row.targets if c.target == row.source]
    others = [(row, c) for row in matrix.rows for c in row.targets if c.target != row.source]
    white, far = (
        _mean(cells) for cells in (own, [cell for _, cell in others if cell.share is not None])
    )
    if not others:
        return f"On the network itself {share(white)} are fooled."
    row, cell = max(others, key=lambda pair: pair[1].share or 0)
    short = dict(zip(matrix.targets, short_names(matrix.targets), strict=True))
    return (
        f"On the network itself {share(white)} are fooled on average, on another one {share(far)}; most "
        f"from {short[row.source]} to {short[cell.target]}: {share(cell.share)}."
    )


def masked_in_words(matrix: Matrix) -> str:
    """The networks that another one's pictures fool more often than their own; empty where there are none.

    What is made without a network's gradients should not beat what is made with them: Carlini et al., 2019.
    """
    short = dict(zip(matrix.targets, short_names(matrix.targets), strict=True))
    found = []
    for row in matrix.rows:
        cells = {one.source: _cell(one, row.source).share or 0 for one in matrix.rows}
        if max(cells.values()) > cells[row.source] + CLEARLY:
            found.append(short[row.source])
    if not found:
        return ""
    return (
        "Fooled more often from another network than from itself, a sign of masked gradients: "
        f"{', '.join(found)}."
    )


def _mean(cells: Sequence[Cell]) -> float | None:
    shares = [cell.share for cell in cells if cell.share is not None]
    return sum(shares) / len(shares) if shares else None


def conditions(matrix: Matrix) -> str:
    """What the figures depend on, and the command that makes them."""
    n = len(matrix.lacking)
    lacking = (
        f" {n} of {n + len(matrix.rows)} networks have not been measured as sources yet."
        if n
        else ""
    )
    return (
        f"Percent fooled, of the pictures that the network asked gets right when clean. First {matrix.n:,} "
        f"test pictures of {data.get(matrix.data).title}; {matrix.made}. Framed or hatched: the network "
        f"itself, white-box.{lacking} `{results.COMMAND}`"
    )
