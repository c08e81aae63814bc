"""``evaluate --suite deck-002``: the experiment of deck 002 on a photograph classifier."""

import argparse
import time
from pathlib import Path

from robust_core.commands import output
from robust_core.commands.evaluation import work
from robust_core.commands.evaluation.measured import conditions, load
from robust_core.commands.evaluation.suite import check_alone
from robust_core.words.numbers import duration


def run(args: argparse.Namespace) -> tuple[dict, str, Path | None]:
    """The figures, their text, and the path to write them to."""
    from robust_core import zoo
    from robust_core.devices import threads_for
    from robust_core.evaluation.accuracy import default_batch
    from robust_core.evaluation.deck_002 import measure, protocol, results, sample

    check_alone(args, ("seed", "batch"), free=("model", "weights", "data"))
    name = args.model or protocol.MODEL
    foreign = zoo.IMAGENET.get(name)
    data = args.data or (foreign.kept if foreign else zoo.describe(name).data)
    if data is None:
        raise ValueError(f"{name} needs --data: a folder with pictures of ImageNet's classes")
    model = load(name, args)
    found = sample.choose(model, sample.source(data, model), args.limit or protocol.PICTURES)
    n = len(found.labels)
    threads_for(found.images[: default_batch(found.images)].numel())
    begun = time.perf_counter()
    with output.bar(n * measure.runs(), protocol.NAME, " pictures") as bar:
        make = work.passes(args, model, found.images, found.labels, protocol.NAME)
        counted = measure.measure(model, found, bar.update, make)
    value = {
        "suite": protocol.NAME,
        "model": name,
        "data": found.data,
        "command": results.command(name, found.data, args.weights and args.weights.name),
        "limit": args.limit,
        "n": n,
        "asked": found.asked,
        "pictures": {str(label): names for label, names in found.pictures.items()},
        **counted,
        "weights": model.provenance.source,
        "seconds": time.perf_counter() - begun,
        **conditions(model),
    }
    # Fewer pictures must not replace the committed result.
    default = results.file_of(name) if args.limit is None else None
    return value, text_of(value), args.out or default


def text_of(value: dict) -> str:
    """A table of what is left right, besides the targeted attacks."""
    n = value["n"]
    heads = ["eps in", "eps", "attack", "steps", "step size", "top-1", "top-5"]
    lines = [
        [
            row["space"],
            f"{row['eps']:g}",
            row["attack"],
            str(row["steps"]),
            row["step"],
            f"{100 * row['top1'] / n:.1f} %",
            f"{100 * row['top5'] / n:.1f} %",
        ]
        for row in value["rows"]
    ]
    carlini = value["carlini"]
    return "\n".join(
        [
            f"{value['model']}, {n} pictures of {value['data']} that it gets right, of "
            f"{value['asked']} that it was asked about; {value['device']}, {duration(value['seconds'])}",
            output.table(heads, lines),
            f"cw-l2 towards a random class: {carlini['target1']} of {n} reach it, "
            f"{carlini['top5']} keep the label among five",
        ]
    )
