"""Static training of an adversary detector, with a resumable checkpoint after each epoch.

Metzen et al. (2017), section 4.1: the classifier is frozen, each training picture has one
adversarial picture beside it, and the subnetwork learns to tell the two apart.
"""

import copy
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from robust_core.classifier import Classifier
from robust_core.detectors import Detector
from robust_core.models.detector import DetectorNet, build
from robust_core.training.checkpoint import load_checkpoint, save_checkpoint
from robust_core.training.detectors.array_file import take
from robust_core.training.detectors.crafted import Adversary, Crafting, activations, craft, slug
from robust_core.training.recipes import DetectorRecipe


class DetectorTrainer:
    """The state of one training: the subnetwork, its optimiser, the epoch."""

    def __init__(self, classifier: Classifier, recipe: DetectorRecipe, seed: int) -> None:
        self.classifier, self.recipe, self.seed = classifier, recipe, seed
        self.device = classifier.device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            subnetwork = build(recipe.point)
        self.subnetwork: DetectorNet = subnetwork.to(self.device, memory_format=torch.channels_last)
        self.optimiser = torch.optim.Adam(
            self.subnetwork.parameters(), lr=recipe.rate, betas=recipe.betas
        )
        self.epoch, self.seconds, self.n = 0, 0.0, 0

    def state(self) -> dict:
        return {
            "recipe": asdict(self.recipe),
            "seed": self.seed,
            "epoch": self.epoch,
            "seconds": self.seconds,
            "subnetwork": self.subnetwork.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: dict) -> None:
        self.epoch, self.seconds = state["epoch"], state["seconds"]
        self.subnetwork.load_state_dict(state["subnetwork"])
        self.optimiser.load_state_dict(state["optimiser"])

    def step(self, activation: Tensor, target: Tensor) -> float:
        """One step of Adam on the cross-entropy of the log-odds; returns the mean loss of the batch.

        ``target`` ``[N]`` is 1 for adversarial activations, 0 for genuine ones.
        """
        activation = activation.contiguous(memory_format=torch.channels_last)
        # Channels last and bfloat16: on a CPU with AMX a step takes a fraction of the time.
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16):
            logit = self.subnetwork(activation)
        loss = F.binary_cross_entropy_with_logits(logit.float(), target)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def run_epoch(self, pairs: np.ndarray, show: bool) -> None:
        """One pass over ``pairs`` ``[N, 2, ...]``, all 2 N in an order of the seed and the epoch alone."""
        recipe, started = self.recipe, time.perf_counter()
        single = pairs.reshape(-1, *pairs.shape[2:])  # even rows are genuine, odd ones adversarial
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.epoch)
        order = torch.randperm(len(single), generator=generator).split(recipe.batch)
        total = 0.0
        self.subnetwork.train()
        bar = tqdm(order, f"epoch {self.epoch + 1}/{recipe.epochs}", disable=not show, leave=False)
        for rows in bar:
            activation = take(single, rows).to(self.device)
            total += self.step(activation, (rows % 2).float().to(self.device)) * len(rows)
        self.ended(total / len(single), started, show)

    def ended(self, loss: float, started: float, show: bool) -> None:
        """One epoch more, of that mean loss and begun at that time."""
        self.epoch += 1
        self.seconds += time.perf_counter() - started
        if show:
            line = f"epoch {self.epoch}/{self.recipe.epochs}: loss {loss:.4f}"
            tqdm.write(f"{line}, {self.seconds:.0f} s in all", file=sys.stderr)

    def result(self) -> Detector:
        """The detector with a copy of the weights so far."""
        subnetwork = copy.deepcopy(self.subnetwork)
        return Detector(
            self.classifier, subnetwork, point=self.recipe.point, name=name(self.recipe)
        )


def name(recipe: DetectorRecipe) -> str:
    """E.g. ``cifar10-resnet32-ad2-bim-2-255``: classifier, point, adversary and its eps."""
    words = [recipe.model, slug(recipe.point), recipe.adversary]
    eps = recipe.parameters.get("eps")
    if eps is not None:
        whole = round(255 * eps)
        words.append(f"{whole}-255" if abs(255 * eps - whole) < 1e-6 else f"{eps:.4g}")
    return "-".join(words)


def train_detector(
    classifier: Classifier,
    adversary: Adversary,
    recipe: DetectorRecipe,
    images: Tensor,
    *,
    folder: Path,
    cache: Path,
    seed: int = 0,
    show: bool = True,
    crafting: Crafting = craft,
) -> DetectorTrainer:
    """Train a detector for ``adversary``, going on from ``folder/checkpoint.pt`` where there is one.

    Args:
        classifier: frozen, in eval mode; its network has attachment points.
        adversary: the attack that ``recipe`` names. It is to make the classifier leave what the
            classifier itself says of the clean picture: true classes are not needed.
        recipe: what to train; ``recipe.limit`` keeps the first pictures only.
        images: pictures ``[N, 3, 32, 32]``, bytes, or floats in [0, 1].
        folder: for the checkpoint after each epoch.
        cache: for the adversarial pictures and the activations, which are made once.
        crafting: what makes the adversarial pictures of ``adversary``.

    Raises:
        ValueError: the checkpoint belongs to another recipe or seed, or a file is damaged.
    """
    trainer = DetectorTrainer(classifier, recipe, seed)
    detector = trainer.result()  # refuses a classifier that does not fit before anything is made
    path = folder / "checkpoint.pt"
    if path.exists():
        trainer.restore(load_checkpoint(path, recipe, seed))
    images = images[: recipe.limit]
    trainer.n = len(images)
    if trainer.epoch < recipe.epochs:
        given = (classifier, adversary, images, None, recipe, cache)
        crafted = crafting(*given, what="train", show=show)
        pairs = activations(detector, crafted, cache, show=show)
        while trainer.epoch < recipe.epochs:
            trainer.run_epoch(pairs, show)
            save_checkpoint(path, trainer.state())
    return trainer
