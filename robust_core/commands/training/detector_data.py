"""Pictures and adversaries for detectors that are calibrated and measured against several attacks."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.data import DataSet
    from robust_core.training.detectors.opponents import Opponent
    from robust_core.training.run import Split

PICTURES = 2000
"""The most clean pictures for the threshold, and the most to measure on."""


def opponents(record: "DataSet") -> dict[str, "Opponent"]:
    """FGSM, BIM and DeepFool with their parameters for the pictures of a data set, by name."""
    from dataclasses import asdict

    from robust_core import attacks
    from robust_core.training.detectors.opponents import Opponent

    eps = record.detector_eps
    made = (
        attacks.create("fgsm", eps=eps["fgsm"]),
        attacks.create("bim", eps=eps["bim"], steps=10, step_size=eps["bim"] / 2),
        attacks.create("deepfool"),
    )
    return {attack.name: Opponent(attack.name, attack, asdict(attack)) for attack in made}


def record_of(model: str, *, points: bool = False) -> "DataSet":
    """The data set that a classifier was trained on; ``points``: only for one that a detector can read.

    Raises ``ValueError`` naming the classifiers that fit.
    """
    from robust_core import data, zoo

    names = [name for name in zoo.names() if zoo.describe(name).data]
    if model in names and (not points or points_of(model)):
        return data.get(zoo.spec(model).data)
    if points:  # networks that can be read inside, such as the ResNet-32
        names = [name for name in names if points_of(name)]
    raise ValueError(f"--model must be one of {', '.join(names)}; got {model!r}")


def pictures_for(
    classifier: "Classifier", split: str, root: "str | Path | None", limit: int | None = None
) -> "Split":
    """The first ``limit`` pictures of a split as the classifier takes them, and their labels."""
    from robust_core import zoo

    record = zoo.spec(classifier.name).record
    return record.sized(split, classifier.input_size, classifier.resize, root=root, limit=limit)


def points_of(model: str) -> tuple[str, ...]:
    """The attachment points of a classifier that subnetworks are made for; none where it has none."""
    from robust_core import zoo
    from robust_core.models.detector import attachments

    return tuple(attachments(zoo.skeleton(model)))


def usual_point(model: str) -> str:
    """Where a subnetwork on a classifier reads unless something else is said."""
    from robust_core import zoo
    from robust_core.models.staged import Staged

    return cast(Staged, zoo.skeleton(model)).usual_point


def halves(test: "Split", measure: int, calibrate: int) -> tuple["Split", "Tensor"]:
    """The first pictures and labels, to measure on, and the last pictures, for the threshold.

    At most half of the pictures each, so that no picture is in both.
    """
    half = len(test[0]) // 2
    first = min(measure, half)
    return (test[0][:first], test[1][:first]), test[0][-min(calibrate, half) :]
