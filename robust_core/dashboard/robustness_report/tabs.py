"""The robustness report: one table for each family of pictures, drawn in tabs."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import zoo
from robust_core.dashboard import controls, opened, plots
from robust_core.dashboard.choices import choose_in_list, choose_one, choose_several
from robust_core.dashboard.components import trust
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.robustness_report import deck_002, trade_off
from robust_core.dashboard.robustness_report.charts import checklist_chart, distillation_bars
from robust_core.dashboard.robustness_report.curves import (
    ATTACKERS,
    accuracy_curves,
    certified_curves,
)
from robust_core.dashboard.robustness_report.promised_charts import RADIUS
from robust_core.dashboard.robustness_report.table import show_table
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.plan import GRID, PLANS
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    CERTIFIED,
    CURVES,
    DISTILLATION,
    FLAGS,
    JPEG,
    MASKING,
    UNAWARE,
    UNDEFENDED,
)
from robust_core.evaluation.suites import FIELD_EPS
from robust_core.paths import RESULTS
from robust_core.words.numbers import in_255ths, share

FIRST = (UNDEFENDED, "jpeg quality=75", "pgd-at", "fgsm-at alpha=0.0", "distilled temperature=100")
"""Curves that are drawn at first, where the report has them."""
GAIN = 0.1
"""Points of accuracy above the undefended model from which a defence counts as a gain: the lower end of
its interval must reach them."""


def choose_report(place: DeltaGenerator) -> str:
    """The name of a report, by a choice in ``place``: the table of one model, or deck 002's experiment."""
    names = [name for name in PLANS if (RESULTS / f"{name}.json").is_file()] or [next(iter(PLANS))]
    words = {name: PLANS[name].model for name in names} | {deck_002.NAME: deck_002.TITLE}
    with place:
        return choose_one("Model", words, "report", names[0], label_visibility="collapsed")


def show_report(name: str) -> None:
    """The headline, and tabs of which only the open one is drawn."""
    if name == deck_002.NAME:
        deck_002.show()
        return
    report = results.report(RESULTS / f"{name}.json")
    if report.lacking:
        st.info(report.lacking)
        return
    conditions = _say_headline(report)
    there = {t: partial(draw, report) for t, (part, draw) in TABS.items() if report.rows(part)}
    opened.draw_open(there, "report_tabs")
    st.caption(conditions)
    raised = trust.raised_by({row.title: row.flags for row in report.rows(FLAGS)})
    if raised:
        st.caption(
            f"Flags, which mean that robust accuracy may be too high: {raised}. Each is explained under "
            "Masking checklist."
        )
    if report.outdated:
        st.caption(
            f"Left out, as measured on other weights than the bundled ones: {', '.join(report.outdated)}."
        )


def _say_headline(report: Report) -> str:
    """How many defences hold, in a sentence; what it was measured with, for the foot of the page."""
    pairs = [
        (clean, robust)
        for subject in report.subjects("accuracy")
        if subject != UNDEFENDED
        and (clean := report.accuracy(subject))
        and (robust := report.strongest(subject))
    ]
    bare = report.strongest(UNDEFENDED)
    clean = report.accuracy(UNDEFENDED)
    if not pairs or not bare or not clean:
        return ""
    held = [one for _, one in pairs if one.accuracy.interval[0] >= bare.accuracy.value + GAIN]
    st.markdown(
        f"## {len(held)} of {len(pairs)} defences still gain{'s' * (len(held) == 1)} "
        f"{100 * GAIN:.0f} points or more, once the attacker knows them"
    )
    before, after = max(pairs, key=lambda pair: pair[1].accuracy.interval[0])
    return (
        f"The headline: {report.model} on the {report.data} test set. Undefended: "
        f"{share(clean.accuracy.value)} clean ({clean.n:,} pictures), "
        f"{share(bare.accuracy.value)} under attack ({bare.circumstances}). "
        f"The best, {after.title}: {share(before.accuracy.value)} clean ({before.n:,} pictures), "
        f"{share(after.accuracy.value)} under attack ({after.circumstances}). "
        "The attack is PGD or the ensemble, whichever leaves less; a defence "
        "gains if the lower end of its 95 % interval is that far above the undefended figure. "
        f"Made by: `{report.command}`"
    )


def _spans(report: Report) -> dict[str, tuple[float, str]]:
    """How far the axis of eps may go: to about twice the eps of the table, where answers change, or on."""
    top = max(eps for eps in GRID if eps <= 2 * (report.eps or FIELD_EPS))
    small = f"{top:g}" if top in EPS_CHOICES else in_255ths(top)
    return {"small": (top, small), "all": (max(GRID), f"{max(GRID):g}")}


def _chart(figure, key: str, alt: str) -> None:
    plots.draw(figure, key=f"report_{key}", alt=alt)


def show_curves(report: Report, part: str = CURVES) -> None:
    """Accuracy against eps for chosen defences and attackers."""
    titles = report.subjects(part)
    spans = _spans(report)
    start = list(titles) if part == JPEG else [one for one in FIRST if one in titles]
    left, right = st.columns([1, 2.9], gap="medium")
    with left.container(key="report_choices"):
        threats = choose_several("The attacker", ATTACKERS, f"report_{part}_who", list(ATTACKERS))
        widths = {key: words for key, (_, words) in spans.items()}
        span = choose_one("eps up to", widths, f"report_{part}_span", "small")
        key = f"report_{report.suite}_{part}_subjects"
        chosen = choose_several("Defences", titles, key, start or list(titles), wrap=True)
    if not chosen or not threats:
        right.info("Choose at least one defence and one attacker.")
        return
    with right:
        _draw_curves(report, part, chosen, threats, spans[span][0])


