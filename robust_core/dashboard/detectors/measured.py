"""What was measured of the detectors: tabs of charts, each from one part of the committed result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import streamlit as st

from robust_core.dashboard import opened, plots
from robust_core.dashboard.detectors import conditions, curves, maps, photographs
from robust_core.dashboard.detectors.charts import (
    GOOD,
    accuracy_scatter,
    adversary_title,
    depth_bars,
    several_bars,
)
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import (
    EpsTable,
    FullKnowledgeRow,
    FullKnowledgeTable,
    OwnAdversaryTable,
    RocTable,
    SharedTable,
    SigmaTable,
    TransferTable,
    UnseenRow,
    UnseenTable,
)
from robust_core.words.detectors import steps_of
from robust_core.words.numbers import in_255ths

Row = TypeVar("Row", FullKnowledgeRow, UnseenRow)
NEAR_CHANCE = 0.55
SHARE: Any = {"min_value": 0.0, "max_value": 100.0, "format": "%.1f %%"}


def show_measured(model: str, key: str = "measured") -> None:
    """Tabs of a classifier's tables, or of the usual ones; only the open one is read, computed and sent."""
    st.markdown("## What was measured on the test set")
    model = results.model_of(model)
    shown = PARTS
    if model != results.MODEL:  # of others not every part is measured
        there = results.parts_of(model)
        shown = {title: part for title, part in PARTS.items() if part[0] in there} or PARTS
        key = f"{key}_{model}"
    tabs = {title: partial(_show, part, draw, model) for title, (part, draw) in shown.items()}
    opened.draw_open(tabs, key)


def _show(part: str, draw: Callable[[Any], str], model: str) -> None:
    found: MeasuredPart = results.part(part, model=model)
    if found.lacking:
        st.info(found.lacking)
    elif told := draw(found):
        st.caption(f"{told} n: {found.conditions}")


def _chart(figure, key: str, alt: str) -> None:
    plots.draw(figure, key=f"measured_{key}", alt=alt)


def adversaries(part: MeasuredPart[OwnAdversaryTable]) -> str:
    """Accuracy under attack against detectability."""
    photos = photographs.is_photographs(part.model)
    _chart(
        accuracy_scatter(part.value.rows, photographs.GOOD if photos else GOOD),
        "adversaries",
        "Detectability of each adversary against the classifier's accuracy under it.",
    )
    return (
        "Each detector against the adversary that it was trained on. Detectability: balanced accuracy of "
        "telling clean from successful adversarial pictures, at score 0.5. Hollow: rounded to 8 bits."
        + (photographs.about_strong(part.value.rows) if photos else "")
        + conditions.steps(part.value.rows)
    )


def depth(part: MeasuredPart[OwnAdversaryTable]) -> str:
    """Detectability by attachment point."""
    _chart(
        depth_bars(part.value.rows),
        "depth",
        "Detectability at each attachment point.",
    )
    stuck = [
        f" {row.point} is at chance after {row.epochs} epochs on {row.n_train:,} pictures."
        for row in part.value.rows
        if (row.floats["detectability"] or 1) < NEAR_CHANCE
    ]
    words = "The same adversary, detected at different depths of the classifier. 0.5 is chance."
    return words + "".join(stuck) + conditions.steps(part.value.rows)


def eps(part: MeasuredPart[EpsTable]) -> str:
    """Fit at one eps, tested at another: a map for each adversary."""
    tables = part.value.adversaries
    for column, (name, table) in zip(
        st.columns(max(1, len(tables)), gap="medium"), tables.items(), strict=True
    ):
        with column:
            st.markdown(f"**{adversary_title(name)}**")
            words = f"Detectability, fit at one eps and tested at another: {name}."
            _chart(maps.eps_map(table), f"eps_{name}", words)
            st.caption(
                f"Pictures trained on, by eps: {conditions.trained_on(table.detectors, part.model)}."
            )
    if photographs.is_photographs(part.model):
        st.markdown(f":small[{photographs.about_eps(part.model, tables)}]")
    return (
        "Detectability of detectors fit at one eps (horizontal axis), tested at another. Fewer pictures "
        "to train on make a weaker detector, whatever the eps."
    )


def transfer(part: MeasuredPart[TransferTable]) -> str:
    """Fit to one adversary, tested on another, beside the paper's; and how far it is one-sided."""
    ours, paper = st.columns(2, gap="medium")
    with ours:
        st.markdown(f"**Here: {conditions.pictures(part.model)}**")
        words = "Detectability, fit to one adversary and tested on another."
        _chart(maps.transfer_map(part.value), "transfer", words)
    with paper:
        st.markdown(f"**{maps.PAPER_SOURCE}**")
        words = "The same in the paper, on 10 classes of ImageNet."
        _chart(maps.paper_map(), "paper", words)
        st.caption(maps.PAPER_AXES)
    with st.expander("Which direction generalises better"):
        names = [adversary_title(one.adversary, one.eps) for one in part.value.adversaries]
        values = maps.detectabilities(part.value)
        words = "Detectability less that of the two adversaries swapped."
        _chart(maps.asymmetry_map(values, names), "asymmetry", words)
    return "Detectability: fit along the foot, tested down the side."


