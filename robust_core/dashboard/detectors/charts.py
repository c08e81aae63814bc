"""Figures of the adversary detectors as pure functions: rows of the measured tables in, figures out.

Detectability is the balanced accuracy of Metzen et al. (2017); it is None where no picture was
successful, and such a case is drawn as a cross at the foot of the chart, never left out.
"""

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from robust_core import attacks
from robust_core.dashboard.plots import FIXED, SYMBOLS, colour_of, layout
from robust_core.dashboard.style import DETECTOR, GREY
from robust_core.detectors.measure import Figures
from robust_core.evaluation.detector_tables.rows import OwnAdversaryRow, SharedDetector, SharedRow
from robust_core.words.numbers import in_255ths, short_share

NOTHING = "no successful picture"
CHANCE = 0.5
WEAK = 0.3
GOOD = 0.8
"""The paper: detectability is above 0.8 wherever the classifier's accuracy is below 0.3."""
PATTERNS = ("", "/", "x", ".", "+", "\\")


def number(value: float | None) -> str:
    """A detectability as the paper prints it, or that there is none."""
    return NOTHING if value is None else f"{value:.2f}"


def adversary_title(adversary: str, eps: float | None = None) -> str:
    """An adversary as the pages call it, with its eps where it has one."""
    known = attacks.names() + attacks.names(pair=True)
    name = attacks.get(adversary).title if adversary in known else adversary
    return name if eps is None else f"{name} {in_255ths(eps)}"


def conditions(figures: Figures) -> str:
    """The hover text of a cell, bar or point: the value, and of how many pictures it is."""
    words = [f"detectability {number(figures['detectability'])}"]
    auc, found = figures["auc"], figures["true_positives"]
    if auc is not None and found is not None:
        words += [
            f"area under ROC {auc:.3f}",
            f"flags {short_share(figures['false_positives'])} of genuine, "
            f"{short_share(found)} of adversarial",
        ]
    words += [
        f"n: {figures['n_test']:,} genuine, {figures['n_adversarial']:,} successful adversarial",
        f"classifier right: {short_share(figures['top1'])} clean, "
        f"{short_share(figures['top1_adversarial'])} attacked",
    ]
    return "<br>".join(words)


