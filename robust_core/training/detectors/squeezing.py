"""Feature squeezing learns nothing: its threshold is set on clean pictures (Xu et al., 2018)."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import FeatureSqueezing, calibrate
from robust_core.detectors.squeezers import squeezer
from robust_core.training.detectors.export import FALSE_POSITIVE_RATE, clean_scores, described
from robust_core.training.detectors.opponents import Opponent, measured
from robust_core.training.export import write_export
from robust_core.training.run import Split


@dataclass(frozen=True)
class SqueezingRecipe:
    """The classifier, by the fingerprint of its weights, and the squeezers by their names."""

    model: str
    fingerprint: str
    squeezers: tuple[str, ...]


def name(recipe: SqueezingRecipe) -> str:
    """E.g. ``cifar10-resnet32-squeezing``."""
    return f"{recipe.model}-{FeatureSqueezing.METHOD}"


def export_squeezing(
    classifier: Classifier,
    recipe: SqueezingRecipe,
    opponents: Sequence[Opponent],
    test: Split,
    aside: Tensor,
    *,
    folder: Path,
    cache: Path,
    command: str,
    data: str,
    show: bool = True,
) -> dict:
    """Calibrate on ``aside``, measure on ``test``, write ``folder/entry.json``; return the entry.

    ``aside`` are clean pictures ``[M, C, H, W]``, bytes or floats in [0, 1], that neither the classifier
    was trained on nor ``test`` holds: of pictures that it has seen a classifier may be surer than of
    others. There is no file besides, as there are no weights.
    """
    started = time.perf_counter()
    squeezers = [squeezer(one) for one in recipe.squeezers]
    scores = clean_scores(FeatureSqueezing(classifier, squeezers), aside)
    threshold = calibrate(scores, FALSE_POSITIVE_RATE)
    detector = FeatureSqueezing(classifier, squeezers, name=name(recipe), threshold=threshold)
    seconds = time.perf_counter() - started
    entry = {
        **described(detector, aside, data, command),
        "file": None,
        "sha256": None,
        "point": None,
        "adversary": None,
        "eps": None,
        "recipe": asdict(recipe),
        **measured(detector, opponents, test, cache, show=show),
        "seconds": round(seconds, 1),
    }
    write_export(folder, name(recipe), entry, None)
    return entry