def several(part: MeasuredPart[SharedTable]) -> str:
    """One detector for all adversaries, beside those trained for one each."""
    rounded = st.toggle("Rounded to 8 bits", key="measured_several_8")
    _chart(
        several_bars(part.value.rows, "eight_bit" if rounded else "floats"),
        "several",
        "Detectability of each attack by its own detector and by the one detector for all.",
    )
    n = len(part.value.rows)
    return (
        "Metzen et al. (2017) left two things to later work: detectors that find many kinds of attack "
        "at the same time, and adversaries that randomness makes harder to detect. This is the first: "
        f"one detector whose training pictures were attacked by these {n} in turn, each picture by one of "
        "them. Beside it stands the detector that was trained on that attack alone; hover for where both "
        "read and how many pictures they saw. 0.5 is chance." + conditions.steps(part.value.rows)
    )


def sigma(part: MeasuredPart[SigmaTable]) -> str:
    """A static and a dynamic detector against the dynamic adversary."""
    counts = {
        kind: conditions.trained_on([each.name], part.model)
        for kind, each in part.value.detectors.items()
    }
    _chart(
        curves.sigma_curves(part.value),
        "sigma",
        "Detectability against sigma for a static and a dynamic detector.",
    )
    return (
        "Each detector faces an aware attacker; the numbers are the pictures that still fool the "
        "classifier. The dynamic one was trained on such attacks, the "
        f"static one on BIM alone ({counts['dynamic']} and {counts['static']} pictures). "
        f"eps {in_255ths(part.value.eps)}, {steps_of(part.value.steps, part.value.step_size)}."
    )


def full_knowledge(part: MeasuredPart[FullKnowledgeTable]) -> str:
    """Shares of pictures that fool the classifier, and both."""
    _table(
        part.value.rows,
        lambda row: {
            "Fools the classifier": _hundredths(row.fools_classifier),
            "Fools both": _hundredths(row.fools_both),
            "Mean L2": row.mean_l2,
            "Pictures": row.of,
        },
        shares=("Fools the classifier", "Fools both"),
        decimals={"Mean L2": 2},
        alt="How often attackers with full knowledge fool both networks.",
    )
    return (
        "Aware attackers, on pictures that were right and not flagged before. Both are fooled where the "
        "classifier is and the picture is not flagged at the calibrated threshold."
        + conditions.steps_of_dynamic(part.value.rows)
    )


def roc(part: MeasuredPart[RocTable]) -> str:
    """True against false positives."""
    rows = part.value.rows
    words = conditions.names()
    labels = [
        f"{words.get(row.detector, row.detector)} on {adversary_title(row.adversary, row.eps)}"
        for row in rows
    ]
    chosen = st.multiselect(
        "Curves",
        range(len(rows)),
        default=list(range(min(4, len(rows)))),
        format_func=lambda i: labels[i],
        key="roc_of",
        placeholder="Choose at least one",
    )
    if not chosen:
        st.info("Choose at least one curve.")
        return ""
    _chart(
        curves.roc_chart([rows[i] for i in chosen], [labels[i] for i in chosen]),
        "roc",
        "True against false positives of detectors.",
    )
    return "True against false positives over all thresholds; bands: 95 %."


def unseen(part: MeasuredPart[UnseenTable]) -> str:
    """Attacks that no detector was trained on."""
    _table(
        part.value.rows,
        lambda row: {
            "Detectability": row.floats["detectability"],
            "Found": _hundredths(row.at_threshold["true_positives"]),
            "False alarms": _hundredths(row.at_threshold["false_positives"]),
            "Area under ROC": row.floats["auc"],
            "Successful": row.floats["n_adversarial"],
        },
        shares=("Found", "False alarms"),
        decimals={"Detectability": 2, "Area under ROC": 3},
        alt="How well detectors find attacks that they were not trained on.",
    )
    return (
        "Attacks that the detector was not trained on. Found and false alarms are at its calibrated "
        "threshold, detectability at score 0.5."
    )


def _table(
    rows: Sequence[Row],
    cells: Callable[[Row], dict[str, Any]],
    *,
    shares: Iterable[str],
    decimals: Mapping[str, int],
    alt: str,
) -> None:
    """Detector and attack of each row, and its ``cells``; columns of ``shares`` are bars of percent."""
    words = conditions.names()
    st.dataframe(
        [
            {
                "Detector": words.get(row.detector, row.detector),
                "Attack": adversary_title(row.attack, row.eps),
            }
            | cells(row)
            for row in rows
        ],
        hide_index=True,
        column_config={
            **{name: st.column_config.ProgressColumn(**SHARE) for name in shares},
            **{n: st.column_config.NumberColumn(format=f"%.{d}f") for n, d in decimals.items()},
        },
        alt=alt,
    )


def _hundredths(share: float | None) -> float | None:
    return None if share is None else 100 * share


PARTS: dict[str, tuple[str, Callable[[MeasuredPart[Any]], str]]] = {
    "Accuracy and detectability": ("adversaries", adversaries),
    "Depth": ("depth", depth),
    "Eps": ("eps", eps),
    "Transfer": ("transfer", transfer),
    "One for many": ("several", several),
    "Static or dynamic": ("sigma", sigma),
    "Full knowledge": ("full_knowledge", full_knowledge),
    "ROC": ("roc", roc),
    "Unseen attacks": ("unseen", unseen),
}
"""The name of a tab, its part of the result, and what draws it and gives the words below it."""
