"""``python -m robust_core train squeezing``: feature squeezing, whose threshold is all it needs."""

import argparse
import shlex
from pathlib import Path

from robust_core.commands import output
from robust_core.commands.training import detector_data

RECIPE = "squeezing"
MODEL = "cifar10-resnet32"


def run(args: argparse.Namespace) -> None:
    """Calibrate and measure; what was crafted is kept for the next call."""
    from robust_core import zoo
    from robust_core.detectors.squeezers import preset
    from robust_core.training.detectors import squeezing as training
    from robust_core.zoo.weights import fingerprint

    name = args.model or MODEL
    record, classifier = detector_data.record_of(name), zoo.load(name, args.device)
    squeezers = tuple(squeezer.name for squeezer in preset(record.shape))
    recipe = training.SqueezingRecipe(name, fingerprint(classifier), squeezers)
    limit = args.limit or detector_data.PICTURES
    test, aside = detector_data.halves(
        record.stored("test", args.data), args.test_limit or limit, limit
    )
    folder = args.folder or Path("runs", training.name(recipe))
    try:
        entry = training.export_squeezing(
            *(classifier, recipe, list(detector_data.opponents(record).values()), test, aside),
            folder=folder,
            cache=args.cache or Path("runs", "cache"),
            command=command(args),
            data=record.full_title,
        )
    except KeyboardInterrupt:
        raise output.Stopped(
            "Stopped. What was crafted is kept: run the same command to go on."
        ) from None
    more = f"Squeezers: {', '.join(squeezers)}."
    detector_data.emit(args, folder, training.name(recipe), entry, more)


def command(args: argparse.Namespace) -> str:
    """The command line that makes the same entry."""
    words = ["python", "-m", "robust_core", "train", args.recipe]
    for option in ("model", "limit", "test_limit"):
        value = getattr(args, option)
        words += ["--" + option.replace("_", "-"), str(value)] if value is not None else []
    words += ["--seed", str(args.seed)] if args.seed else []
    return shlex.join(words)
