"""``python -m robust_core evaluate --suite defenses``: the table of the defences, part by part."""

import argparse
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core import files, processes
from robust_core.commands import options, output
from robust_core.commands.defense_table.text import tables_text
from robust_core.commands.evaluation import work
from robust_core.words.numbers import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from robust_core.evaluation.defense_table.bench import DefenseBench
    from robust_core.evaluation.defense_table.plan import DefensePlan, Subject


def configure(parser: argparse.ArgumentParser) -> None:
    """The options that only this kind of suite has."""
    group = parser.add_argument_group(
        "of --suite defenses, physical and natural",
        "Makes the rows that --out lacks: rows made under the same conditions are kept, and defences "
        "without trained weights are left out.",
    )
    options.add_part(
        group,
        "some of accuracy, curves, jpeg, distillation, auto, certified, masking, flags, cost; of "
        "physical destruction, rotation, signs; of natural cifar10, imagenette, digits",
    )
    group.add_argument(
        "--overwrite", action="store_true", help="also make again the rows that --out has"
    )
    group.add_argument(  # the former name, which scripts may still use
        "--anew", dest="overwrite", action="store_true", help=argparse.SUPPRESS
    )


def run(args: argparse.Namespace) -> None:
    """Make what is missing, writing after each subject, and print the table."""
    from robust_core.evaluation.defense_table.plan import PLANS
    from robust_core.paths import RESULTS

    plan = PLANS[args.suite]
    asked = options.parts_of(args.part, plan.parts)
    # Fewer pictures must not replace the committed result.
    out = args.out or (RESULTS / f"{args.suite}.json" if args.limit is None else None)
    out = out if processes.is_main() else None
    with output.alone_at(out):
        bench = _bench(args, plan)
        value = _head(args, bench)
        kept = processes.told(lambda: _kept(out, value))
        value["parts"] = {part: kept.get(part, _empty()) for part in plan.parts}
        every = [(part, one) for part in asked for one in plan.parts[part].subjects]

        def lacks(part: str, subject: "Subject") -> bool:
            stamp = value["parts"][part]["stamps"].get(subject.key)
            return args.overwrite or stamp != _stamp(part, subject, bench)

        def make() -> None:
            wanted = [pair for pair in _possible(every, bench) if lacks(*pair)]
            made = work.each(args, wanted, _name, lambda pair: _made(*pair, bench))
            for (part, subject), rows in made:
                _put(value["parts"][part], part, subject, rows)
                write(out, _tidy(value, plan))
            write(out, _tidy(value, plan))

        with output.stopping(lambda: _stopped(args, out)):
            trouble = output.trouble_with(make)
    value = _tidy(value, plan)
    text = tables_text(value, asked) + (f"\n\nWritten: {out}" if out and not trouble else "")
    output.emit(value, args.json, text, trouble)


def _stopped(args: argparse.Namespace, out: Path | None) -> str:
    if out is None:
        return "Stopped. Nothing is kept without --out."
    given = {"part": args.part, "limit": args.limit, "out": args.out}
    again = output.command_line("evaluate", suite=args.suite, **given)
    return f"Stopped. What is in {out} is kept. To go on: {again}"


def write(path: Path | None, value: dict) -> None:
    """Write the table as JSON, whole or not at all, one row a line; does nothing without a path."""
    if path is None:
        return
    bare = {name: {**part, "rows": f"@{name}"} for name, part in value["parts"].items()}
    text = files.json_text({**value, "parts": bare})
    for name, part in value["parts"].items():
        lines = ",\n".join("        " + files.json_text(row, indent=None) for row in part["rows"])
        text = text.replace(f'"rows": "@{name}"', f'"rows": [\n{lines}\n      ]')
    files.write_text(path, text + "\n")


def _bench(args: argparse.Namespace, plan: "DefensePlan") -> "DefenseBench":
    from robust_core import zoo
    from robust_core.data.datasets import load_test_set
    from robust_core.evaluation.defense_table.bench import DefenseBench

    model = zoo.load(plan.model, args.device)
    images, labels = load_test_set(plan.data, model, args.limit)
    return DefenseBench(args.suite, plan, model, images, labels, args.limit)


