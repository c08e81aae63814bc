"""The reject option on the page Detectors: what rejecting flagged pictures gains and costs."""

import math
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from robust_core import zoo
from robust_core.dashboard import plots
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.detectors import fallback
from robust_core.dashboard.detectors.charts import adversary_title
from robust_core.dashboard.detectors.curves import rejection_curves
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.detectors.fallback import Fallback
from robust_core.detectors.rejection import Costs, Rejection
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.reject import curves
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import RejectRow, RejectTable
from robust_core.experiment.detection import scores
from robust_core.words.detectors import steps_of, title
from robust_core.words.numbers import in_255ths, share

KINDS = {"static": "an unaware attacker", "adaptive": "an aware attacker"}
WHAT = (
    "The classifier does not answer a flagged picture: a person decides, or a second model answers. "
    "**Harm** is a wrong answer to an adversarial picture. A wrong answer to a clean picture costs 1."
)
Policy = Rejection | Fallback


@dataclass(frozen=True)
class RejectChoice:
    """What the controls say; ``row`` is that of the detector, ``place`` that of the threshold.

    ``second`` is the model that answers what is flagged; None: nobody does, or a person.
    """

    part: MeasuredPart[RejectTable]
    row: RejectRow
    costs: Costs
    share: float
    place: int
    second: str | None


def choose_policy() -> RejectChoice | None:
    """The controls; None with a sentence where nothing was measured."""
    st.markdown("## The reject option: do not answer what the detector flags")
    st.markdown(WHAT)
    part: MeasuredPart[RejectTable] = results.part("reject")
    if part.lacking:
        st.info(part.lacking)
        return None
    rows = {row.detector: row for row in part.value.rows}
    which = st.columns(3, gap="medium")
    prices = st.columns(3, gap="medium")
    index = zoo.index()

    def words(name: str) -> str:
        return title(index[name]) if name in index else name

    name = choose_in_list(
        "Detector that rejects",
        list(rows),
        "reject",
        next(iter(rows)),
        shown=words,
        called="Detector",
        control=which[0].selectbox,
    )
    second = fallback.choose_second(which[1], part)
    harm = _slider(prices[0], "Cost of harm", "cost_harm", 10.0, 0.0, 50.0, 0.5)
    rejected = _slider(
        prices[1],
        "Cost of a rejected picture",
        "cost_reject",
        0.2,
        0.0,
        2.0,
        0.05,
        none="Passing a picture on costs nothing; only wrong answers do." * bool(second),
    )
    share = _slider(prices[2], "Adversarial pictures, %", "cost_share", 10.0, 0.0, 100.0, 1.0) / 100
    costs = Costs(wrong=1.0, harm=harm, false_alarm=rejected, caught=rejected)
    place = _place(which[2], rows[name], fallback.words(second).ends)
    return RejectChoice(part, rows[name], costs, share, place, second)


def _slider(
    place, label: str, key: str, start: float, low: float, high: float, step: float, none: str = ""
) -> float:
    """A slider; ``none`` says why it plays no part, where that is so."""
    off, why = bool(none), none or None
    return choose_number(
        label, low, high, key, start, control=place.slider, step=step, disabled=off, help=why
    )


def _place(place, row: RejectRow, ends: tuple[str, str]) -> int:
    """Where the threshold stands among those measured; at first the calibrated one.

    ``ends`` say what is done at the lowest and at the highest.
    """
    taus = [-math.inf, *row.thresholds]
    calibrated = taus.index(row.threshold)
    places = list(range(len(taus)))

    def words(i: int) -> str:
        if i == 0:
            return ends[0]
        if i == places[-1]:
            return ends[1]
        return f"{scores(taus[i])[0]}{' (calibrated)' * (i == calibrated)}"

    return choose_in_list(
        "Threshold: reject above",
        places,
        f"tau.{row.detector}",
        calibrated,
        shown=words,
        called="Threshold",
        control=place.select_slider,
    )


