"""Dynamic training of an adversary detector: against an adversary aware of the current one.

Metzen et al. (2017), section 3.4: each picture of a batch is, with probability one half, replaced by
what the dynamic adversary makes of it with the detector as it is at that moment, at a sigma drawn
uniformly for each picture.
"""

import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import Subnetwork
from robust_core.training.detectors.static import DetectorTrainer
from robust_core.training.recipes import DetectorRecipe
from robust_core.training.run import to_float

Mixed = Callable[[Subnetwork, Tensor, Tensor, Tensor], Tensor]
"""(detector, pictures, classes to leave, sigma [N]) to adversarial pictures."""
SHARE = 0.5


class DynamicTrainer(DetectorTrainer):
    """A training that makes its adversarial pictures as it goes."""

    def __init__(
        self, classifier: Classifier, adversary: Mixed, recipe: DetectorRecipe, seed: int
    ) -> None:
        super().__init__(classifier, recipe, seed)
        self.adversary = adversary
        self.pair = Subnetwork(classifier, self.subnetwork, point=recipe.point)
        self.subnetwork.requires_grad_(True)  # the pair has frozen it

    def run_epoch(self, images: Tensor, *, show: bool) -> None:
        """One pass over ``images``; order and draws depend on the seed and the epoch alone."""
        started = time.perf_counter()
        batches, generator = self.batches(len(images))
        total = 0.0
        for rows in self.bar(batches, show):
            chosen = (
                torch.rand(len(rows), generator=generator, dtype=torch.float32, device="cpu")
                < SHARE
            )
            sigma = torch.rand(len(rows), generator=generator, dtype=torch.float32, device="cpu")[
                chosen
            ].to(self.device)
            x = to_float(images[rows], self.device)
            if chosen.any():
                x[chosen] = self.modified(x[chosen], sigma)
            with torch.no_grad():
                activation = self.pair.activation(x)
            self.subnetwork.train()
            total += self.step(activation, chosen.float().to(self.device)) * len(rows)
        self.end_epoch(started, f"loss {total / len(images):.4f}", show)

    def modified(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Pictures moved away from their predicted class, and from a flag of the current detector."""
        self.subnetwork.eval()
        with torch.no_grad():
            classes = self.classifier(x).argmax(1)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.bfloat16):
            return self.adversary(self.pair, x, classes, sigma)


def train_dynamic(
    classifier: Classifier,
    adversary: Mixed,
    recipe: DetectorRecipe,
    images: Tensor,
    *,
    start: dict[str, Tensor] | None = None,
    folder: Path,
    seed: int = 0,
    show: bool = True,
) -> DynamicTrainer:
    """Train a detector dynamically, continuing from ``folder/checkpoint.pt`` where there is one.

    ``start`` holds the initial weights, those of the detector that ``recipe.start`` names.
    Raises ``ValueError`` where the checkpoint belongs to another recipe or seed.
    """
    trainer = DynamicTrainer(classifier, adversary, recipe, seed)
    if start is not None:
        for network in (trainer.subnetwork, trainer.averaged):
            network.load_state_dict(start)
    trainer.resume(folder)
    images = images[: recipe.limit]
    trainer.n = len(images)
    trainer.run(folder, images, show=show)
    return trainer
