"""Bundled adversary detectors: listing them, and loading one onto its classifier."""

from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.classifier import Classifier, Provenance
from robust_core.detectors import METHODS
from robust_core.zoo import weights

if TYPE_CHECKING:
    from robust_core.detectors import Detector

KIND = "detector"
"""The ``kind`` of detectors' index entries; classifiers' entries have none."""
DEFAULTS = {
    "cifar10-resnet32": "cifar10-resnet32-ad2-bim-2-255",
    "digits-cnn": "digits-cnn-reconstruction",
    "imagenette-resnet": "imagenette-resnet-ad4-bim-4-255",
}
"""The detector of each classifier that is used unless another is chosen."""
NEEDED = {"method", "model", "file", "data", "command", "recipe", "threshold"}


def names(model: str | None = None, folder: Path | None = None) -> list[str]:
    """The bundled detectors, or those of one classifier, in the order of the index."""
    return [
        name
        for name, entry in weights.index(folder).items()
        if entry.get("kind") == KIND and model in (None, entry.get("model"))
    ]


def default(model: str, folder: Path | None = None) -> str | None:
    """A classifier's default detector; None if it has none."""
    name = DEFAULTS.get(model)
    return name if name in names(model, folder) else None


def entry_of(name: str, folder: Path | None = None) -> dict:
    """The index entry of a detector.

    Raises ``ValueError`` naming the bundled ones for an unknown name, ``ZooError`` for an entry that
    lacks something.
    """
    weights.check_known("detector", name, names(folder=folder))
    entry = weights.entry_of(name, NEEDED, _remedy(None), folder)
    if entry["method"] not in METHODS:
        raise weights.ZooError(
            f"The index has {name} with the method {entry['method']!r}, which must be one of "
            f"{', '.join(METHODS.names())}. {_remedy(entry)}"
        )
    return entry


def attach(name: str, classifier: Classifier, folder: Path | None = None) -> "Detector":
    """The detector ``name`` on ``classifier``, which must be the one that it was trained on.

    Raises ``ZooError`` where the file is missing, damaged or does not fit, or where the classifier's
    weights are not those it was trained on: then neither scores nor threshold would mean anything.
    """
    return attach_entry(name, entry_of(name, folder), classifier, folder)


def attach_entry(
    name: str, entry: dict, classifier: Classifier, folder: Path | None = None
) -> "Detector":
    """``attach`` for a detector that ``entry`` describes as the index describes others.

    Its weights are in ``folder``.
    """
    trained_on = entry["recipe"].get("fingerprint")
    if trained_on != weights.fingerprint(classifier):
        raise weights.ZooError(
            f"{name} was made for other weights of {entry['model']} than the ones that are "
            f"bundled. {_remedy(entry)}"
        )
    tensors = weights.tensors(name, entry, _remedy(entry), folder)
    try:
        detector = METHODS.get(entry["method"]).from_entry(classifier, tensors, entry)
    except (KeyError, RuntimeError, ValueError) as error:
        raise weights.misfit(name, entry, error, _remedy(entry)) from error
    detector.name = name
    detector.provenance = Provenance(data=entry["data"], source=entry["command"], details=entry)
    return detector


def _remedy(entry: dict | None) -> str:
    command = entry["command"] if entry else "python -m robust_core train"
    return f"Restore it from the project's repository, or train it again: {command} --install"
