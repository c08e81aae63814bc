"""``evaluate --suite verification``: proofs, attacks, and that they do not contradict, job by job."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from robust_core import files
from robust_core.commands import output
from robust_core.commands.evaluation import kept_rows, work
from robust_core.words.numbers import duration


def run(args: argparse.Namespace) -> None:
    """Make what is missing, writing after each job, and print the tables."""
    from robust_core.evaluation.verification import plan, results

    def begun(out: Path | None) -> dict:
        return kept_rows.read(out, args, results.COMMAND, lambda part, row: results.to_row(row))

    def make(value: dict, asked: list[str], out: Path | None) -> None:
        wanted = [job for job in plan.jobs() if job.part in asked and _lacks(value, job, args)]
        for job, made in work.each(args, wanted, asdict, lambda job: _made(job, args)):
            weights = made.pop("weights")
            value["parts"].setdefault(job.part, {})[job.key] = made
            value["weights"][job.model] = weights
            kept_rows.say(f"{job.key}: {duration(made['seconds'])}")
            _write(out, value)
        _write(out, value)

    kept_rows.run(args, plan.NAME, plan.PARTS, begun=begun, make=make, text_of=text_of)


def _lacks(value: dict, job, args: argparse.Namespace) -> bool:
    """Whether the rows of a job are to be made: False also where it has no model yet."""
    from robust_core import zoo

    if job.model not in zoo.names():
        kept_rows.say(f"{job.key} is left out: there is no {job.model} yet.")
        return False
    stamp = stamp_of(job, _weights(job, args), args.limit)
    kept = value["parts"].get(job.part, {}).get(job.key, {})
    return args.overwrite or kept.get("stamp") != stamp


def _weights(job, args: argparse.Namespace) -> str | None:
    from robust_core import zoo

    return zoo.load(job.model, args.device).provenance.details.get("sha256")


def _made(job, args: argparse.Namespace) -> dict:
    """The rows of a job, with their conditions."""
    from robust_core import zoo
    from robust_core.data.datasets import load_test_set
    from robust_core.evaluation.verification.measure import contradictions, rows_of

    model = zoo.load(job.model, args.device)
    weights = _weights(job, args)
    count = min(job.plan.pictures, args.limit or job.plan.pictures)
    images, labels = load_test_set(job.plan.data, model, count)
    begun = time.perf_counter()
    with output.bar(count, job.key, " pictures") as bar, output.only_ours():

        def show(done: int, total: int) -> None:
            bar.n = done
            bar.refresh()

        rows = rows_of(model, images, labels, job, show)
    return {
        "stamp": stamp_of(job, weights, args.limit),
        "model": job.model,
        "eps": job.eps,
        "seconds": time.perf_counter() - begun,
        "contradictions": contradictions(rows, job.plan.methods),
        "rows": json.loads(files.json_text([asdict(row) for row in rows])),
        "weights": weights,
    }


def stamp_of(job, weights: str | None, limit: int | None) -> str:
    """A digest of the conditions of a job: weights, plan, pictures. Not the code: see ``--overwrite``."""
    from robust_core.evaluation.verification import plan

    return kept_rows.digest([job.part, job.key, weights, limit, plan.conditions(job)])


def _write(path: Path | None, value: dict) -> None:
    """Whole or not at all, in the order of the plan, one row a line; nothing without a path."""
    from robust_core.evaluation.verification import plan

    order = [(job.part, job.key) for job in plan.jobs()]
    value["parts"] = {
        part: {key: value["parts"][part][key] for p, key in order if p == part and key in known}
        for part in plan.PARTS
        if (known := value["parts"].get(part))
    }
    if path is not None:
        kept_rows.write(path, value)


def text_of(value: dict, parts: list[str]) -> str:
    """A table for each part that has rows, and what contradicts."""
    from robust_core.evaluation.verification import plan
    from robust_core.evaluation.verification.measure import summary
    from robust_core.evaluation.verification.results import to_row

    told = []
    for part in parts:
        methods = plan.PLAN[part].methods
        lines = []
        wrong: list[str] = []
        for key, job in value["parts"].get(part, {}).items():
            found = summary([to_row(row) for row in job["rows"]], methods)
            counts = [found.n, found.right, *found.proved.values(), found.broken, found.unknown]
            lines.append(
                [
                    key,
                    *map(str, counts),
                    str(found.timed_out),
                    f"{found.unstable:.1f}",
                    f"{found.seconds:.2f}",
                ]
            )
            wrong += [f"{key}, {sentence}" for sentence in job["contradictions"]]
        if lines:
            heads = ["model, eps", "n", "right", *methods, "broken", "unknown", "timed out"]
            table = output.table([*heads, "unstable", "s/picture"], lines)
            told.append("\n".join([f"{part}: pictures proved by each method", table, *wrong]))
    return "\n\n".join(told) or "There are no rows yet."
