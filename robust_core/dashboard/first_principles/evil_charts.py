"""The line and its points, the derivatives as a table, and the loss step by step."""

import numpy as np
import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.toys.evil import Line, derivatives

WIDE, HIGH = 2.6, 2.8
"""At least how far the axes reach."""
CSS = """<style>
.slopes { font-size: 0.9375rem; line-height: 1.5; border-collapse: collapse; width: 100%; }
.slopes :is(td, th) { padding: 0.3rem 0.5rem; text-align: left; font-weight: 400; white-space: nowrap; }
.slopes td:last-child { text-align: right; font-variant-numeric: tabular-nums; font-weight: 600; }
.slopes small { font-size: 0.8125rem; color: light-dark(#5C5A57, #C4C2BF); }
.slopes tr { border-left: 4px solid transparent; }
.slopes tr.learner { border-left: 4px solid #0072B2; background: #0072B21f; }
.slopes tr.attacker { border-left: 4px dashed #D55E00; background: #D55E001f; }
.slopes caption { text-align: left; font-size: 0.8125rem; padding-bottom: 0.3rem;
  color: light-dark(#5C5A57, #C4C2BF); }
</style>"""


def plane(
    x: np.ndarray,
    y: np.ndarray,
    line: Line,
    path: list[float],
    k: int,
    height: float,
    before: Line | None,
) -> go.Figure:
    """Points ``[N]``, the line, and the residual of point ``k``, which has gone along ``path``.

    ``before`` is the line that learning began with.
    """
    wide = max(WIDE, *(abs(each) + 0.3 for each in path))
    ends = np.array([-wide, wide])
    figure = go.Figure(layout=plots.layout(400))
    if before is not None:
        figure.add_scatter(
            **_line(ends, before(ends), GREY, "dot"), name="at first", hoverinfo="skip"
        )
    figure.add_scatter(**_line(ends, line(ends), CLEAN), name="model a x + b", hoverinfo="skip")
    others = np.arange(len(x)) != k
    figure.add_scatter(
        x=x[others],
        y=y[others],
        mode="markers",
        name="points",
        marker={"color": GREY, "size": 9},
        hovertemplate="(%{x:.2f}, %{y:.2f})<extra></extra>",
    )
    moved = len(path) > 1
    figure.add_scatter(
        x=[path[-1]] * 2,
        y=[height, line(path[-1])],
        mode="lines",
        name="residual",
        line={"color": ADVERSARIAL if moved else CLEAN, "dash": "dash", "width": 2},
        hovertemplate=f"residual {height - line(path[-1]):.2f}<extra></extra>",
    )
    figure.add_scatter(
        x=path,
        y=[height] * len(path),
        mode="lines+markers",
        name="the point, step by step" if moved else f"point {k + 1}",
        line={"color": ADVERSARIAL if moved else CLEAN, "width": 2},
        marker={
            "size": [11, *[6] * (len(path) - 2), 13][: len(path)] if moved else 13,
            "symbol": ["circle-open", *["circle"] * (len(path) - 2), "diamond"]
            if moved
            else "circle",
        },
        hovertemplate="x = %{x:.3f}, y = %{y:.2f}<extra></extra>",
    )
    figure.update_xaxes(range=[-wide, wide], title="x, the input", **plots.FIXED)
    figure.update_yaxes(range=[-HIGH, HIGH], title="y", **plots.FIXED)
    return figure


def _line(x: np.ndarray, y: np.ndarray, colour: str, dash: str = "solid") -> dict:
    return {"x": x, "y": y, "mode": "lines", "line": {"color": colour, "dash": dash, "width": 2.5}}


def table(line: Line, x: float, y: float, *, attacking: bool) -> str:
    """The three derivatives at a point as HTML; those that are used now are marked."""
    found = derivatives(line, x, y)
    learner, attacker = ("", "attacker") if attacking else ("learner", "")
    rows = (
        (learner, "dl/da", "2x(ax + b − y)", "moves a", found.a),
        (learner, "dl/db", "2(ax + b − y)", "moves b", found.b),
        (attacker, "dl/dx", "2a(ax + b − y)", "moves x", found.x),
    )
    body = "".join(
        f"<tr class='{kind}'><th scope=row><b>{name}</b></th><td>{formula}<br><small>{who}"
        f"{'' if kind else ', not now'}</small></td><td>{value:+.3f}</td></tr>"
        for kind, name, formula, who, value in rows
    )
    off = line(x) - y
    return (
        f"{CSS}<table class=slopes><caption>At x = {x:.2f}, y = {y:.2f}: a = {line.a:.2f}, "
        f"b = {line.b:.2f}, ax + b − y = {off:+.3f}, loss {off**2:.3g}</caption>"
        f"<tbody>{body}</tbody></table>"
    )


def losses(history: list[float], *, attacking: bool) -> go.Figure:
    """The loss after each step: of all points for the learner, of one for the attacker."""
    figure = go.Figure(layout=plots.layout(190, legend=None, showlegend=False))
    figure.add_scatter(
        x=list(range(len(history))),
        y=history,
        mode="lines+markers",
        line={"color": ADVERSARIAL if attacking else CLEAN, "width": 2.5},
        marker={"symbol": "diamond" if attacking else "circle", "size": 6},
        hovertemplate="%{x}: %{y:.3g}<extra></extra>",
    )
    steps = plots.whole_ticks(max(1, len(history) - 1), 8)
    figure.update_xaxes(title="step" if attacking else "epoch", dtick=steps, **plots.FIXED)
    figure.update_yaxes(
        title="its loss" if attacking else "mean loss",
        range=[0, 1.1 * max(*history, 0.1)],
        **plots.FIXED,
    )
    return figure
