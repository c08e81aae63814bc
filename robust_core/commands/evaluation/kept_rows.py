"""What suites in parts share: their file, which holds a row on a line, and the words of a stopped run."""

import argparse
import json
import sys
from pathlib import Path

from tqdm import tqdm

from robust_core import files
from robust_core.commands import output


def write(path: Path, value: dict) -> None:
    """``value["parts"][part][key]["rows"]`` with one row on a line; whole or not at all."""
    bare = json.loads(files.json_text(value))
    lines: list[str] = []
    for jobs in bare["parts"].values():
        for job in jobs.values():
            rows = ",\n".join(" " * 10 + files.json_text(row, indent=None) for row in job["rows"])
            job["rows"] = f"@{len(lines)}"
            lines.append(f"[\n{rows}\n        ]")
    text = files.json_text(bare)
    for number, rows in enumerate(lines):
        text = text.replace(f'"@{number}"', rows, 1)
    files.write_text(path, text + "\n")


def stopped(args: argparse.Namespace, out: Path | None) -> str:
    """What to say of a run that was stopped: what is kept, and how it goes on."""
    if out is None:
        return "Stopped. Nothing is kept without --out."
    again = output.command_line(
        "evaluate", suite=args.suite, part=args.part, limit=args.limit, out=args.out
    )
    return f"Stopped. The rows in {out} are kept. To go on: {again}"


def say(sentence: str) -> None:
    """Beside a bar, on stderr."""
    tqdm.write(sentence, file=sys.stderr)
