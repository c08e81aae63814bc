"""``python -m robust_core train safetynet``: SafetyNet for FGSM and DeepFool."""

from robust_core.commands.training.detector_data import PICTURES, opponents
from robust_core.commands.training.measured import Job, Method
from robust_core.words.numbers import duration

LIMIT = 5000
"""Training pictures: a support vector machine's time grows with the square of their number."""
KNOWN = ("fgsm", "deepfool")
UNSEEN = ("bim",)


def make(job: Job) -> tuple[dict, str]:
    """Craft, train, calibrate, measure."""
    from robust_core.training.detectors.safetynet import SafetyNetRecipe, export_safetynet
    from robust_core.zoo.weights import fingerprint

    every = opponents(job.record)
    known = [every[name] for name in KNOWN]
    unseen = [every[name] for name in UNSEEN]
    limit = job.limit or LIMIT
    recipe = SafetyNetRecipe(
        job.classifier.name,
        fingerprint(job.classifier),
        {one.name: one.parameters for one in known},
        limit=limit,
    )
    images = job.record.stored("train", job.request.data)[0]
    measurement = job.measurement(measure=min(limit, PICTURES))
    entry = export_safetynet(job.classifier, recipe, known, images, measurement, unseen=unseen)
    return entry, (
        f"Trained on {entry['n']} pictures against {' and '.join(KNOWN)}; "
        f"{entry['prototypes']} prototypes, {duration(entry['seconds'])}."
    )


METHOD = Method("safetynet", "cifar10-resnet32", make, points=True)
