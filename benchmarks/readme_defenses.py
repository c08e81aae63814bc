"""The table of the defences for the README's section "Figures"."""

from robust_core.evaluation.defense_table.results import Report
from robust_core.evaluation.defense_table.rows import ADAPTIVE, AUTO, CLEAN, NAIVE, UNAWARE, Row
from robust_core.words.verdict import in_255ths

COLUMNS = {
    "clean": (CLEAN, None),
    "FGSM, naive": (NAIVE, "fgsm"),
    "PGD-20, naive": (NAIVE, "pgd"),
    "PGD-20, unaware": (UNAWARE, "pgd"),
    "PGD-20, adaptive": (ADAPTIVE, "pgd"),
    "ensemble": (ADAPTIVE, "auto"),
}
RADII = (0, 0.25)


def defence_table(report: Report) -> str:
    """One row for each defence: what each attacker leaves right, and what is certified."""
    clean = report.accuracy("none")
    heads = ["defence", "n", *COLUMNS, *(f"certified {radius:g}" for radius in RADII)]
    lines = [
        f"Defences of **{report.model}** on the first n pictures of the {report.data} test set: right "
        f"under attacks of Linf {report.eps:.4g} ({in_255ths(report.eps)}), 20 steps, seed 0; weights "
        f"`{clean.weights[report.model][:12]}`. Naive: through the softmax of what is deployed. Unaware: "
        "pictures made without knowing of the defence, on the undefended model"
        f"{' but for what stands below' if report.elsewhere() else ''}. "
        "Adaptive: knowing it (BPDA, EOT, logits / T). "
        f"Ensemble: four attacks ({_ensemble(report)}); n in brackets. Certified: right, to an L2 radius "
        f"of that. Made by `{report.command}`.",
        "",
        f"| {' | '.join(heads)} |",
        f"|---|{'--:|' * (len(heads) - 1)}",
    ]
    for subject, title in report.subjects("accuracy").items():
        cells = [_cell(report.accuracy(subject, *who)) for who in COLUMNS.values()]
        promise = report.certified(subject)
        held = [f"{promise.at(r).value:.1%} ({promise.n})" if promise else "" for r in RADII]
        n = report.accuracy(subject).n
        lines.append(f"| {title} | {n:,} | {' | '.join([*cells, *held])} |".replace("%", " %"))
    others = report.elsewhere()
    notes = [f"Unaware: {others}." if others else "", report.of_votes()]
    return "\n".join([*lines, "", " ".join(filter(None, notes))]).rstrip()


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    return f"{row.accuracy.value:.1%}" + (f" ({row.n})" if row.asked == AUTO else "")


def _ensemble(report: Report) -> str:
    """The budgets that it was run with; dear defences get the smaller one."""
    runs = [row.circumstances.split(", ") for row in report.rows(AUTO) if row.asked]
    return " or ".join(dict.fromkeys(", ".join(words[4:-1]) for words in runs))
