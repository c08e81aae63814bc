"""The trade-off of the robustness report as a pure function: clean accuracy against that under attack."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from robust_core import defenses
from robust_core.dashboard import plots
from robust_core.dashboard.robustness_report import labels
from robust_core.dashboard.robustness_report.curves import about
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, GREY
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    UNDEFENDED,
    AccuracyRow,
    MaskingRow,
    Share,
)
from robust_core.words.numbers import in_255ths, share

KIND_SYMBOLS = dict(zip(defenses.KINDS, ("circle", "square", "diamond", "cross"), strict=True))


@dataclass(frozen=True)
class Published:
    """A published result on a data set, for a chart, labelled as such with its source."""

    data: str
    name: str
    clean: float
    robust: float
    attack: str
    source: str


PUBLISHED = (
    Published(
        "cifar10", "ResNet-32, undefended", 0.9327, 0.0, "PGD-40, Linf 8/255", "PyTorch-Robust"
    ),
    Published(
        "cifar10", "ResNet-32, PGD training", 0.7942, 0.4746, "PGD-40, Linf 8/255", "PyTorch-Robust"
    ),
    Published(
        "cifar10", "ResNet-32, PGD training", 0.7942, 0.4299, "AutoAttack, 8/255", "PyTorch-Robust"
    ),
    Published(
        "cifar10",
        "ResNet-32, FGSM training",
        0.8823,
        0.0004,
        "PGD-10, Linf 8/255",
        "PyTorch-Robust",
    ),
)
"""Published methods on the same architecture, from the README of that project."""


def trade_off_chart(report: Report) -> go.Figure:
    """Clean accuracy against that under the adaptive attack; below it, hollow, that under the ensemble.

    A symbol for each kind of defence. Grey are published results on the same architecture. The most robust
    are named first; those without a free place beside them by their hover alone.
    """
    found = [
        (clean, pgd, report.accuracy(subject, ADAPTIVE, "auto"))
        for subject in report.subjects("accuracy")
        if (clean := report.accuracy(subject))
        and (pgd := report.accuracy(subject, ADAPTIVE, "pgd"))
    ]
    found.sort(key=lambda rows: (rows[1].defense != UNDEFENDED, -rows[1].accuracy.value))
    short = Counter(pgd.title.split(",")[0] for _, pgd, _ in found)
    names = labels.placed(
        {
            pgd.subject: (
                clean.accuracy.value,
                pgd.accuracy.value,
                head if short[head := pgd.title.split(",")[0]] == 1 else pgd.title,
            )
            for clean, pgd, _ in found
        }
    )
    traces = []
    for kind in ("undefended", *defenses.KINDS):
        own = [rows for rows in found if kind_of(rows[1]) == kind]
        if own:
            traces += _points(kind, own, names)
    published = published_for(report)
    traces.append(
        go.Scatter(
            x=[one.clean for one in published],
            y=[one.robust for one in published],
            name="published",
            mode="markers",
            marker={"symbol": "x", "size": 8, "color": GREY},
            customdata=[f"{p.name}<br>{p.attack}<br>published: {p.source}" for p in published],
            hovertemplate="%{customdata}: clean %{x:.1%}, robust %{y:.1%}<extra></extra>",
        )
    )
    size = "" if report.eps is None else f", Linf {in_255ths(report.eps)}"
    layout = plots.layout(
        460,
        xaxis={"title": "right on clean pictures", "tickformat": ".0%"},
        yaxis={
            "title": f"right under attack{size}",
            "tickformat": ".0%",
            "rangemode": "tozero",
        },
    )
    return go.Figure(traces, layout)


def published_for(report: Report) -> tuple[Published, ...]:
    """Published results on the report's data; empty where there are none."""
    return tuple(one for one in PUBLISHED if one.data == report.data)


def _points(
    kind: str,
    found: list[tuple[AccuracyRow, AccuracyRow, AccuracyRow | None]],
    names: dict[str, tuple[str, str]],
) -> list[go.Scatter]:
    tint = CLEAN if kind == "undefended" else DEFENDED
    symbol = KIND_SYMBOLS.get(kind, "star")
    stems = [(clean, pgd.accuracy.value, auto) for clean, pgd, auto in found if auto]
    return [
        go.Scatter(
            x=[x for clean, _, _ in stems for x in (*[clean.accuracy.value] * 2, None)],
            y=[y for _, pgd, auto in stems for y in (pgd, auto.accuracy.value, None)],
            mode="lines",
            line={"color": GREY, "width": 1},
            hoverinfo="skip",
            showlegend=False,
        ),
        _attacked(
            [(clean, auto) for clean, _, auto in stems],
            mode="markers",
            marker={"symbol": f"{symbol}-open", "size": 10, "color": ADVERSARIAL},
            showlegend=False,
        ),
        _attacked(
            [(clean, pgd) for clean, pgd, _ in found],
            name=kind,
            mode="markers+text",
            text=[names[pgd.subject][0] for _, pgd, _ in found],
            textposition=[names[pgd.subject][1] for _, pgd, _ in found],
            cliponaxis=False,
            marker={"symbol": symbol, "size": 11, "color": tint},
        ),
    ]


def _attacked(pairs: list[tuple[AccuracyRow, AccuracyRow]], **look: Any) -> go.Scatter:
    """A point for each pair of a clean row and an attacked one: its accuracies, with a whisker."""
    return go.Scatter(
        x=[clean.accuracy.value for clean, _ in pairs],
        y=[attacked.accuracy.value for _, attacked in pairs],
        error_y=whiskers([attacked.accuracy for _, attacked in pairs]),
        customdata=[f"{about(attacked)}<br>{_clean(clean)}" for clean, attacked in pairs],
        hovertemplate="%{customdata}<extra></extra>",
        **look,
    )


def whiskers(shares: Sequence[Share]) -> dict:
    """Intervals at 95 % (Wilson): the fewer the pictures, the longer."""
    ends = [share.interval for share in shares]
    return {
        "array": [high - share.value for share, (_, high) in zip(shares, ends, strict=True)],
        "arrayminus": [share.value - low for share, (low, _) in zip(shares, ends, strict=True)],
        "thickness": 1,
        "width": 2,
        "color": GREY,
    }


def _clean(row: AccuracyRow) -> str:
    """A point's clean accuracy, and how many pictures it is over."""
    return f"clean {share(row.accuracy.value)}, {row.circumstances}"


def kind_of(row: AccuracyRow | MaskingRow) -> str:
    """The kind of the row's defence, or "undefended"."""
    undefended = row.defense == UNDEFENDED
    return "undefended" if undefended else defenses.get(row.defense).kind
