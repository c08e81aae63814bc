"""``python -m robust_core train safetynet``: SafetyNet for FGSM and DeepFool."""

import argparse
from pathlib import Path

from robust_core.commands import output
from robust_core.commands.training import detector_data
from robust_core.commands.training.squeezing import MODEL, command
from robust_core.words.numbers import duration

RECIPE = "safetynet"
LIMIT = 5000
"""Training pictures: a support vector machine takes time with the square of their number."""
KNOWN, UNSEEN = ("fgsm", "deepfool"), ("bim",)


def run(args: argparse.Namespace) -> None:
    """Craft, train, calibrate, measure; what was crafted is kept for the next call."""
    from robust_core import zoo
    from robust_core.training.detectors import safetynet as training
    from robust_core.zoo.weights import fingerprint

    name = args.model or MODEL
    record = detector_data.record_of(name, points=True)
    classifier, there = zoo.load(name, args.device), detector_data.opponents(record)
    recipe = training.SafetyNetRecipe(
        name,
        fingerprint(classifier),
        {known: there[known].parameters for known in KNOWN},
        limit=args.limit or LIMIT,
    )
    measure = args.test_limit or min(recipe.limit, detector_data.PICTURES)
    images = record.stored("train", args.data)[0]
    test, aside = detector_data.halves(
        record.stored("test", args.data), measure, detector_data.PICTURES
    )
    folder = args.folder or Path("runs", training.name(recipe))
    try:
        entry = training.export_safetynet(
            *(classifier, recipe, [there[known] for known in KNOWN]),
            *([there[unseen] for unseen in UNSEEN], images, test, aside),
            folder=folder,
            cache=args.cache or Path("runs", "cache"),
            command=command(args),
            data=record.full_title,
        )
    except KeyboardInterrupt:
        raise output.Stopped(
            "Stopped. What was crafted is kept: run the same command to go on."
        ) from None
    more = (
        f"Trained on {entry['n']} pictures against {' and '.join(KNOWN)}; "
        f"{entry['prototypes']} prototypes, {duration(entry['seconds'])}."
    )
    detector_data.emit(args, folder, training.name(recipe), entry, more)
