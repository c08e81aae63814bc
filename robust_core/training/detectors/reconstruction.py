"""Training of a class-conditional autoencoder on clean pictures, and how it becomes a detector.

Source: Frosst, Sabour, Hinton (2018), DARCCC: see ``detectors.reconstruction``. It needs no attack.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import load as read_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import Reconstruction, calibrate
from robust_core.detectors.measure import per_pass
from robust_core.detectors.reconstruction import FLOOR, build
from robust_core.training.detectors.measurement import (
    FALSE_POSITIVE_RATE,
    Measurement,
    identity,
)
from robust_core.training.detectors.opponents import Opponent, measured
from robust_core.training.epochs import Training
from robust_core.training.export import rounded_weights
from robust_core.training.run import Split, to_float


@dataclass(frozen=True)
class ReconstructionRecipe:
    """Adam on the squared error of each picture under its true class, with a rate that falls to 0.

    ``code`` numbers per class and ``width`` maps make the autoencoder. ``margin``, in pixel units, is by
    how much the root-mean-square error under another class should exceed that under the true one: the
    shortfall is added to the loss (a hinge, our addition). Without it an autoencoder of natural pictures
    rebuilds them under any class, since the pictures of two classes have most in common. ``limit`` keeps
    the first pictures only (None: all). ``fingerprint`` is that of the classifier's weights, which decide
    the threshold.
    """

    model: str
    fingerprint: str
    code: int = 8
    width: int = 16
    margin: float = 0.0
    limit: int | None = None
    epochs: int = 60
    rate: float = 2e-3
    batch: int = 64


class ReconstructionTrainer(Training):
    """The state of one training: the autoencoder, its optimiser, the epoch."""

    modules = ("autoencoder", "optimiser")

    def __init__(self, classifier: Classifier, recipe: ReconstructionRecipe, seed: int) -> None:
        super().__init__(recipe, seed, classifier.device)
        self.classifier = classifier
        self.autoencoder = build(classifier, recipe.code, recipe.width, seed).to(self.device)
        self.optimiser = torch.optim.Adam(self.autoencoder.parameters(), lr=recipe.rate)

    def step(self, images: Tensor, labels: Tensor, rate: float, shift: int = 1) -> float:
        """One step on a batch; returns its loss. The other class is the ``shift``-th after the true one."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        own = self._squares(images, labels)
        loss = own.mean()
        if self.recipe.margin:
            wrong = self._squares(images, (labels + shift) % self.autoencoder.classes)
            loss = loss + (self.recipe.margin + rms(own) - rms(wrong)).clamp_min(0).mean()
        return self.descend(loss)

    def _squares(self, images: Tensor, classes: Tensor) -> Tensor:
        return (self.autoencoder(images, classes) - images).square().mean((1, 2, 3))

    def run_epoch(self, data: Split, *, show: bool) -> None:
        """One pass over ``data`` in an order that depends on the seed and the epoch alone."""
        started = time.perf_counter()
        recipe = self.recipe
        batches, _ = self.batches(len(data[1]))
        total = 0.0
        for i, rows in enumerate(batches):
            progress = (self.epoch + i / len(batches)) / recipe.epochs
            rate = recipe.rate * (1 + math.cos(math.pi * progress)) / 2
            images = to_float(data[0][rows], self.device)
            shift = 1 + i % (self.autoencoder.classes - 1)
            total += self.step(images, data[1][rows].to(self.device), rate, shift) * len(rows)
        self.end_epoch(started, f"loss {total / len(data[1]):.5f}", show)


def rms(squares: Tensor) -> Tensor:
    """Roots of mean squares, with a slope at 0."""
    return (squares + FLOOR).sqrt()


def name(recipe: ReconstructionRecipe) -> str:
    """The detector's name, such as ``digits-cnn-reconstruction``."""
    return f"{recipe.model}-{Reconstruction.METHOD}"


def train_reconstruction(
    classifier: Classifier,
    recipe: ReconstructionRecipe,
    data: Split,
    *,
    folder: Path,
    seed: int = 0,
    show: bool = True,
) -> ReconstructionTrainer:
    """Train on pictures and true classes, continuing from ``folder/checkpoint.pt`` where there is one.

    ``data`` is pictures ``[N, C, H, W]`` (bytes, or floats in [0, 1]) and labels ``[N]``, of which
    ``recipe.limit`` are taken. Raises ``ValueError`` where the checkpoint belongs to another training.
    """
    trainer = ReconstructionTrainer(classifier, recipe, seed)
    trainer.resume(folder)
    data = _first(data, recipe.limit)
    trainer.run(folder, data, show=show)
    return trainer


def _first(data: Split, limit: int | None) -> Split:
    pictures, classes = data
    return pictures[:limit], classes[:limit]


def errors(detector: Reconstruction, data: Split, shift: int = 0) -> Tensor:
    """Errors ``[N]`` on the CPU under the true classes, or under the ``shift``-th class after each."""
    classes = (data[1] + shift) % len(detector.classifier.class_names)
    size = per_pass(data[0])
    parts = zip(data[0].split(size), classes.split(size), strict=True)
    device = detector.device
    return torch.cat([detector.error(to_float(x, device), y.to(device)).cpu() for x, y in parts])


def export_reconstruction(
    trainer: ReconstructionTrainer,
    opponents: Sequence[Opponent],
    data: Split,
    measurement: Measurement,
) -> dict:
    """Calibrate, measure against ``opponents``; write file and entry; return the entry.

    ``data`` is the training data: ``scale`` is the error that 5 % of it exceed. All figures are those
    of the rounded weights in the file. ``errors`` are means over the test pictures, under the true class
    (``own``) and under all others (``wrong``).
    """
    recipe = trainer.recipe
    classifier = trainer.classifier
    content = to_safetensors(rounded_weights(trainer.autoencoder))
    made = {"recipe": asdict(recipe), "scale": 1.0, "threshold": 0.5}
    detector = Reconstruction.from_entry(classifier, read_safetensors(content), made)
    data = _first(data, recipe.limit)
    detector.scale = calibrate(errors(detector, data), FALSE_POSITIVE_RATE)
    calibrated = measurement.calibrate(detector)
    test = measurement.test
    others = range(1, len(classifier.class_names))
    wrong = torch.stack([errors(detector, test, shift) for shift in others])
    entry = {
        **measurement.described(detector, calibrated),
        **identity(name(recipe), content, recipe),
        "scale": detector.scale,
        "error_threshold": detector.error_threshold,
        "errors": {"own": errors(detector, test).mean().item(), "wrong": wrong.mean().item()},
        **measured(detector, opponents, measurement),
        "n": len(data[1]),
        **trainer.effort(trainer.autoencoder),
    }
    measurement.write(name(recipe), entry, content)
    return entry
