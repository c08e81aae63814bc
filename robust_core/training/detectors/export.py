"""From a finished training to a bundled detector: rounded weights, threshold, measured figures."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load as read_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from robust_core.detectors import Detector, Subnetwork, calibrate
from robust_core.detectors.measure import answers
from robust_core.models.detector import build
from robust_core.training.detectors.crafted import Adversary, Crafted, Crafting, craft
from robust_core.training.detectors.several import SEVERAL
from robust_core.training.detectors.static import DetectorTrainer, name
from robust_core.training.export import rounded_weights, write_export
from robust_core.training.recipes import DetectorRecipe
from robust_core.training.run import Split, to_float
from robust_core.zoo.bundled_detectors import KIND

FALSE_POSITIVE_RATE = 0.05
BATCH = 250


def export_detector(
    trainer: DetectorTrainer,
    adversary: Adversary,
    against: DetectorRecipe,
    test: Split,
    aside: Tensor,
    *,
    folder: Path,
    cache: Path,
    command: str,
    data: str,
    show: bool = True,
    crafting: Crafting = craft,
) -> dict:
    """Write ``folder/<name>.safetensors`` and ``folder/entry.json``; return the entry.

    Its figures are those of the rounded weights in the file, on the pictures and true classes of
    ``test``, which ``adversary`` (the one that ``against`` names, by ``crafting``) is to make the
    classifier leave. They are at score 0.5, for the pictures as they are and, as ``eight_bit``, for all
    rounded to 8 bits. ``threshold`` is the one of 5 % false positives on ``aside``, clean pictures
    ``[M, C, H, W]`` that were used for nothing else.
    """
    recipe, classifier = trainer.recipe, trainer.classifier
    content = to_safetensors(rounded_weights(trainer.subnetwork))
    subnetwork = build(recipe.point)
    subnetwork.load_state_dict(read_safetensors(content))
    detector = Subnetwork(classifier, subnetwork.to(trainer.device), point=recipe.point)
    images, labels = test
    given = (classifier, adversary, images, labels, against, cache)
    crafted = crafting(*given, what="test", show=show)
    floats, eight_bit = (
        answers(detector, batches(crafted, trainer.device), labels, eight_bit=rounding)
        for rounding in (False, True)
    )
    detector.threshold = calibrate(clean_scores(detector, aside), FALSE_POSITIVE_RATE)
    entry = {
        **described(detector, aside, data, command),
        **_identity(recipe, content),
        **floats.figures(),
        "eight_bit": eight_bit.figures(),
        "at_threshold": floats.figures(detector.threshold),
        **_effort(trainer),
    }
    write_export(folder, name(recipe), entry, content)
    return entry


def batches(crafted: Crafted, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The pairs of pictures of ``crafted``, in order, some at a time."""
    for start in range(0, len(crafted), BATCH):
        yield crafted.pairs(slice(start, start + BATCH), device)


def clean_scores(detector: Detector, images: Tensor) -> Tensor:
    """Scores ``[N]`` of pictures (bytes, or floats in [0, 1]) on the CPU."""
    return torch.cat(
        [detector.score(to_float(x, detector.device)).cpu() for x in images.split(BATCH)]
    )


def described(detector, aside: Tensor, data: str, command: str) -> dict:
    """What the entries of all detectors have in common; ``aside`` are the calibration pictures."""
    return {
        "kind": KIND,
        "method": detector.METHOD,
        "data": data,
        "command": command,
        "model": detector.classifier.name,
        "threshold": detector.threshold,
        "false_positive_rate": FALSE_POSITIVE_RATE,
        "n_calibration": len(aside),
        "device": detector.device.type,
        "torch": torch.__version__,
    }


def _identity(recipe: DetectorRecipe, content: bytes) -> dict:
    """What the file is, and what the detector was fitted to."""
    return {
        "file": f"{name(recipe)}.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "point": recipe.point,
        "adversary": list(recipe.parameters) if recipe.adversary == SEVERAL else recipe.adversary,
        "eps": recipe.parameters.get("eps"),
        "recipe": asdict(recipe),
    }


def _effort(trainer: DetectorTrainer) -> dict:
    """What was trained, on how many pictures, for how long."""
    return {
        "n": trainer.n,
        "seed": trainer.seed,
        "epochs": trainer.epoch,
        "parameters": sum(p.numel() for p in trainer.subnetwork.parameters()),
        "seconds": round(trainer.seconds, 1),
    }
