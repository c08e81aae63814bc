"""The part "A text": a report that the visitor edits, misspelt within a budget, and the deck's record."""

from html import escape

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import lab
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.components.status import status as show_status
from robust_core.dashboard.natural_robustness import record
from robust_core.engine import key_of
from robust_core.experiment.misspelt import Misspelt, misspell
from robust_core.natural import bundle
from robust_core.natural.reports.sentences import CLASSES
from robust_core.words.numbers import percent, share

LONGEST = 1500
MOST = 8
REPORTS = {
    "A mass": (
        "There is dense fibrous tissue in the upper outer quadrant. There is a spiculated mass in the left "
        "breast. Note is made of a simple cyst behind the nipple."
    ),
    "Calcifications": (
        "This lowers the sensitivity of mammography. A suspicious cluster of calcifications is present in "
        "the region of palpable abnormality."
    ),
    "A harmless finding": (
        "Two views of each breast were obtained. The examination demonstrates a stable fibroadenoma in the "
        "right breast. There is no evidence of an architectural distortion."
    ),
    "The deck's record": record.ORIGINAL,
}


def draw(essentials: DeltaGenerator, right: DeltaGenerator, status: DeltaGenerator) -> None:
    """Controls on the left; the text, its misspelt form and the steps on the right; the deck's record."""
    with essentials:
        name = choose_in_list("Report", list(REPORTS), "report", "A mass")
        budget = choose_number("Misspelt words at most", 0, MOST, "misspelt_words", 4)
        st.caption(
            "One letter in each: dropped, doubled, swapped with the next, or the key beside it."
        )
    with right:
        place = st.container()
        left, other = st.columns(2, gap="medium")
        with left:
            st.markdown("**The report**: edit it")
            key = f"report_text_{name}"
            st.session_state.setdefault(key, REPORTS[name])
            written = st.text_area(
                "The report",
                key=key,
                height=190,
                max_chars=LONGEST,
                label_visibility="collapsed",
                persist_state="session",
            )
        written = " ".join((written or "").split())
        with status:
            found = lab.compute(
                key_of(owner=lab.session(), report=written, budget=budget),
                lambda progress: misspell(bundle.reader(), written, budget),
                channel="report",
                doing="Misspelling",
            )
        if found is not None:
            place.markdown(f"## {headline(found)}")
            with other:
                st.markdown("**The same, misspelt**")
                st.html(f"{record.CSS}<div class=report>{marked(found)}</div>")
                _show_steps(found)
        _say_of_whom()
        record.show()
        show_status("001-04")


def headline(found: Misspelt) -> str:
    """What it takes to have the other class said."""
    said = CLASSES[found.label]
    n = len(found.steps)
    words = f"{n} misspelt word{'' if n == 1 else 's'}"
    if found.flipped:
        return f"{words} turn{'s' if n == 1 else ''} {said} into {CLASSES[1 - found.label]}."
    return f"{said}, and still {said} after {words}." if n else f"{said}, nothing misspelt."


def sure(probability: float, label: int) -> str:
    """How sure it is of a class: ``Positive 94 %``; of the likelier one, whatever ``label`` is."""
    said = int(probability > 0.5)
    more = probability if said else 1 - probability
    return f"{'' if said == label else '✗ '}{CLASSES[said]} {percent(more)}"


def marked(found: Misspelt) -> str:
    """The text at the end as HTML, with the misspelt words marked."""
    before, after = found.text.split(" "), found.result.split(" ")
    return " ".join(
        escape(new) if new == old else f"<b>{escape(new)}</b>"
        for old, new in zip(before, after, strict=True)
    )


def _show_steps(found: Misspelt) -> None:
    rows = [("as written", sure(found.probability, found.label))]
    rows += [
        (f"{step.before} → {step.after}", sure(probability, found.label))
        for step, probability in zip(found.steps, found.after, strict=True)
    ]
    st.dataframe(
        {"Edit": [edit for edit, _ in rows], "It says": [said for _, said in rows]},
        hide_index=True,
        width=460,
    )
    st.markdown(
        f"How alike the two texts are: **{share(found.similarity)}** by letters (1 minus edits over "
        f"length), **{share(found.cosine)}** by the cosine of their n-grams."
    )


def _say_of_whom() -> None:
    entry = bundle.entry_of(bundle.REPORTS)
    st.caption(
        f"Ours: logistic regression of character 2- to 4-grams, trained on {entry['n_train']:,} reports "
        f"put together from templates, not from patients; right on {entry['right']:,} of "
        f"{entry['n_held_out']:,} held-out ones **from the same templates**, which says little about other "
        f"reports. Greedy: the misspelling that costs the class most, a word at a time. "
        f"Made by: `{entry['command']}`."
    )
