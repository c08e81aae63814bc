"""``evaluate --suite physical``: photographs, turned pictures and road signs, job by job."""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import files
from robust_core.commands import output
from robust_core.commands.evaluation import kept_rows, work
from robust_core.commands.evaluation.measured import load
from robust_core.words.numbers import duration, exact_share

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.evaluation.physical.plan import Job


def run(args: argparse.Namespace) -> None:
    """Make what is missing, writing after each job, and print the tables."""
    from robust_core.evaluation.physical import plan, results

    def make(value: dict, asked: list[str], out: Path | None) -> None:
        bench = _Bench(args)
        jobs = [job for job in plan.jobs() if job.part in asked]
        for job in jobs:
            if not job.possible:
                kept_rows.say(f"{job.part}, {job.key} is left out: there is no {job.model} yet.")
        wanted = [job for job in jobs if job.possible and bench.lacks(value, job)]
        for job, made in work.each(args, wanted, lambda job: [job.part, job.key], bench.made):
            value["weights"][job.model] = made.pop("weights")
            value["parts"].setdefault(job.part, {})[job.key] = made
            kept_rows.say(f"{job.part}, {job.key}: {duration(made['seconds'])}")
            _write(out, value)
        _write(out, value)

    def begun(out: Path | None) -> dict:
        return kept_rows.read(out, args, results.COMMAND, results.to_row)

    kept_rows.run(args, plan.NAME, plan.PARTS, begun=begun, make=make, text_of=text_of)


class _Bench:
    """Models and their pictures, loaded when a job first asks for them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.models: dict[str, Classifier] = {}
        self.chosen: dict[tuple[str, int], tuple[Tensor, Tensor]] = {}

    def model(self, name: str) -> "Classifier":
        if name not in self.models:
            self.models[name] = load(name, self.args)
        return self.models[name]

    def pictures(self, job: "Job") -> "tuple[str, Tensor, Tensor]":
        """The data set's name, and as many of its test pictures as the part takes; none for signs."""
        import torch

        from robust_core import zoo
        from robust_core.data.datasets import load_test_set
        from robust_core.evaluation.physical import plan

        if job.part == plan.SIGNS:
            none = torch.empty(0, dtype=torch.float32, device="cpu")
            return "signs", none, none
        count = (plan.PICTURES if job.part == plan.DESTRUCTION else plan.TURNED)[job.model]
        if self.args.limit is not None:
            count = min(count, self.args.limit)
        data = zoo.describe(job.model).data
        assert data is not None
        if (data, count) not in self.chosen:
            whole = load_test_set(data, self.model(job.model))
            self.chosen[data, count] = spread_out(*whole, count)
        return data, *self.chosen[data, count]

    def weights(self, job: "Job") -> str | None:
        """The SHA-256 of its model's weights."""
        return self.model(job.model).provenance.details.get("sha256")

    def lacks(self, value: dict, job: "Job") -> bool:
        """Whether the rows of a job are to be made."""
        kept = value["parts"].get(job.part, {}).get(job.key, {})
        stamp = _stamp(job, self.weights(job), self.args.limit)
        return self.args.overwrite or kept.get("stamp") != stamp

    def made(self, job: "Job") -> dict:
        """The rows of a job, with their conditions."""
        from robust_core.evaluation.physical.measure import Subjects

        model = self.model(job.model)
        begun = time.perf_counter()
        with output.pieces() as progress:
            rows = job.make(Subjects(model, *self.pictures(job), progress))
        return {
            "stamp": _stamp(job, self.weights(job), self.args.limit),
            "device": str(model.device),
            "seconds": time.perf_counter() - begun,
            "rows": json.loads(files.json_text([asdict(row) for row in rows])),
            "weights": self.weights(job),
        }


def spread_out(images: "Tensor", labels: "Tensor", count: int) -> "tuple[Tensor, Tensor]":
    """``count`` pictures at equal distances: some test sets are sorted by class."""
    import torch

    n = min(count, len(labels))
    chosen = torch.arange(n, device="cpu") * len(labels) // n
    return images[chosen], labels[chosen]


def _stamp(job: "Job", weights: str | None, limit: int | None) -> str:
    """A digest of the conditions of a job: weights, plan, pictures. Not the code: see ``--overwrite``."""
    from robust_core.evaluation.physical import plan

    return kept_rows.digest([job.part, job.key, job.model, weights, limit, plan.conditions(job)])


def _write(path: Path | None, value: dict) -> None:
    """Whole or not at all, in the order of the plan, one row a line; nothing without a path."""
    from robust_core.evaluation.physical import plan

    order = {(job.part, job.key): i for i, job in enumerate(plan.jobs())}
    value["parts"] = {
        part: {
            key: value["parts"][part][key]
            for key in sorted(value["parts"][part], key=lambda key: order.get((part, key), 0))
            if (part, key) in order
        }
        for part in plan.PARTS
        if value["parts"].get(part)
    }
    if path is not None:
        kept_rows.write(path, value)


def text_of(value: dict, parts: list[str]) -> str:
    """A table for each part that has rows."""
    from robust_core.evaluation.physical import plan

    makers = {
        plan.DESTRUCTION: _destruction_text,
        plan.ROTATION: _rotation_text,
        plan.SIGNS: _signs_text,
    }
    shown = [
        makers[part]([row for job in value["parts"][part].values() for row in job["rows"]])
        for part in parts
        if value["parts"].get(part)
    ]
    return "\n\n".join(shown) or "There are no rows yet."


def _destruction_text(rows: list[dict]) -> str:
    heads = [
        "model, attack, eps, seen through",
        "d top-1",
        "d top-5",
        "of",
        "photos right",
        "clean",
    ]
    lines = [
        [
            f"{row['model']} {row['attack']} {round(255 * row['eps'])}/255 {row['transformation']}",
            _or_none(row["top1"]["rate"]),
            _or_none(row["top5"]["rate"]),
            str(row["top1"]["counted"]),
            exact_share(row["top1"]["adversarial"]),
            exact_share(row["top1"]["clean"]),
        ]
        for row in rows
    ]
    return "Destruction rate d (simulated photographs)\n" + output.table(heads, lines)


def _rotation_text(rows: list[dict]) -> str:
    heads = ["model, attack", "angle", "taken for the target", "for the label"]
    lines = [
        [
            f"{row['model']} {row['attack']}",
            "random" if row["angle"] is None else str(row["angle"]),
            exact_share(row["target"]),
            exact_share(row["label"]),
        ]
        for row in rows
    ]
    return "Turned pictures\n" + output.table(heads, lines)


def _signs_text(rows: list[dict]) -> str:
    heads = ["poster", "feet", "degrees", "clean right", "fooled", "printed", "random"]
    lines = [
        [row["poster"], f"{row['distance']:g}", f"{row['angle']:g}"]
        + [str(row[key]) for key in ("right", "fooled", "printed", "random")]
        for row in rows
    ]
    return "Road signs (simulated)\n" + output.table(heads, lines)


def _or_none(share: float | None) -> str:
    return "n/a" if share is None else exact_share(share)
