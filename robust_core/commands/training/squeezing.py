"""``python -m robust_core train squeezing``: feature squeezing, whose threshold is all it needs."""

from robust_core.commands.training.detector_data import PICTURES, opponents
from robust_core.commands.training.measured import Job, Method


def make(job: Job) -> tuple[dict, str]:
    """Calibrate and measure, both on ``--limit`` pictures."""
    from robust_core.detectors.squeezers import preset
    from robust_core.training.detectors.squeezing import SqueezingRecipe, export_squeezing
    from robust_core.zoo.weights import fingerprint

    squeezers = tuple(squeezer.name for squeezer in preset(job.record.shape))
    recipe = SqueezingRecipe(job.classifier.name, fingerprint(job.classifier), squeezers)
    against = list(opponents(job.record).values())
    count = job.limit or PICTURES
    measurement = job.measurement(measure=count, calibrate=count)
    entry = export_squeezing(job.classifier, recipe, against, measurement)
    return entry, f"Squeezers: {', '.join(squeezers)}."


METHOD = Method("squeezing", "cifar10-resnet32", make)
