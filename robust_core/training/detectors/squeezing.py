"""Feature squeezing learns nothing: its threshold is set on clean pictures (Xu et al., 2018)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from robust_core.classifier import Classifier
from robust_core.detectors import FeatureSqueezing
from robust_core.detectors.squeezers import squeezer
from robust_core.training.detectors.measurement import Measurement, identity
from robust_core.training.detectors.opponents import Opponent, measured


@dataclass(frozen=True)
class SqueezingRecipe:
    """The classifier, by the fingerprint of its weights, and the squeezers by their names."""

    model: str
    fingerprint: str
    squeezers: tuple[str, ...]


def name(recipe: SqueezingRecipe) -> str:
    """The detector's name, such as ``cifar10-resnet32-squeezing``."""
    return f"{recipe.model}-{FeatureSqueezing.METHOD}"


def export_squeezing(
    classifier: Classifier,
    recipe: SqueezingRecipe,
    opponents: Sequence[Opponent],
    measurement: Measurement,
) -> dict:
    """Calibrate, measure against ``opponents``, write the entry; return it. There are no weights."""
    started = time.perf_counter()
    squeezers = [squeezer(one) for one in recipe.squeezers]
    detector = FeatureSqueezing(classifier, squeezers, name=name(recipe))
    calibrated = measurement.calibrate(detector)
    seconds = time.perf_counter() - started
    entry = {
        **measurement.described(detector, calibrated),
        **identity(name(recipe), None, recipe),
        **measured(detector, opponents, measurement),
        "seconds": round(seconds, 1),
    }
    measurement.write(name(recipe), entry, None)
    return entry