def _draw_curves(
    report: Report, part: str, chosen: list[str], threats: list[str], top: float
) -> None:
    ordered = [threat for threat in ATTACKERS if threat in threats]
    figure = accuracy_curves(report, chosen, ordered, top, part)
    _chart(figure, part, "Accuracy against eps for each chosen defence.")
    row = report.curve(chosen[0], ADAPTIVE, part)[-1]
    others = report.elsewhere(part, chosen) if UNAWARE in threats else ""
    st.caption(
        "Solid: an aware attacker, through the defence's adaptive gradient. Dotted: an unaware "
        "attacker. Shaded: 95 % intervals (Wilson), with up to four defences. At eps 0.5 any picture "
        "can be made flat grey: no classifier can be right there. "
        f"{row.attack}, {row.steps} steps; {_pictures(report, chosen, part)}; hover over a point for its "
        f"command.{f' Dotted, not on the undefended model: {others}.' if others else ''}"
    )


def _pictures(report: Report, chosen: list[str], part: str) -> str:
    """How many pictures the lines are of, those of most lines first."""
    titles = report.subjects(part)
    counts: dict[int, list[str]] = {}
    for subject in (one for one in titles if one in chosen):
        counts.setdefault(report.rows(part, subject)[0].n, []).append(titles[subject])
    (most, _), *others = sorted(counts.items(), key=lambda item: -len(item[1]))
    told = [f"{' and '.join(names)} {n:,}" for n, names in others]
    return f"{most:,} pictures" + (f" ({', '.join(told)})" if told else "")


def show_certified(report: Report) -> None:
    """What is promised, by radius."""
    rows = report.rows(CERTIFIED)
    _chart(
        certified_curves(rows, report.data),
        "certified",
        "Certified accuracy against radius.",
    )
    for row in rows:
        st.caption(
            f"**{row.title}**: certified at all {share(row.at(0).value)}, "
            f"at {RADIUS:g} {share(row.at(RADIUS).value)}; abstains on {row.abstained} of {row.n}, "
            f"wrong on {row.wrong}. {row.conditions}"
        )
    if report.eps is None:
        return
    model = zoo.describe(report.model)
    whole = controls.radius("l2", report.eps, model)
    furthest = max((row.radii[-1] for row in rows if row.radii), default=0)
    st.caption(
        f"A radius is a promise in L2. A change of every value of a {model.shape} picture by "
        f"{in_255ths(report.eps)} has an L2 length of {whole:.2f}; the largest radius here is "
        f"{furthest:.2f}."
    )


def show_checklist(report: Report) -> None:
    """Six signs of masked gradients for each defence."""
    rows = report.rows(MASKING)
    _chart(checklist_chart(rows), "checklist", "Six signs of masked gradients by defence.")
    titles = {row.subject: row.title for row in rows}
    chosen = choose_in_list(
        "In words",
        list(titles),
        f"report_{report.suite}_finding",
        next(iter(titles)),
        shown=lambda subject: titles.get(subject, subject),
        called="Defence",
        width=340,
    )
    row = next(row for row in rows if row.subject == chosen)
    flags = report.flags(chosen)
    left, right = st.columns(2, gap="medium") if flags else (st.container(), None)
    with left:
        st.markdown("**Signs of masked gradients**")
        for finding in row.findings:
            colour, icon = ("red", "warning") if finding.suspicious else ("green", "check")
            st.markdown(f":{colour}[:material/{icon}:] **{finding.question}** {finding.sentence}")
    if flags and right:
        with right:
            st.markdown(
                "**Flags of the model**",
                help="Found without an attack, by asking the deployed model about a few pictures, as "
                "AutoAttack does before it begins (Croce and Hein, 2020).",
            )
            trust.flag_lines(flags.flags)
            st.caption(flags.conditions)
    st.caption(
        "The attacker here is naive on purpose: it differentiates the deployed model as it is. A sign "
        "means that accuracy under such an attack says nothing; the absence of signs proves nothing "
        f"(Athalye et al., 2018). {row.conditions}"
    )


def show_distillation(report: Report) -> None:
    """What temperature and saturation hide."""
    rows = report.rows(DISTILLATION)
    eps = next((f" at Linf {in_255ths(row.eps)}" for row in rows if row.eps), "")
    _chart(distillation_bars(rows), "distillation", "Softmax hides, logits show.")
    st.caption(
        f"The same networks and pictures, three attackers: FGSM{eps} through float32 softmax, FGSM on the "
        "logits, and CW on the logits, which has no eps. Distilled networks were trained without weight "
        "decay, from a last layer T times as large: their logits are meant to grow with T. "
        f"{rows[-1].conditions}"
    )


TABS: dict[str, tuple[str, Callable[[Report], None]]] = {
    "Accuracy against eps": (CURVES, show_curves),
    "Clean against robust": ("accuracy", trade_off.show),
    "Certified radius": (CERTIFIED, show_certified),
    "Masking checklist": (MASKING, show_checklist),
    "All figures": ("accuracy", show_table),
    "JPEG by quality": (JPEG, partial(show_curves, part=JPEG)),
    "Distillation": (DISTILLATION, show_distillation),
}