def accuracy_scatter(rows: Sequence[OwnAdversaryRow], good: float = GOOD) -> go.Figure:
    """Accuracy under attack against detectability: filled as floats, hollow rounded to 8 bits.

    A symbol for each adversary and point of attachment, its eps in 255ths at each filled one. To the
    left of the one line the adversary is strong, above the other, at ``good``, the detector is good.
    """
    groups: dict[tuple[str, str], list[OwnAdversaryRow]] = {}
    for row in rows:
        groups.setdefault((row.adversary, row.point), []).append(row)
    low = foot(f for row in rows for f in (row.floats, row.eight_bit))
    traces = []
    for i, ((adversary, point), own) in enumerate(groups.items()):
        name = f"{adversary_title(adversary)}, {point}"
        symbol = SYMBOLS[i % len(SYMBOLS)]
        for key, kind, mark in (
            ("floats", "floats", symbol),
            ("eight_bit", "8 bits", f"{symbol}-open"),
        ):
            there = [row for row in own if getattr(row, key)["detectability"] is not None]
            traces.append(
                go.Scatter(
                    x=[getattr(row, key)["top1_adversarial"] for row in there],
                    y=[getattr(row, key)["detectability"] for row in there],
                    name=name,
                    legendgroup=name,
                    showlegend=key == "floats",
                    mode="markers+text" if key == "floats" else "markers",
                    marker={"symbol": mark, "size": 11, "color": colour_of(adversary)},
                    text=[f"{255 * row.eps:.3g}" if row.eps else "" for row in there],
                    textposition="top center",
                    cliponaxis=False,
                    customdata=[_about(row, row, kind, getattr(row, key)) for row in there],
                    hovertemplate="%{customdata}<extra></extra>",
                )
            )
    nothing = [
        (getattr(row, key)["top1_adversarial"], _about(row, row, kind, getattr(row, key)))
        for row in rows
        for key, kind in (("floats", "floats"), ("eight_bit", "8 bits"))
        if getattr(row, key)["detectability"] is None
    ]
    figure = go.Figure([*traces, *crosses(nothing, low)], fixed(440))
    figure.update_xaxes(
        title="accuracy under attack (at the points: eps in 255ths)",
        range=[-0.04, 1.04],
        tickformat=".0%",
    )
    figure.update_yaxes(title="detectability", range=[low - 0.03, 1.06])
    figure.add_vline(x=WEAK, line={"color": GREY, "width": 1, "dash": "dot"})
    figure.add_hline(y=good, line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def depth_bars(rows: Sequence[OwnAdversaryRow], key: str = "floats") -> go.Figure:
    """Detectability at each point of attachment, a bar for each adversary.

    ``key`` is ``floats``, ``eight_bit`` or ``at_threshold``: which figures of the rows.
    """
    points = sorted({row.point for row in rows})
    names = list(dict.fromkeys((row.adversary, row.eps) for row in rows))
    bars = []
    for i, (adversary, eps) in enumerate(names):
        own = {r.point: r for r in rows if (r.adversary, r.eps) == (adversary, eps)}
        there = [point for point in points if point in own]
        values = [getattr(own[point], key)["detectability"] for point in there]
        words = [_about(own[point], own[point], key, getattr(own[point], key)) for point in there]
        bars.append(
            _bar(
                adversary_title(adversary, eps),
                there,
                values,
                words,
                colour_of(adversary),
                PATTERNS[i % len(PATTERNS)],
            )
        )
    figure = _grouped(bars)
    return figure.update_xaxes(
        title="where the detector reads", categoryorder="array", categoryarray=points
    )


def several_bars(rows: Sequence[SharedRow], key: str = "floats") -> go.Figure:
    """Detectability of each adversary: by the detector that is made for it alone, and by the one for all.

    ``rows`` are those of the part ``several``; ``key`` is ``floats`` or ``eight_bit``.
    """
    names = [adversary_title(row.adversary, row.eps) for row in rows]
    bars = []
    for kind, name, colour, pattern in (
        ("own", "the detector for this attack alone", GREY, "/"),
        ("several", "the one detector for all", DETECTOR, ""),
    ):
        detectors = [getattr(row, kind) for row in rows]
        figures = [getattr(each, key) for each in detectors]
        words = [
            f"{name}<br>{_about(row, each, key, found)}"
            for row, each, found in zip(rows, detectors, figures, strict=True)
        ]
        bars.append(
            _bar(name, names, [f["detectability"] for f in figures], words, colour, pattern)
        )
    return _grouped(bars).update_xaxes(title="the attack to find")


def _bar(
    name: str,
    x: Sequence[str],
    values: Sequence[float | None],
    words: Sequence[str],
    colour: str,
    pattern: str,
) -> go.Bar:
    """Bars of one group, each with its value above; ``words`` are what the hover says."""
    return go.Bar(
        name=name,
        x=x,
        y=[value or 0 for value in values],
        marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.25}},
        text=[number(value).replace(" ", "<br>") for value in values],
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        customdata=words,
        hovertemplate="%{customdata}<extra></extra>",
    )


def _grouped(bars: Sequence[go.Bar]) -> go.Figure:
    """Bars side by side, and a line at chance."""
    figure = go.Figure(bars, fixed(340, barmode="group", showlegend=True))
    figure.update_yaxes(title="detectability", range=[0, 1.12], tickvals=[0, 0.25, 0.5, 0.75, 1])
    return chance(figure)


def _about(
    row: OwnAdversaryRow | SharedRow,
    detector: OwnAdversaryRow | SharedDetector,
    kind: str,
    figures: Figures,
) -> str:
    """The adversary of a ``row``, the ``detector`` that was asked about it, and its figures."""
    as_what = {"floats": "floats", "8 bits": "rounded to 8 bits", "eight_bit": "rounded to 8 bits"}
    head = f"{adversary_title(row.adversary, row.eps)}, {detector.point}, {as_what.get(kind, kind)}"
    head += f"<br>trained on {detector.n_train:,} pictures, {detector.epochs} epochs"
    return f"{head}<br>{conditions(figures)}"


def foot(figures: Iterable[Figures]) -> float:
    """Where a chart ends below: just under chance and all values."""
    values = [f["detectability"] for f in figures if f["detectability"] is not None]
    return min([CHANCE, *values]) - 0.05


def crosses(points: Sequence[tuple[float, str]], foot: float) -> list[go.Scatter]:
    """Cases without a value: a cross each at the foot, and a word for it in the legend."""
    if not points:
        return []
    return [
        go.Scatter(
            x=[x for x, _ in points],
            y=[foot] * len(points),
            name=NOTHING,
            mode="markers",
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": GREY}},
            customdata=[words for _, words in points],
            hovertemplate="%{customdata}<extra></extra>",
            showlegend=True,
        )
    ]


def chance(figure: go.Figure) -> go.Figure:
    """``figure`` with a line at what guessing gives."""
    return figure.add_hline(y=CHANCE, line={"color": GREY, "width": 1, "dash": "dot"})


def fixed(height: int, **others) -> go.Layout:
    """The frame of these charts: nobody can drag their axes."""
    return layout(height, xaxis=FIXED, yaxis=FIXED, **others)
