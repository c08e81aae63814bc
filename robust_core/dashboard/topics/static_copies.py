"""Static augmentation, measured: old adversarial pictures beside fresh ones, from committed tables."""

import streamlit as st

from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.plan import PLANS
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    CLEAN,
    UNAWARE,
    UNDEFENDED,
    AccuracyRow,
)
from robust_core.paths import RESULTS
from robust_core.words.numbers import in_255ths, share

SUBJECT = "static-augmentation"
KINDS = {
    (CLEAN, None): "clean",
    (UNAWARE, "pgd"): "old: made on the undefended model",
    (ADAPTIVE, "pgd"): "fresh: made on the model under test",
}
"""By threat and attack of a row of the table: what such pictures are called here."""
GAP = 0.1
"""The difference in accuracy from which the old and the fresh pictures count as different."""


def show_static_copies(model_name: str) -> None:
    """A table, a sentence and the conditions; nothing where the model has no such rows."""
    plans = [name for name, plan in PLANS.items() if plan.model == model_name]
    for name in plans:
        found = rows(results.report(RESULTS / f"{name}.json"))
        if found:
            st.markdown(table(model_name, found))
            st.markdown(sentence(found))
            st.caption(conditions(found))


def rows(report: Report) -> list[tuple[AccuracyRow, AccuracyRow]]:
    """Undefended and static rows, for each of ``KINDS``; empty unless all exist for the same pictures."""
    pairs = []
    for kind in KINDS:
        bare, own = report.accuracy(UNDEFENDED, *kind), report.accuracy(SUBJECT, *kind)
        if bare is None or own is None:
            return []
        pairs.append((bare, own))
    if pairs[1][1].made_on != report.model or len({row.n for pair in pairs for row in pair}) > 1:
        return []
    return pairs


def table(model_name: str, found: list[tuple[AccuracyRow, AccuracyRow]]) -> str:
    """The accuracy on each kind of picture, a line each, as Markdown."""
    lines = (
        f"| {what} | {share(bare.accuracy.value)} | {share(own.accuracy.value)} |"
        for what, (bare, own) in zip(KINDS.values(), found, strict=True)
    )
    head = f"| right on pictures that are | {model_name} | static augmentation |"
    return "\n".join((head, "|---|---|---|", *lines))


def sentence(found: list[tuple[AccuracyRow, AccuracyRow]]) -> str:
    """What the figures show; it may be that the two kinds do not differ."""
    (_, old), (bare, fresh) = found[1:]
    gain = 100 * (fresh.accuracy.value - bare.accuracy.value)
    told = f"Against fresh pictures the training gained {gain:+.1f} points"
    if old.accuracy.value - fresh.accuracy.value < GAP:
        return f"{told}; here accuracy on old and fresh pictures is nearly the same."
    return (
        f"{told}: **{share(old.accuracy.value)}** right on old pictures, "
        f"**{share(fresh.accuracy.value)}** once the attack is made on the new weights."
    )


def conditions(found: list[tuple[AccuracyRow, AccuracyRow]]) -> str:
    """Pictures, radius, steps and command of the rows."""
    row = found[-1][1]
    eps = "" if row.eps is None else f" eps {row.eps:.4g} ({in_255ths(row.eps)})"
    return (
        f"n = {row.n:,} test pictures; {row.attack}, {row.norm}{eps}, {row.steps} steps, "
        f"seed {row.seed}. Measured by: `{row.command}`"
    )
