"""What suites in parts share: their file, which holds a row on a line, and the words of a stopped run."""

import argparse
import json
import sys
from collections.abc import Callable, Collection
from hashlib import sha256
from pathlib import Path
from typing import Any

from tqdm import tqdm

from robust_core import files, processes
from robust_core.commands import options, output
from robust_core.commands.evaluation.suite import check_alone


def digest(conditions: list) -> str:
    """Of what a job depends on. Not the code: see ``--overwrite``."""
    return sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()[:16]


def run(
    args: argparse.Namespace,
    name: str,
    parts: Collection[str],
    *,
    begun: Callable[[Path | None], dict],
    make: Callable[[dict, list[str], Path | None], None],
    text_of: Callable[[dict, list[str]], str],
) -> None:
    """Make the rows that the file of suite ``name`` lacks, and print its tables.

    ``begun`` reads what is there already, ``make`` adds the rows of the asked parts to it, writing after
    each: of many processes the main one alone has a path. ``text_of`` are the tables of the asked parts.
    """
    from robust_core.paths import RESULTS

    check_alone(args, ("seed", "batch"))
    asked = options.parts_of(args.part, parts)
    # Fewer pictures must not replace the committed result.
    out = args.out or (RESULTS / f"{name}.json" if args.limit is None else None)
    out = out if processes.is_main() else None
    with output.alone_at(out):
        value = processes.told(lambda: begun(out))
        with output.stopping(lambda: stopped(args, out)):
            trouble = output.trouble_with(lambda: make(value, asked, out))
    text = text_of(value, asked) + (f"\n\nWritten: {out}" if out and not trouble else "")
    output.emit(value, args.json, text, trouble)


def read(
    path: Path | None,
    args: argparse.Namespace,
    command: str,
    check: Callable[[str, dict], object],
) -> dict:
    """What an earlier call of ``command`` made, or a new table.

    ``check`` is called with each part and row, and raises for what is no row. Raises ``ValueError`` for a
    damaged file, or one of another suite or limit.
    """
    head = {"suite": args.suite, "command": command, "limit": args.limit}
    fresh = {**head, "versions": output.versions(), "weights": {}, "parts": {}}
    if path is None or not path.exists():
        return fresh
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for part, jobs in found["parts"].items():
            for job in jobs.values():
                for row in job["rows"]:
                    check(part, row)
        other = [key for key in ("suite", "limit") if found[key] != head[key]]
        weights = dict(found["weights"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: delete it, or give another --out") from error
    if other:
        raise ValueError(
            f"{path} is from another {', '.join(other)}: delete it, or give another --out"
        )
    return {**fresh, "weights": weights, "parts": found["parts"]}


def read_lists(
    path: Path | None,
    args: argparse.Namespace,
    command: str,
    parts: Collection[str],
    check: Callable[[str, dict], object] = lambda part, row: None,
) -> dict[str, Any]:
    """As ``read``, of a file whose ``parts`` are lists of rows without jobs."""
    head = {"suite": args.suite, "command": command, "limit": args.limit}
    kept: dict[str, list[dict]] = {}
    if path is not None and path.exists():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            kept = {part: list(table["rows"]) for part, table in found["parts"].items()}
            [check(part, row) for part in parts for row in kept.get(part, [])]
            same = all(found[key] == head[key] for key in ("suite", "limit"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is damaged: delete it, or give another --out") from error
        if not same:
            raise ValueError(
                f"{path} is from another suite or limit: delete it, or give another --out"
            )
    tables = {part: {"rows": kept.get(part, [])} for part in parts}
    return {**head, "versions": output.versions(), "parts": tables}


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
