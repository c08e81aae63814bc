"""``python -m robust_core train reconstruction``: class-conditional reconstruction, of clean pictures."""

import argparse
import math
from pathlib import Path

from robust_core.commands import output
from robust_core.commands.training import detector_data
from robust_core.commands.training.squeezing import command
from robust_core.words.numbers import duration

RECIPE = "reconstruction"
MODEL = "digits-cnn"
OWN = (*detector_data.OWN, "seed")
LIMIT = 10_000
"""Training pictures at most, unless ``--limit`` says otherwise."""
SMALL = 28 * 28
"""Pictures of up to so many values, channels and all, get the smaller autoencoder."""
SIZES = {
    True: {"code": 8, "width": 16, "epochs": 60},
    False: {"code": 32, "width": 16, "epochs": 15},
}
"""The autoencoder and its epochs, by whether the pictures are small."""


def run(args: argparse.Namespace) -> None:
    """Train, calibrate, measure; goes on where an earlier call was interrupted."""
    from robust_core import zoo
    from robust_core.training.detectors import reconstruction as training
    from robust_core.zoo.weights import fingerprint

    name = args.model or MODEL
    record, classifier = detector_data.record_of(name), zoo.load(name, args.device)
    recipe = training.ReconstructionRecipe(
        name,
        fingerprint(classifier),
        limit=args.limit or LIMIT,
        **SIZES[math.prod(record.shape) <= SMALL],
    )
    data = record.stored("train", args.data)
    test, aside = detector_data.halves(
        record.stored("test", args.data),
        args.test_limit or detector_data.PICTURES,
        detector_data.PICTURES,
    )
    folder = args.folder or Path("runs", training.name(recipe))
    try:
        trainer = training.train_reconstruction(
            classifier, recipe, data, folder=folder, seed=args.seed
        )
        entry = training.export_reconstruction(
            *(trainer, list(detector_data.opponents(record).values()), data, test, aside),
            folder=folder,
            cache=args.cache or Path("runs", "cache"),
            command=command(args),
            name_of_data=record.full_title,
        )
    except KeyboardInterrupt:
        raise output.Stopped(
            "Stopped. Whole epochs and what was crafted are kept: run the same command to go on."
        ) from None
    more = (
        f"Trained on {entry['n']} clean pictures in {duration(entry['seconds'])}; mean error "
        f"{entry['errors']['own']:.3f} under the own class, {entry['errors']['wrong']:.3f} under others."
    )
    detector_data.emit(args, folder, training.name(recipe), entry, more)
