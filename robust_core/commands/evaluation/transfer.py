"""``evaluate --suite transfer``: what is made on one stored classifier, sent to the others; row by row."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from robust_core import files
from robust_core.commands import output
from robust_core.commands.defense_table.make import write
from robust_core.commands.evaluation import kept_rows, work
from robust_core.words.numbers import duration

if TYPE_CHECKING:
    from robust_core.evaluation.transfer.measure import Bench, LearntRow
    from robust_core.evaluation.transfer.plan import Crafting, Learning


def run(args: argparse.Namespace) -> None:
    """Make the rows that the file lacks, writing after each, and print the tables."""
    from robust_core.evaluation.transfer import plan, results
    from robust_core.evaluation.transfer.measure import Bench

    def make(value: dict[str, Any], asked: list[str], out: Path | None) -> None:
        with output.pieces(plan.NAME, "") as show:
            bench = Bench(args.device, args.limit, show)
            jobs = [job for part in asked for job in plan.jobs(part)]
            wanted = [job for job in jobs if args.overwrite or not _there(value, job, args.limit)]
            for job, row in work.each(args, wanted, _wanted, lambda job: _row(job, bench)):
                _put(value, job, row)
                write(out, value)

    def begun(out: Path | None) -> dict[str, Any]:
        return kept_rows.read_lists(out, args, results.COMMAND, plan.PARTS, results.to_row)

    kept_rows.run(args, plan.NAME, plan.PARTS, begun=begun, make=make, text_of=text_of)


def _about(row: dict[str, Any]) -> tuple:
    """What tells a row from the others of its part."""
    keys = ("source", "attack", "eps", "confidence", "model", "first", "final", "parameters")
    return tuple(json.dumps(row.get(key), sort_keys=True) for key in keys)


def _wanted(job: "Crafting | Learning") -> tuple:
    return _about({**asdict(job), "parameters": job.fixed})


def _there(value: dict[str, Any], job: "Crafting | Learning", limit: int | None) -> bool:
    """Whether there is such a row that was made with the bundled weights, and of as many pictures."""
    from robust_core.evaluation.transfer.measure import weights_of

    n = job.n if limit is None else min(job.n, limit)
    now, wanted = weights_of(job.models), _wanted(job)
    rows = value["parts"][job.part]["rows"]
    return any(_about(row) == wanted and row["weights"] == now and row["n"] == n for row in rows)


def _row(job: "Crafting | Learning", bench: "Bench") -> dict[str, Any]:
    begun = time.perf_counter()
    row = json.loads(files.json_text(asdict(bench.row(job))))
    return row | {"seconds": time.perf_counter() - begun}


def _put(value: dict[str, Any], job: "Crafting | Learning", row: dict[str, Any]) -> None:
    table = value["parts"][job.part]
    table["rows"] = [r for r in table["rows"] if _about(r) != _about(row)] + [row]
    who = row.get("source") or row.get("model")
    what = row.get("attack") or "substitute"
    tqdm.write(f"{job.part}: {what} on {who}, {duration(row['seconds'])}", sys.stderr)


def text_of(value: dict[str, Any], parts: list[str]) -> str:
    """A table for each matrix and for the substitutes."""
    from robust_core.evaluation.transfer import plan, results

    rows: dict[str, list] = {
        part: [results.to_row(part, row) for row in value["parts"][part]["rows"]] for part in parts
    }
    crafted = tuple(row for part in parts if part in plan.FAMILIES for row in rows[part])
    found = results.Report(crafted)
    shown = [_matrix(matrix) for data in found.families() for matrix in found.matrices(data)]
    shown += [_rounds(row) for row in rows.get(plan.SUBSTITUTE, [])]
    return "\n\n".join(shown) or "No rows yet."


def _matrix(matrix: Any) -> str:
    stem = _common(matrix.targets)
    heads = [
        "made on \\ sent to",
        *(name.removeprefix(stem) or "(plain)" for name in matrix.targets),
    ]
    lines = [[row.source, *(_percent(c.share) for c in row.targets)] for row in matrix.rows]
    clean = ["right, clean", *(_percent(c.right / matrix.n) for c in matrix.rows[0].targets)]
    about = f"{matrix.attack}, {matrix.setting}, first {matrix.n} test pictures of {matrix.data}"
    return f"{about}\n{output.table(heads, [*lines, clean])}"


def _common(names: list[str]) -> str:
    """The first name, where all others begin with it."""
    return names[0] if all(name.startswith(names[0]) for name in names) else ""


def _rounds(row: "LearntRow") -> str:
    from robust_core.evaluation.transfer.results import setting

    heads = ["round", "|S|", "labels asked", "agrees on S", "held-out"]
    heads += [f"transfer, {setting(eps, None)}" for eps in row.eps]
    lines = [
        [
            str(k),
            f"{s.size:,}",
            f"{s.queries:,}",
            _percent(s.agreement),
            _percent(s.agree / row.n),
            *(_percent(fooled / s.right if s.right else None) for fooled in s.fooled),
        ]
        for k, s in enumerate(row.stages)
    ]
    about = (
        f"substitute ({row.parameters['network']}) of {row.model}, {row.final}, {row.n} held-out"
    )
    return f"{about}\n{output.table(heads, lines)}"


def _percent(share: float | None) -> str:
    return "n/a" if share is None else f"{100 * share:.1f} %"
