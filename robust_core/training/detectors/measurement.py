"""What a detector is calibrated and measured on, and what its entry in the index records."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import calibrate
from robust_core.detectors.measure import Answers, answers, per_pass
from robust_core.training.detectors.crafted import Originals, Pairs
from robust_core.training.export import write_export
from robust_core.training.pictures import Split, to_float
from robust_core.zoo.bundled_detectors import KIND

FALSE_POSITIVE_RATE = 0.05


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """Pictures to calibrate and to measure a detector with, and where the result goes.

    Args:
        test: pictures ``[N, C, H, W]`` (bytes, or floats in [0, 1]) and true classes ``[N]``, which each
            adversary makes the classifier leave.
        calibration: held-out clean pictures ``[M, C, H, W]``, neither trained on nor in ``test``: a
            classifier may be more confident on pictures that it was trained on.
        data: what the pictures are called in the entry.
        command: the command line that makes the entry.
        folder: gets the weights, where there are any, and ``entry.json``.
        cache: keeps the adversarial pictures.
    """

    test: Split
    calibration: Tensor
    data: str
    command: str
    folder: Path
    cache: Path
    show: bool = True

    def calibrate(self, detector: Any) -> dict:
        """Give ``detector`` its threshold; returns what the entry says about it: see ``calibration``."""
        found = calibration(detector, self.calibration)
        detector.threshold = found["threshold"]
        return found

    def originals(self, classifier: Classifier) -> Originals:
        """The test pictures, for adversaries of ``classifier`` to change."""
        return Originals(classifier, *self.test, self.cache, what="test", show=self.show)

    def answers(self, detector: Any, crafted: Pairs) -> tuple[Answers, Answers]:
        """The answers on the test pictures and their adversarial versions; then on all in 8 bits."""
        floats, eight_bit = (
            answers(detector, batches(crafted, detector.device), self.test[1], eight_bit=rounding)
            for rounding in (False, True)
        )
        return floats, eight_bit

    def described(self, detector: Any, calibrated: dict) -> dict:
        """The conditions, which come first in the entry of every detector.

        ``calibrated`` is what ``calibrate`` gave.
        """
        return {
            "kind": KIND,
            "method": detector.METHOD,
            "data": self.data,
            "command": self.command,
            "model": detector.classifier.name,
            **calibrated,
            "device": detector.device.type,
            "torch": torch.__version__,
        }

    def write(self, name: str, entry: dict, content: bytes | None) -> None:
        """Write ``entry`` and the file that it names, ``content``; None where it names none."""
        write_export(self.folder, name, entry, content)


def calibration(detector: Any, images: Tensor) -> dict:
    """The threshold that flags 5 % of clean pictures ``[N, C, H, W]``, and the range of their scores.

    Whatever scores outside ``calibration_range``, from the lowest to the highest, is unlike them: that
    5 % of such pictures are flagged is not known.
    """
    scores = clean_scores(detector, images)
    return {
        "threshold": calibrate(scores, FALSE_POSITIVE_RATE),
        "false_positive_rate": FALSE_POSITIVE_RATE,
        "n_calibration": len(images),
        "calibration_range": [scores.min().item(), scores.max().item()],
    }


def identity(
    name: str,
    content: bytes | None,
    recipe: Any,
    *,
    point: str | None = None,
    adversary: str | list[str] | None = None,
    eps: float | None = None,
) -> dict:
    """The file of a detector (None: it has none), and what the detector was fitted to."""
    return {
        "file": None if content is None else f"{name}.safetensors",
        "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        "point": point,
        "adversary": adversary,
        "eps": eps,
        "recipe": asdict(recipe),
    }


def batches(crafted: Pairs, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs of pictures of ``crafted``, in order, in batches."""
    size = per_pass(crafted.images)
    for start in range(0, len(crafted), size):
        yield crafted.pairs(slice(start, start + size), device)


def clean_scores(detector: Any, images: Tensor) -> Tensor:
    """Scores ``[N]`` of pictures (bytes, or floats in [0, 1]) on the CPU."""
    parts = images.split(per_pass(images))
    return torch.cat([detector.score(to_float(x, detector.device)).cpu() for x in parts])
