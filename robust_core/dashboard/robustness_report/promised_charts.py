"""What is promised, beside the trade-off, as pure functions: proofs in Linf, and certificates in L2.

A proof at a radius in Linf and a certificate at a radius in L2 are promises about different balls: each
has axes of its own.
"""

from dataclasses import dataclass

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.dashboard.robustness_report import labels
from robust_core.dashboard.robustness_report.curves import hover
from robust_core.dashboard.robustness_report.trade_off_charts import whiskers
from robust_core.dashboard.style import ADVERSARIAL, DEFENDED, GREY
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import CERTIFIED, Share
from robust_core.evaluation.verification import plan
from robust_core.evaluation.verification.measure import Summary, summary
from robust_core.evaluation.verification.results import COMMAND
from robust_core.evaluation.verification.results import Report as Proofs
from robust_core.words.models import title
from robust_core.words.numbers import share

PROMISED = "#56B4E9"
RADIUS = 0.25
"""The L2 radius at which certified accuracy is drawn, one of those of Cohen et al. (2019), table 1."""
HEIGHT = 340
LOOSE, TIGHT = "not broken by PGD", "proved"


@dataclass(frozen=True)
class Proved:
    """One network at one Linf radius: how many of its test pictures are proved, and not broken."""

    job: plan.Job
    counts: Summary

    @property
    def clean(self) -> Share:
        return Share(self.counts.right, self.counts.n)

    @property
    def tight(self) -> Share:
        """Proved by any method: the last contains the others."""
        return Share(max(self.counts.proved.values()), self.counts.n)

    @property
    def loose(self) -> Share:
        """Right, and not broken by the attack: proved or unknown."""
        return Share(self.counts.right - self.counts.broken, self.counts.n)

    @property
    def conditions(self) -> str:
        """All that its figures depend on, in lines."""
        by = ", ".join(f"{method} {count}" for method, count in self.counts.proved.items())
        return (
            f"{self.job.model}, the first {self.counts.n} test pictures of {self.job.plan.data}<br>"
            f"Linf, eps {size(self.job.eps, self.job.part)}; proved: {by}<br>"
            f"clean {share(self.clean.value)}; {self.counts.broken} broken ({plan.ATTACK}, {plan.STEPS} "
            f"steps, {plan.RESTARTS} restarts, or the solver's pictures), {self.counts.unknown} unknown"
            f"<br>{COMMAND}"
        )


def size(eps: float, part: str) -> str:
    """A radius as the suite writes it: photographs in 255ths."""
    return f"{255 * eps:g}/255" if part == plan.CIFAR else f"{eps:g}"


def short_title(model: str) -> str:
    """How it was trained, without the network, which all in the chart share."""
    return title(model).partition(" — ")[0].partition(",")[0]


def across(values: list[float]) -> list[float]:
    """The ends of an axis of shares, with room at both, and so far apart that its ticks differ."""
    low, high = min(values), max(values)
    pad = max(0.04, 0.1 * (high - low))
    return [low - pad, min(high + pad, 1.01)]


def proofs_on(data: str, proofs: Proofs) -> list[Proved]:
    """What the suite of verification measured on a data set."""
    return [
        Proved(job, summary(rows, job.plan.methods))
        for job, rows in proofs.rows.items()
        if job.plan.data == data
    ]


def proved_chart(found: list[Proved]) -> go.Figure:
    """Clean accuracy against what is proved, and above it, hollow, what the attack left: all in Linf.

    ``found`` are of one radius. The line between the two is what nobody knows.
    """
    names = labels.placed(
        {
            one.job.model: (
                one.clean.value,
                one.tight.value,
                short_title(one.job.model),
            )
            for one in found
        }
    )
    x = [one.clean.value for one in found]
    marks = (
        (LOOSE, [one.loose for one in found], "pentagon-open", ADVERSARIAL),
        (TIGHT, [one.tight for one in found], "pentagon", DEFENDED),
    )
    proved = f"proved, not broken: Linf {size(found[0].job.eps, found[0].job.part)}"
    figure = _shares(x, "right on clean pictures", proved)
    figure.add_scatter(
        x=[value for one in x for value in (one, one, None)],
        y=[value for one in found for value in (one.tight.value, one.loose.value, None)],
        mode="lines",
        line={"color": GREY, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    for name, shares, symbol, colour in marks:
        figure.add_scatter(
            x=x,
            y=[one.value for one in shares],
            error_y=whiskers(shares),
            name=name,
            mode="markers+text" if name == TIGHT else "markers",
            text=[names[one.job.model][0] for one in found] if name == TIGHT else None,
            textposition=[names[one.job.model][1] for one in found] if name == TIGHT else None,
            cliponaxis=False,
            marker={"symbol": symbol, "size": 13, "color": colour},
            customdata=[
                f"<b>{title(one.job.model)}</b><br>{name} {share(value.value)}<br>{one.conditions}"
                for one, value in zip(found, shares, strict=True)
            ],
            hovertemplate="%{customdata}<extra></extra>",
        )
    return figure


def _shares(x: list[float], across_title: str, up_title: str) -> go.Figure:
    """An empty chart of one share over another, wide enough for ``x``."""
    xaxis = {"title": across_title, "tickformat": ".0%", "range": across(x)}
    yaxis = {"title": up_title, "tickformat": ".0%", "rangemode": "tozero"}
    return go.Figure(layout=plots.layout(HEIGHT, xaxis=xaxis, yaxis=yaxis))


def certified_chart(report: Report) -> go.Figure:
    """Certified accuracy at an L2 radius, over that without a radius, of every defence that certifies."""
    found = report.rows(CERTIFIED)
    names = labels.placed(
        {row.subject: (row.at(0).value, row.at(RADIUS).value, row.title) for row in found}
    )
    x = [row.at(0).value for row in found]
    figure = _shares(x, "right and certified at all", f"certified to {RADIUS:g} in L2")
    figure.add_scatter(
        x=x,
        y=[row.at(RADIUS).value for row in found],
        error_y=whiskers([row.at(RADIUS) for row in found]),
        name="by votes under noise",
        mode="markers+text",
        text=[names[row.subject][0] for row in found],
        textposition=[names[row.subject][1] for row in found],
        cliponaxis=False,
        showlegend=True,
        marker={"symbol": "triangle-up", "size": 12, "color": PROMISED},
        customdata=[
            f"<b>{row.title}</b>, {report.model}, {report.data}<br>certified to {RADIUS:g} in L2: "
            f"{share(row.at(RADIUS).value)}<br>{hover(row.conditions)}"
            f"<br>clean {share(row.at(0).value)}, right and certified at all, of the same pictures"
            for row in found
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )
    return figure
