"""The zoo: a name becomes a ready classifier, or a detector on one, on a device, loaded once.

Bundled weights are float16 safetensors in ``assets/weights`` whose SHA-256 is in
``assets/weights/index.json``. ``imagenet-*`` are torchvision's classifiers with torchvision's own
weights and transforms, downloaded on first use into ``TORCH_HOME``.
"""

from robust_core.zoo.bundled_detectors import default as default_detector
from robust_core.zoo.bundled_detectors import names as detectors
from robust_core.zoo.bundled_posters import load as load_poster
from robust_core.zoo.bundled_posters import names as posters
from robust_core.zoo.bundled_universals import load as load_universal
from robust_core.zoo.bundled_universals import names as universals
from robust_core.zoo.catalogue import (
    Description,
    Outline,
    bundled,
    describe,
    download_size,
    family,
    is_local,
    names,
    outline,
)
from robust_core.zoo.downloads import load_with_progress
from robust_core.zoo.guests import Guest, admit, dismiss, guest
from robust_core.zoo.imagenet import IMAGENET, checkpoint_path, imagenet_weights
from robust_core.zoo.loading import LazyDetector, load, load_detector, ready
from robust_core.zoo.other_weights import load_with
from robust_core.zoo.specs import MODELS, UNDEFENDED, Spec, register, skeleton, spec, untrained
from robust_core.zoo.weights import ZooError, index

__all__ = [
    "IMAGENET",
    "MODELS",
    "UNDEFENDED",
    "Description",
    "Guest",
    "LazyDetector",
    "Outline",
    "Spec",
    "ZooError",
    "admit",
    "bundled",
    "checkpoint_path",
    "default_detector",
    "describe",
    "detectors",
    "dismiss",
    "download_size",
    "family",
    "guest",
    "imagenet_weights",
    "index",
    "is_local",
    "load",
    "load_detector",
    "load_poster",
    "load_universal",
    "load_with",
    "load_with_progress",
    "names",
    "outline",
    "posters",
    "ready",
    "register",
    "skeleton",
    "spec",
    "universals",
    "untrained",
]


def __getattr__(name: str) -> dict[str, Spec]:
    """``zoo.BUNDLED``: the spec of each bundled model by name, as the index stands now."""
    if name == "BUNDLED":
        return {model: spec(model) for model in bundled()}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
