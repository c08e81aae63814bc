"""The robustness report as one table: what each defence leaves of accuracy, and what it costs."""

import streamlit as st

from robust_core.dashboard.robustness_report import trade_off_charts
from robust_core.dashboard.robustness_report.promised_charts import RADIUS
from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import ADAPTIVE, NAIVE, UNAWARE, AccuracyRow

CERTIFIED = f"certified {RADIUS:g}"
COLUMNS: dict[str, tuple[str, str | None, str]] = {
    "clean": ("clean", None, "No attack."),
    "FGSM, naive": (NAIVE, "fgsm", "One step through the softmax of the deployed model as it is."),
    "PGD, naive": (NAIVE, "pgd", "20 steps through the softmax of the deployed model as it is."),
    "PGD, unaware": (
        UNAWARE,
        "pgd",
        "20 steps by an unaware attacker, on the undefended model, with the exceptions named below the "
        "table.",
    ),
    "PGD, adaptive": (ADAPTIVE, "pgd", "20 steps by an aware attacker."),
    "ensemble": (
        ADAPTIVE,
        "auto",
        "Four attacks in turn by an aware attacker, on fewer pictures; fewer steps and queries for "
        "defences that vote or filter slowly (hover in Clean against robust).",
    ),
}
"""Head of a column: who attacks, with what, and what it says on hover."""


def show_table(report: Report) -> None:
    """All at one radius in Linf; certified accuracy in L2; milliseconds of one prediction."""
    titles = report.subjects("accuracy")
    st.dataframe(
        [_line(report, subject, title) for subject, title in titles.items()],
        hide_index=True,
        placeholder="",
        height=38 + 35 * len(titles),
        column_config={
            head: st.column_config.NumberColumn(head, help=words, format="%.1f %%")
            for head, (_, _, words) in COLUMNS.items()
        }
        | {
            CERTIFIED: st.column_config.NumberColumn(
                help=f"Right and certified to an L2 radius of {RADIUS:g}.", format="%.1f %%"
            ),
            "ms": st.column_config.NumberColumn(
                help="One prediction of one picture alone, the median of several.", format="%.2f"
            ),
            "flags": st.column_config.TextColumn(
                help="Why robust accuracy may be too high: see Masking checklist."
            ),
            "n": st.column_config.TextColumn(help="Pictures; and those of the ensemble."),
        },
    )
    others = report.elsewhere()
    st.caption(" ".join(filter(None, [others and f"PGD, unaware: {others}.", report.of_votes()])))
    first = next(iter(report.rows("accuracy")))
    st.caption(
        f"Linf {report.eps:.4g}; {report.model} on the {report.data} test set, the first n "
        f"pictures. The whole report is made by: `{report.command}`; this part by `{first.command}`."
    )


def _line(report: Report, subject: str, title: str) -> dict:
    cells = {
        head: report.accuracy(subject, who, attack) for head, (who, attack, _) in COLUMNS.items()
    }
    promise = report.certified(subject)
    cost = report.cost(subject)
    clean, auto = cells["clean"], cells["ensemble"]
    return {
        "defence": title,
        "kind": clean and trade_off_charts.kind_of(clean),
        **{head: _percent(row) for head, row in cells.items()},
        CERTIFIED: promise and 100 * promise.at(RADIUS).value,
        "ms": cost and cost.milliseconds_alone,
        "flags": _raised(report, subject),
        "n": "; ".join(str(row.n) for row in (clean, auto) if row),
    }


def _raised(report: Report, subject: str) -> str | None:
    """The names of the flags that a defence raises; None where they were not looked for."""
    found = report.flags(subject)
    return None if found is None else ", ".join(flag.name for flag in found.raised) or "none"


def _percent(row: AccuracyRow | None) -> float | None:
    return None if row is None else 100 * row.accuracy.value
