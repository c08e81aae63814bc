"""``python -m robust_core train reconstruction``: class-conditional reconstruction, of clean pictures."""

import math
from typing import Any

from robust_core.commands.training.detector_data import opponents
from robust_core.commands.training.measured import OWN, Job, Method
from robust_core.words.numbers import duration

SMALL = 28 * 28
"""Pictures of up to this many values, all channels, get the smaller autoencoder."""
SIZES: dict[bool, dict[str, Any]] = {
    True: {"code": 8, "width": 16, "epochs": 60, "limit": 10_000},
    False: {"code": 16, "width": 16, "epochs": 8, "limit": 50_000, "margin": 0.1},
}
"""The autoencoder and its training, by whether the pictures are small. ``--limit`` replaces the limit."""


def make(job: Job) -> tuple[dict, str]:
    """Train, calibrate, measure; resumes an interrupted call."""
    from robust_core.training.detectors import reconstruction as training
    from robust_core.zoo.weights import fingerprint

    classifier = job.classifier
    size = SIZES[math.prod(job.record.shape) <= SMALL]
    if job.limit:
        size = size | {"limit": job.limit}
    recipe = training.ReconstructionRecipe(classifier.name, fingerprint(classifier), **size)
    data = job.record.stored("train", job.request.data)
    measurement = job.measurement()
    trainer = training.train_reconstruction(
        classifier, recipe, data, folder=job.folder, seed=job.request.seed
    )
    against = list(opponents(job.record).values())
    entry = training.export_reconstruction(trainer, against, data, measurement)
    errors = entry["errors"]
    return entry, (
        f"Trained on {entry['n']} clean pictures in {duration(entry['seconds'])}; mean error "
        f"{errors['own']:.3f} under the own class, {errors['wrong']:.3f} under others."
    )


METHOD = Method(
    "reconstruction",
    "digits-cnn",
    make,
    takes=(*OWN, "seed"),
    kept="Whole epochs and what was crafted are kept",
)
