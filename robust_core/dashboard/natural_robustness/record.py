"""The medical record of deck 001, quoted, with its two misspelt words, and what our classifier says."""

import streamlit as st

from robust_core.natural import bundle
from robust_core.natural.reports import edits, ngrams
from robust_core.natural.reports.sentences import CLASSES
from robust_core.words.numbers import percent, share

ORIGINAL = (
    "There is extremely dense fibrous tissue in the upper outer quadrants of both breasts. This lowers the "
    "sensitivity of mammography. B.B. was placed in the region of palpable abnormality and demonstrates "
    "dense breast tissue in this region. An occasional benign-appearing calcification is present in both "
    "breasts."
)
SPELT = (("breast tissue", "breast tisue"), ("calcification", "calcifcaton"))
"""The words of the record, and the deck's misspellings of them."""
CSS = """<style>
.report { border: 1px solid #8C8C8C; border-radius: 8px; padding: 0.6rem 0.8rem; line-height: 1.6; }
.report b { border-bottom: 3px dashed #D55E00; font-weight: 600; }
</style>"""
THEIRS = ("Positive", "Negative")
"""What the deck's classifier says of the one and the other."""


def misspelt() -> str:
    """The record with the deck's two misspelt words."""
    text = ORIGINAL
    for right, wrong in SPELT:
        text = text.replace(right, wrong)
    return text


def show() -> None:
    """Both forms side by side, as quoted, and what ours says."""
    st.markdown("## The deck's record, quoted")
    for place, text, head, said in zip(
        st.columns(2, gap="medium"),
        (ORIGINAL, _marked()),
        ("Original Medical Record", "Record with Two Mis-spelled Words"),
        THEIRS,
        strict=True,
    ):
        with place:
            st.markdown(f"**{head}**")
            st.html(f"{CSS}<div class=report>{text}</div>")
            st.markdown(f"Analysis result, in the deck: **{said}**")
    other, reader = misspelt(), bundle.reader()
    ours = " and ".join(
        f"{CLASSES[int(p > 0.5)]} ({percent(max(p, 1 - p))})"
        for p in (reader.probability(ORIGINAL), reader.probability(other))
    )
    st.caption(
        f"Deck 001, whose classifier is not named. {edits.distance(ORIGINAL, other)} letters differ: a "
        f"similarity of {share(edits.similarity(ORIGINAL, other))} by letters, "
        f"{share(ngrams.cosine(ORIGINAL, other))} by n-grams. Our own classifier, which never saw such a "
        f"record, says {ours}: other networks flip on other words."
    )


def _marked() -> str:
    text = misspelt()
    for _, wrong in SPELT:
        word = wrong.split()[-1]
        text = text.replace(word, f"<b>{word}</b>")
    return text