def show_rejection(choice: RejectChoice) -> None:
    """Both attackers side by side: figures, harm and coverage, and the cost below."""
    both = curves(choice.row, choice.second)
    if choice.second:
        fallback.show_note(choice.part, choice.second)
    columns = st.columns(2, gap="medium")
    for column, (kind, words) in zip(columns, KINDS.items(), strict=True):
        with column:
            _show_kind(choice, kind, words, both[kind])
    best = {kind: each.best(choice.costs, choice.share) for kind, each in both.items()}
    plots.draw(
        cost_chart(
            both,
            choice.costs,
            choice.share,
            here=choice.place,
            best=best,
            lowest=fallback.words(choice.second).ends[0],
        ),
        key="reject_cost",
        alt="Mean cost of a picture against the threshold, under both attackers.",
    )
    row = choice.row
    st.caption(
        "Mean cost of a picture; the diamonds are the cheapest thresholds, the dotted line is yours. "
        f"{adversary_title(row.attack)} and the dynamic adversary at sigma "
        f"{choice.part.value.sigma:g}, both with eps {in_255ths(row.eps)} and "
        f"{steps_of(row.steps, row.step_size)}. n: "
        f"{choice.part.conditions}"
    )


def _show_kind(choice: RejectChoice, kind: str, words: str, policy: Policy) -> None:
    means = fallback.words(choice.second)
    at = policy.at(choice.place)
    coverage = policy.coverage(choice.share)[choice.place].item()
    cost = policy.cost(choice.costs, choice.share)[choice.place].item()
    st.markdown(f"**Against {words}** ({kind})")
    cells = (
        ("Harm", at["harm"], means.harm),
        ("System accuracy", at["robust_accuracy"], means.robust_accuracy),
        ("Coverage", coverage, means.coverage),
        ("Clean and right", at["clean_accuracy"], means.clean_accuracy),
    )
    with st.container(horizontal=True, gap="small"):
        for label, value, why in cells:
            width = 128 if len(label) > len("Coverage") else 92
            st.metric(label, share(value), help=why, width=width)
        st.metric("Cost", f"{cost:.3f}", help="Mean cost of a picture.", width=72)
    tau = policy.thresholds.tolist()
    plots.draw(
        rejection_curves(
            tau,
            policy.harm.tolist(),
            policy.coverage(choice.share).tolist(),
            here=tau[choice.place],
            about=f"n: {choice.part.value.n:,}",
            names=means.lines,
        ),
        key=f"reject_{kind}",
        alt=f"Harm and coverage against the threshold, {kind} attacker.",
    )


def cost_chart(
    both: dict[str, Policy],
    costs: Costs,
    share: float,
    *,
    here: int,
    best: dict[str, int],
    lowest: str,
) -> go.Figure:
    """The mean cost of a picture against the threshold, a line for each attacker, with its least.

    ``lowest`` is what the threshold that has no place on the axis, minus infinity, is called.
    """
    data = []
    for kind, colour, dash in (("static", CLEAN, "solid"), ("adaptive", ADVERSARIAL, "dash")):
        tau, cost = both[kind].thresholds.tolist(), both[kind].cost(costs, share).tolist()
        data.append(
            go.Scatter(
                x=tau[1:],
                y=cost[1:],
                name=f"{kind} attacker",
                mode="lines",
                line={"color": colour, "dash": dash, "width": 2},
                hovertemplate="threshold %{x:.3g}: cost %{y:.3f}<extra>" + kind + "</extra>",
            )
        )
        place = best[kind]
        data.append(
            go.Scatter(
                x=[max(tau[place], 0.0)],
                y=[cost[place]],
                name=f"cheapest: {lowest if place == 0 else scores(tau[place])[0]}",
                mode="markers",
                marker={"symbol": "diamond", "size": 11, "color": colour},
                hovertemplate=f"cost {cost[place]:.3f}<extra>cheapest, {kind}</extra>",
            )
        )
    layout = plots.layout(
        280,
        xaxis=plots.FIXED | {"title": "threshold of the score: reject above"},
        yaxis=plots.FIXED | {"title": "mean cost", "rangemode": "tozero"},
    )
    figure = go.Figure(data, layout)
    chosen = both["static"].thresholds[here].item()
    if math.isfinite(chosen):
        figure.add_vline(x=chosen, line={"color": GREY, "width": 1, "dash": "dot"})
    return figure
