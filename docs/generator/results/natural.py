"""Natural changes of test pictures: accuracy of each network, mean over five strengths."""

from docs.generator.markdown import percent, table
from robust_core.evaluation.natural import plan, results
from robust_core.evaluation.natural.results import mean_accuracy
from robust_core.natural.changes import CHANGES


def tables() -> str:
    """A table for each data set that was measured; how to measure where there is nothing."""
    report = results.report()
    parts = [part for part in plan.PARTS if report.models(part)]
    if not parts:
        return f"Not measured yet: `{plan.COMMAND}`."
    return "\n\n".join([*(_one(report, part) for part in parts), f"Made by `{report.command}`."])


def _one(report: results.Report, part: str) -> str:
    found = {name: report.of(name) for name in report.models(part)}
    n = next(iter(next(iter(found.values())).values())).n
    intro = (
        f"**{part}**, {n} test pictures, evenly spread: accuracy, mean over five strengths of each change; "
        "in brackets the share of answers that the change leaves as they were."
    )
    rows: list[tuple[str, ...]] = [
        ("none", *(percent(_clean(rows), 1) or "" for rows in found.values()))
    ]
    for change in CHANGES:
        cells = (
            f"{percent(rows[change.name].mean, 1)} ({percent(rows[change.name].kept, 1)})"
            for rows in found.values()
        )
        most = f"{change.words(change.strengths[-1])} {change.axis}"
        rows.append((f"{change.title}, up to {most}", *cells))
    means = (percent(mean_accuracy(list(rows.values())), 1) or "" for rows in found.values())
    rows.append(("mean of all changes", *means))
    return f"{intro}\n\n{table({'change': 'l'} | dict.fromkeys(found, 'r'), rows)}"


def _clean(rows: dict) -> float:
    row = next(iter(rows.values()))
    return row.clean / row.n
