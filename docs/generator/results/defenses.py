"""What is left right behind each defence, by attacker, and what is certified."""

from docs.generator.markdown import percent, table
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import (
    ADAPTIVE,
    AUTO,
    CLEAN,
    NAIVE,
    UNAWARE,
    AccuracyRow,
)
from robust_core.paths import RESULTS
from robust_core.words.numbers import in_255ths

FILES = ("defenses", "defenses-imagenette", "defenses-digits")
COLUMNS = {
    "clean": (CLEAN, None),
    "FGSM, naive": (NAIVE, "fgsm"),
    "PGD-20, naive": (NAIVE, "pgd"),
    "PGD-20, unaware": (UNAWARE, "pgd"),
    "PGD-20, aware": (ADAPTIVE, "pgd"),
    "ensemble": (ADAPTIVE, "auto"),
}
RADII = (0, 0.25)


def tables() -> str:
    """One table for each model."""
    return "\n\n".join(one_model(results.report(RESULTS / f"{name}.json")) for name in FILES)


def one_model(report: results.Report) -> str:
    """One row for each defence."""
    clean, others = report.accuracy("none"), report.elsewhere()
    intro = (
        f"Defences of **{report.model}** on the first n pictures of the {report.data} test set: "
        f"accuracy under attack, Linf eps {report.eps:.4g} ({in_255ths(report.eps)}), 20 steps, seed "
        f"0; weights `{clean.weights[report.model][:12]}`. Naive: follows the gradient of the deployed "
        "defence, through its softmax. Unaware: makes its pictures on the undefended model"
        f"{', with the exceptions below' if others else ''}. Aware: knows the defence and attacks "
        f"through it (BPDA, EOT, logits / T). Ensemble: aware, four attacks ({_ensemble(report)}); n "
        "in brackets. Certified: right, with a certified L2 radius of at least that. "
        f"Made by `{report.command}`."
    )
    columns = [*COLUMNS, *(f"certified {radius:g}" for radius in RADII)]
    heads = {"defence": "l", "n": "r", **dict.fromkeys(columns, "r")}
    rows = (_row(report, *subject) for subject in report.subjects("accuracy").items())
    notes = " ".join(filter(None, [f"Unaware: {others}." if others else "", report.of_votes()]))
    return "\n\n".join(filter(None, [intro, table(heads, rows), notes]))


def _row(report: results.Report, subject: str, title: str) -> tuple:
    cells = [_cell(report.accuracy(subject, *who)) for who in COLUMNS.values()]
    promise = report.certified(subject)
    held = [promise and f"{percent(promise.at(r).value, 1)} ({promise.n})" for r in RADII]
    return (title, f"{report.accuracy(subject).n:,}", *cells, *held)


def _cell(row: AccuracyRow | None) -> str | None:
    if row is None:
        return None
    return percent(row.accuracy.value, 1) + (f" ({row.n})" if row.asked == AUTO else "")


def _ensemble(report: results.Report) -> str:
    """The budgets that it was run with; slow defences get the smaller one."""
    runs = (", ".join(row.effort) for row in report.rows(AUTO) if row.asked)
    return " or ".join(dict.fromkeys(runs))
