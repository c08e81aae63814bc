"""Where a rejected picture goes, on the page Detectors: to a person, or to a second model."""

from dataclasses import dataclass

import streamlit as st

from robust_core.dashboard.choices import choose_in_list
from robust_core.dashboard.detectors import curves
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import RejectTable
from robust_core.evaluation.detector_tables.second import SECONDS, missing, second
from robust_core.words import citations

NOBODY = "nobody"


@dataclass(frozen=True)
class RejectionWords:
    """Labels of the section: ``ends`` of the thresholds, ``lines`` of the chart, and figures."""

    ends: tuple[str, str]
    lines: tuple[str, str]
    harm: str
    robust_accuracy: str
    coverage: str
    clean_accuracy: str


REJECTED = RejectionWords(
    ends=("reject all", "reject nothing"),
    lines=curves.REJECTION,
    harm="Accepted and wrong, of the adversarial pictures.",
    robust_accuracy="Right or rejected, of the adversarial pictures.",
    coverage="Accepted, of all pictures.",
    clean_accuracy="Accepted and right, of the clean pictures.",
)
PASSED_ON = RejectionWords(
    ends=("second model alone", "first model alone"),
    lines=("harm: answered wrong, of adversarial", "coverage: by the first model, of all"),
    harm="Answered wrong by either model, of the adversarial pictures.",
    robust_accuracy="Answered right by either model, of the adversarial pictures.",
    coverage="Answered by the first model, of all pictures.",
    clean_accuracy="Answered right by either model, of the clean pictures.",
)


def words(second: str | None) -> RejectionWords:
    """The labels with a second model, or without one."""
    return REJECTED if second is None else PASSED_ON


def choose_second(place, part: MeasuredPart[RejectTable]) -> str | None:
    """The control; the name of the second model, None where nobody or a person gets the picture."""
    lacking = missing(part.value.second, part.model)
    there = [NOBODY, *(name for name in SECONDS if name not in lacking)]
    chosen = choose_in_list(
        "A rejected picture goes to",
        there,
        "reject_to",
        NOBODY,
        shown=_title,
        called="Receiver of rejected pictures",
        control=place.selectbox,
    )
    if lacking:
        reasons = "; ".join(lacking.values())
        st.caption(
            f"Second models that are not here: {reasons}. They are measured by: `{part.command}`"
        )
    return None if chosen == NOBODY else chosen


def show_note(part: MeasuredPart[RejectTable], name: str) -> None:
    """What the second model is, what breaks it, and what these figures leave out."""
    defense = second(name)
    known = part.value.second[name]
    fields = ", ".join(
        f"{field} {value}" for field, value in known.parameters.items() if field in SECONDS[name][1]
    )
    st.markdown(
        "**A fully aware attacker attacks the detector and both models at once. That was not "
        "measured here:** the static pictures are made on the first model, the adaptive ones on the "
        "first model and the detector, none on the second model. Against an attacker aware of all three, "
        "expect more harm."
    )
    st.caption(
        f"Second model: {defense.title}{f' ({fields})' * bool(fields)}, weights of "
        f"{known.weights}. {defense.summary} What breaks it: {defense.broken_by} "
        f"{citations.markdown(defense.breaker)}"
    )


def _title(name: str) -> str:
    if name == NOBODY:
        return "nobody, or a person"
    return f"second model, {SECONDS[name][0]}: {second(name).title}"
