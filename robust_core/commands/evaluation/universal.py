"""``evaluate --suite universal``: perturbations and patches on pictures that they were not fitted to."""

import argparse
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from robust_core.commands import output
from robust_core.commands.defense_table.make import write
from robust_core.commands.evaluation import kept_rows, work
from robust_core.words.numbers import duration

if TYPE_CHECKING:
    from robust_core.evaluation.universal.suite import Question


FITS = Path("runs", "universal")
"""What was fitted is kept here, so that a stopped suite goes on where it was."""


def run(args: argparse.Namespace) -> None:
    """Make the rows that the file lacks, writing after each, and print the tables."""
    from robust_core.evaluation.universal import suite

    def make(value: dict[str, Any], asked: list[str], out: Path | None) -> None:
        with output.pieces(suite.NAME, "") as show:
            fits = None if args.overwrite else FITS
            bench = suite.Bench(args.device, args.limit, show, fits)
            questions = [question for part in asked for question in suite.PARTS[part]()]
            wanted = [q for q in questions if _lacks(value, q, args.overwrite)]
            for question, row in work.each(args, wanted, asdict, lambda q: _row(q, bench)):
                _put(value, question, row)
                write(out, value)

    def begun(out: Path | None) -> dict[str, Any]:
        command = f"python -m robust_core evaluate --suite {suite.NAME}"
        return kept_rows.read_lists(out, args, command, suite.PARTS)

    kept_rows.run(args, suite.NAME, suite.PARTS, begun=begun, make=make, text_of=text_of)


def _same(row: dict[str, Any], question: "Question") -> bool:
    return all(row.get(key) == value for key, value in question.identity.items())


def _lacks(value: dict[str, Any], question: "Question", overwrite: bool) -> bool:
    """Whether there is no such row yet that was made from the bundled files."""
    used = question.weights()
    rows = value["parts"][question.part]["rows"]
    there = any(_same(row, question) and row.get("weights") == used for row in rows)
    return overwrite or not there


def _row(question: "Question", bench: Any) -> dict[str, Any]:
    begun = time.perf_counter()
    return bench.answer(question) | {"seconds": time.perf_counter() - begun}


def _put(value: dict[str, Any], question: "Question", row: dict[str, Any]) -> None:
    table = value["parts"][question.part]
    table["rows"] = [r for r in table["rows"] if not _same(r, question)] + [row]
    tqdm.write(
        f"{question.part}: {question.attack} on {question.asked}, {duration(row['seconds'])}",
        sys.stderr,
    )


def text_of(value: dict[str, Any], asked: list[str]) -> str:
    """A table for each part that has rows, also for those that were not ``asked`` for."""
    found = []
    for part, table in value["parts"].items():
        if table["rows"]:
            heads = [
                "what",
                "asked",
                "eps",
                "seed",
                "fitted to",
                "pictures",
                "reached",
                "most go to",
            ]
            found.append(f"{part}\n{output.table(heads, [_line(row) for row in table['rows']])}")
    return "\n\n".join(found) or "No rows yet."


def _line(row: dict[str, Any]) -> list[str]:
    what = row["attack"] if row["what"] == "fitted" else f"{row['attack']} ({row['what']})"
    most = ", ".join(str(label) for label, _ in row.get("dominant", [])[:2])
    eps = "" if row["eps"] is None else f"{255 * row['eps']:g}/255"
    return [
        what,
        row["model"],
        eps,
        str(row["seed"]),
        str(row["n_fit"]),
        f"{row['n']:,}",
        f"{100 * row['rate']:.1f} %",
        most or str(row["target"]),
    ]
