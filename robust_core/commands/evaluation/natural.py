"""``evaluate --suite natural``: natural changes of test pictures, row by row."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import files
from robust_core.commands import output
from robust_core.commands.defense_table.make import write
from robust_core.commands.evaluation import kept_rows, work
from robust_core.commands.evaluation.measured import load
from robust_core.commands.evaluation.physical import spread_out
from robust_core.words.numbers import duration, share

if TYPE_CHECKING:
    from robust_core.evaluation.natural.plan import Job


def run(args: argparse.Namespace) -> None:
    """Make the rows that the file lacks, writing after each, and print the tables."""
    from robust_core.evaluation.natural import plan, results

    def make(value: dict, asked: list[str], out: Path | None) -> None:
        jobs = [job for part in asked for job in plan.jobs(part)]
        wanted = [job for job in jobs if args.overwrite or not _there(value, job, args.limit)]
        for job, row in work.each(args, wanted, asdict, lambda job: _row(job, args)):
            table = value["parts"][job.data]
            table["rows"] = [r for r in table["rows"] if not _is_of(r, job)] + [row]
            kept_rows.say(f"{job.model}, {job.change}: {duration(row['seconds'])}")
            write(out, value)

    def begun(out: Path | None) -> dict:
        return kept_rows.read_lists(out, args, plan.COMMAND, plan.PARTS, results.to_row)

    kept_rows.run(args, plan.NAME, plan.PARTS, begun=begun, make=make, text_of=text_of)


def _is_of(row: dict, job: "Job") -> bool:
    return (row["model"], row["change"]) == (job.model, job.change)


def _there(value: dict, job: "Job", limit: int | None) -> bool:
    """Whether there is such a row, of as many pictures and strengths, made with the bundled weights."""
    from robust_core import zoo
    from robust_core.natural.changes import CHANGES

    conditions = {
        "n": min(job.n, limit or job.n),
        "weights": zoo.index()[job.model]["sha256"],
        "strengths": list(CHANGES.get(job.change).strengths),
    }
    rows = value["parts"][job.data]["rows"]
    return any(_is_of(row, job) and conditions.items() <= row.items() for row in rows)


def _row(job: "Job", args: argparse.Namespace) -> dict:
    from robust_core.data.datasets import load_test_set
    from robust_core.evaluation.natural.measure import measure

    model = load(job.model, args)
    count = min(job.n, args.limit or job.n)
    images, labels = spread_out(*load_test_set(job.data, model), count)
    begun = time.perf_counter()
    row = json.loads(files.json_text(asdict(measure(model, job.data, job.change, images, labels))))
    row |= {"weights": model.provenance.details.get("sha256"), "device": str(model.device)}
    return row | {"seconds": time.perf_counter() - begun}


def text_of(value: dict, parts: list[str]) -> str:
    """A table for each part that has rows: accuracy by strength, and the mean."""
    heads = ["model, change", "n", "clean", *"12345", "mean", "same answer"]
    shown = []
    for part in parts:
        lines = [_line(row) for row in value["parts"][part]["rows"]]
        if lines:
            shown.append(f"{part}: right, from mild to severe\n{output.table(heads, lines)}")
    return "\n\n".join(shown) or "No rows yet."


def _line(row: dict) -> list[str]:
    from robust_core.evaluation.natural.results import to_row

    found = to_row("", row)
    by_strength = [share(right / found.n) for right in found.right]
    return [
        f"{found.model} {found.change}",
        str(found.n),
        share(found.clean / found.n),
        *by_strength,
        share(found.mean),
        share(found.kept),
    ]
