"""The transfer matrix of the stored classifiers: attacks made on one, sent to all."""

import plotly.graph_objects as go
import streamlit as st

from robust_core import attacks
from robust_core.dashboard import plots
from robust_core.evaluation.transfer import results
from robust_core.evaluation.transfer.results import Matrix
from robust_core.words.models import title
from robust_core.words.numbers import share
from robust_core.zoo import Description


def show(model: Description) -> None:
    """The matrices of the model's family, one at a time; nothing where none was measured."""
    report = results.load()
    if model.data is None or model.data not in report.families():
        return
    found = {_name(matrix): matrix for matrix in report.matrices(model.data)}
    st.markdown("## Made on one network, sent to another")
    chosen = st.selectbox("Attack on the first", list(found), key=f"matrix_{model.data}", width=340)
    matrix = found[chosen]
    plots.draw(figure(matrix), key=f"transfer_{model.data}", alt=alt(matrix))
    lacking = f" Not measured yet: {', '.join(matrix.lacking)}." if matrix.lacking else ""
    st.caption(
        f"Share fooled of the pictures that the target gets right, of the first {matrix.n} test pictures. "
        f"On the diagonal the attack has the target's own gradients.{lacking} Made by `{report.command}`."
    )


def _name(matrix: Matrix) -> str:
    return f"{attacks.get(matrix.attack).title}, {matrix.setting}"


def figure(matrix: Matrix) -> go.Figure:
    """Sources down, targets across; a cell shows the share fooled, and on hover its counts."""
    sources = [row.source for row in matrix.rows]
    targets = matrix.targets
    shares = [[matrix.cell(s, t).share for t in targets] for s in sources]
    told = [[_told(matrix, s, t) for t in targets] for s in sources]
    names = [_wrapped(title(name)) for name in targets]
    made = go.Figure(
        go.Heatmap(
            z=shares,
            x=names,
            y=[_wrapped(title(name)) for name in sources],
            zmin=0,
            zmax=1,
            colorscale="Cividis",
            texttemplate="%{z:.0%}",
            textfont={"size": plots.TEXT},
            customdata=told,
            hovertemplate="%{customdata}<extra></extra>",
            showscale=False,
        ),
        plots.layout(150 + 46 * len(sources), legend=None),
    )
    made.update_xaxes(title="sent to", side="top", tickangle=0, **plots.FIXED)
    made.update_yaxes(title="made on", autorange="reversed", **plots.FIXED)
    return made


def _told(matrix: Matrix, source: str, target: str) -> str:
    cell = matrix.cell(source, target)
    return f"made on {source}, sent to {target}: {cell.fooled} of {cell.right} fooled"


def _wrapped(name: str) -> str:
    return name.replace(" — ", "<br>").replace(", ", ",<br>")


def alt(matrix: Matrix) -> str:
    """The range of the cells off the diagonal in words."""
    others = [
        cell.share
        for row in matrix.rows
        for cell in row.targets
        if cell.target != row.source and cell.share is not None
    ]
    told = f"Transfer of {_name(matrix)} among {len(matrix.targets)} networks"
    if not others:
        return f"{told}."
    return f"{told}: from {share(min(others))} to {share(max(others))} fooled by another's."