def _head(args: argparse.Namespace, bench: "DefenseBench") -> dict:
    """What all parts share."""
    return {
        "suite": args.suite,
        "command": f"python -m robust_core evaluate --suite {args.suite} --json",
        "model": bench.plan.model,
        "data": bench.plan.data,
        "limit": args.limit,
        "versions": output.versions(),
    }


def _empty() -> dict:
    return {"device": None, "stamps": {}, "rows": []}


def _kept(path: Path | None, head: dict) -> dict:
    """The parts of an earlier call. Raises ``ValueError`` for a damaged file or one from another suite."""
    from robust_core.evaluation.defense_table.results import to_row

    if path is None or not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        for name, part in found["parts"].items():
            dict(part["stamps"])
            [to_row(name, row) for row in part["rows"]]
        other = [key for key in ("suite", "model", "data", "limit") if found[key] != head[key]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged: delete it, or give another --out") from error
    if other:
        raise ValueError(
            f"{path} is from another {', '.join(other)}: delete it, or give another --out"
        )
    return found["parts"]


def _possible(
    wanted: "list[tuple[str, Subject]]", bench: "DefenseBench"
) -> "Iterator[tuple[str, Subject]]":
    """Those whose defence exists for the model; prints once why any other is left out."""
    named = set()
    for part, subject in wanted:
        reason = subject.refusal(bench.undefended.name)
        if not reason:
            yield part, subject
        elif subject.key not in named:
            named.add(subject.key)
            tqdm.write(f"{subject.key} is left out: {reason}.", file=sys.stderr)


def _name(pair: "tuple[str, Subject]") -> list[str]:
    part, subject = pair
    return [part, subject.key]


def _made(part: str, subject: "Subject", bench: "DefenseBench") -> dict:
    """The rows of a subject, with their conditions."""
    from robust_core.evaluation.defense_table.parts import MAKERS

    started = time.perf_counter()
    with _bar(bench):
        rows = [asdict(row) for row in MAKERS[part](bench, part, subject)]
    return {
        "stamp": _stamp(part, subject, bench),
        "device": str(bench.undefended.device),
        "seconds": time.perf_counter() - started,
        "rows": json.loads(files.json_text(rows)),
    }


def _put(table: dict, part: str, subject: "Subject", made: dict) -> None:
    """Put the rows of a subject into ``table``, in place of older ones."""
    others = [row for row in table["rows"] if row["subject"] != subject.key]
    table["rows"] = others + made["rows"]
    table["stamps"][subject.key] = made["stamp"]
    table["device"] = made["device"]
    tqdm.write(f"{part}, {subject.key}: {duration(made['seconds'])}", file=sys.stderr)


def _stamp(part: str, subject: "Subject", bench: "DefenseBench") -> str:
    """A digest of the conditions of a subject's rows: weights, parameters, pictures, attacks, budget.

    The code is not one of them: after a change to an attack, make its rows with ``--overwrite``.
    """
    from robust_core.evaluation.defense_table.rows import JUDGED

    plan = bench.plan.parts[part]
    tried = [
        [attempt.threat, attack.name, attack.parameters]
        for attempt in plan.of(subject)
        for attack in attempt.attacks()
    ]
    about = [bench.about(part, subject), tried, plan.options(subject)]
    if part in JUDGED and (draws := bench.draws(subject)):
        about.append({"fresh draws": draws})
    text = json.dumps(about, sort_keys=True, default=asdict)
    return sha256(text.encode()).hexdigest()[:16]


@contextmanager
def _bar(bench: "DefenseBench") -> "Iterator[None]":
    """A progress bar on stderr for the bench's own steps."""
    with output.pieces() as show:
        bench.progress = show
        yield


def _tidy(value: dict, plan: "DefensePlan") -> dict:
    """The table with parts and rows in the order of the plan, without parts that are empty."""
    parts = {}
    for name, part in plan.parts.items():
        order = [subject.key for subject in part.subjects]
        table = value["parts"][name]
        rows = [row for key in order for row in table["rows"] if row["subject"] == key]
        stamps = {key: table["stamps"][key] for key in order if key in table["stamps"]}
        if rows:
            parts[name] = {"device": table["device"], "stamps": stamps, "rows": rows}
    return {**value, "parts": parts}
