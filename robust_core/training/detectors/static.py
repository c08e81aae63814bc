"""Static training of an adversary detector, with a resumable checkpoint after each epoch.

Metzen et al. (2017), section 4.1: the classifier is frozen, each training picture has one
adversarial picture beside it, and the subnetwork learns to tell the two apart.
"""

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import Subnetwork
from robust_core.detectors.subnetwork import check_point
from robust_core.models.detector import DetectorNet, build
from robust_core.training.averaging import average
from robust_core.training.detectors.array_file import take
from robust_core.training.detectors.crafted import Originals, activations, slug
from robust_core.training.detectors.several import Adversaries, craft_pairs
from robust_core.training.epochs import Training
from robust_core.training.recipes import DetectorRecipe


class DetectorTrainer(Training):
    """The state of one training: the subnetwork, its optimiser, the epoch. Subclasses say ``run_epoch``.

    ``averaged`` is what is kept: the average of the weights, or, without averaging, the subnetwork.
    """

    modules = ("subnetwork", "averaged", "optimiser")

    def __init__(self, classifier: Classifier, recipe: DetectorRecipe, seed: int) -> None:
        super().__init__(recipe, seed, classifier.device)
        self.classifier = classifier
        check_point(classifier, recipe.point)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            subnetwork = build(classifier.network, recipe.point)
        self.subnetwork: DetectorNet = subnetwork.to(self.device).to(
            memory_format=torch.channels_last
        )
        self.optimiser = torch.optim.Adam(
            self.subnetwork.parameters(), lr=recipe.rate, betas=recipe.betas
        )
        self.averaged = self.subnetwork
        if recipe.averaging:
            self.averaged = copy.deepcopy(self.subnetwork)
        self.n = 0

    def step(self, activation: Tensor, target: Tensor) -> float:
        """One step of Adam on the cross-entropy of the log-odds; returns the mean loss of the batch.

        ``target`` ``[N]`` is 1 for adversarial activations, 0 for genuine ones.
        """
        activation = activation.contiguous(memory_format=torch.channels_last)
        # Channels last and bfloat16: on a CPU with AMX a step takes a fraction of the time.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16):
            logit = self.subnetwork(activation)
        loss = self.descend(F.binary_cross_entropy_with_logits(logit.float(), target))
        if self.recipe.averaging:
            average(self.averaged, self.subnetwork, self.recipe.averaging)
        return loss

    def result(self) -> Subnetwork:
        """The detector with a copy of the weights so far."""
        subnetwork = copy.deepcopy(self.averaged)
        return Subnetwork(
            self.classifier, subnetwork, point=self.recipe.point, name=name(self.recipe)
        )


class StaticTrainer(DetectorTrainer):
    """A training on pairs that are made before it begins."""

    def run_epoch(self, pairs: np.ndarray, *, show: bool) -> None:
        """One pass over all 2 N of ``pairs`` ``[N, 2, ...]``, ordered by the seed and the epoch alone."""
        started = time.perf_counter()
        single = pairs.reshape(-1, *pairs.shape[2:])  # even rows are genuine, odd ones adversarial
        batches, _ = self.batches(len(single))
        total = 0.0
        self.subnetwork.train()
        for rows in self.bar(batches, show):
            activation = take(single, rows).to(self.device)
            total += self.step(activation, (rows % 2).float().to(self.device)) * len(rows)
        self.end_epoch(started, f"loss {total / len(single):.4f}", show)


def name(recipe: DetectorRecipe) -> str:
    """A name such as ``cifar10-resnet32-ad2-bim-2-255``: classifier, point, adversary and its eps."""
    words = [recipe.model, slug(recipe.point), recipe.adversary]
    eps: Any = recipe.parameters.get("eps")
    if eps is not None:
        whole = round(255 * eps)
        words.append(f"{whole}-255" if abs(255 * eps - whole) < 1e-6 else f"{eps:.4g}")
    return "-".join(words)


def train_detector(
    classifier: Classifier,
    adversary: Adversaries,
    recipe: DetectorRecipe,
    images: Tensor,
    *,
    folder: Path,
    cache: Path,
    seed: int = 0,
    show: bool = True,
) -> StaticTrainer:
    """Train a detector for ``adversary``, continuing from ``folder/checkpoint.pt`` where there is one.

    Args:
        classifier: frozen, in eval mode; its network has attachment points.
        adversary: the attack that ``recipe`` names. It makes the classifier leave its own prediction
            for the clean picture: true classes are not needed.
        recipe: what to train; ``recipe.limit`` keeps the first pictures only.
        images: pictures ``[N, 3, 32, 32]``, bytes, or floats in [0, 1].
        folder: for the checkpoint after each epoch.
        cache: for the adversarial pictures and the activations, which are made once.

    Raises:
        ValueError: the checkpoint belongs to another recipe or seed, or a file is damaged.
    """
    trainer = StaticTrainer(classifier, recipe, seed)
    detector = trainer.result()  # refuses a classifier that does not fit before anything is made
    trainer.resume(folder)
    images = images[: recipe.limit]
    trainer.n = len(images)
    if trainer.epoch < recipe.epochs:
        originals = Originals(classifier, images, None, cache, what="train", show=show)
        crafted = craft_pairs(originals, adversary, recipe)
        pairs = activations(detector, crafted, cache, show=show)
        trainer.run(folder, pairs, show=show)
    return trainer
