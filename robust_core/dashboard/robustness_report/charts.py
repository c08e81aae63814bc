"""Charts of the robustness report as pure functions: what only looks like robustness."""

from collections.abc import Sequence

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.robustness_report.curves import about
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED
from robust_core.evaluation.defense_table.rows import ADAPTIVE, AccuracyRow, MaskingRow
from robust_core.words.numbers import short_share


def checklist_chart(rows: Sequence[MaskingRow]) -> go.Figure:
    """The six findings of each defence: a sign of masked gradients, or none; the sentence in the hover."""
    names = [finding.name for finding in rows[0].findings]
    signs = [[float(f.suspicious) for f in row.findings] for row in rows]
    layout = plots.layout(
        70 + 30 * len(rows),
        legend=None,
        xaxis={"side": "top", "fixedrange": True},
        yaxis={"autorange": "reversed", "fixedrange": True},
    )
    figure = go.Heatmap(
        z=signs,
        x=[name.replace("-", " ") for name in names],
        y=[row.title for row in rows],
        zmin=0,
        zmax=1,
        colorscale=[[0, DEFENDED], [1, ADVERSARIAL]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=[["sign" if s else "no" for s in line] for line in signs],
        texttemplate="%{text}",
        textfont={"color": "white", "size": plots.TEXT},
        customdata=[[_folded(f"{f.question} {f.sentence}") for f in row.findings] for row in rows],
        hovertemplate="<b>%{y}</b><br>%{customdata}<extra></extra>",
    )
    return go.Figure([figure], layout)


def _folded(text: str, width: int = 70) -> str:
    """Lines of at most ``width`` characters, as a hover does not break them itself."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += f"{word} "
    return "<br>".join(line.strip() for line in lines)


def distillation_bars(rows: Sequence[AccuracyRow]) -> go.Figure:
    """Accuracy under each attacker, a group for each network: what softmax hides, and what logits show."""
    subjects = {row.subject: row.title for row in rows}
    looks = {
        "clean": (CLEAN, ""),
        "FGSM through softmax": (DEFENDED, "/"),
        "FGSM on the logits": (ADVERSARIAL, "x"),
        "CW-L2 on the logits": ("#7F6A4F", "."),
    }
    bars = []
    for name, (tint, pattern) in looks.items():
        own = {row.subject: row for row in rows if _attempt(row) == name}
        there = [subject for subject in subjects if subject in own]
        bars.append(
            go.Bar(
                name=name,
                x=[subjects[s].replace(", ", ",<br>") for s in there],
                y=[own[s].accuracy.value for s in there],
                marker={"color": tint, "pattern": {"shape": pattern, "solidity": 0.25}},
                text=[short_share(own[s].accuracy.value, 0) for s in there],
                textposition="outside",
                customdata=[about(own[s]) for s in there],
                hovertemplate="%{customdata}<extra></extra>",
            )
        )
    layout = plots.layout(
        380,
        barmode="group",
        yaxis={"range": [0, 1.1], "tickformat": ".0%", "title": "right"},
    )
    return go.Figure(bars, layout)


def _attempt(row: AccuracyRow) -> str:
    """What a row of the part "distillation" is, in the words of its chart."""
    if row.attack is None:
        return "clean"
    if row.attack == "cw-l2":
        return "CW-L2 on the logits"
    return f"FGSM {'through softmax' if row.threat != ADAPTIVE else 'on the logits'}"
