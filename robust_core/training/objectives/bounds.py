"""Training with bounds: the worst case in the ball, as intervals see it (Gowal et al., 2018)."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.training.objectives.base import Batch, Objective, check
from robust_core.verification.boxes import Ball
from robust_core.verification.intervals import margins
from robust_core.verification.tracing import compile_network


@dataclass(frozen=True, kw_only=True)
class IBPTraining(Objective):
    """``kappa CE(z) + (1 - kappa) CE(z_worst)``, ``z_worst`` the interval bounds against the label.

    ``z_worst`` has 0 for the label and the upper bound of ``z_j - z_y`` for each other class j. From the
    share ``warmup`` of the training to the share ``reached``, the radius grows from 0 to ``eps``, and the
    weight of the clean loss falls from 1 to ``kappa``. Everything is in float32: intervals of bfloat16
    numbers would say little.
    """

    kind: str = field(default="ibp", init=False)
    eps: float
    kappa: float = 0.5
    warmup: float = 0.05
    reached: float = 0.5

    def __post_init__(self) -> None:
        check("eps", self.eps, 0, 1)
        check("kappa", self.kappa, 0, 1)
        check("warmup", self.warmup, 0, 1)
        check("reached", self.reached, self.warmup, 1)

    def share(self, progress: float) -> float:
        """How much of the way to ``eps`` and ``kappa`` is done."""
        length = self.reached - self.warmup
        return min(1.0, max(0.0, (progress - self.warmup) / length)) if length else 1.0

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        images, labels = batch.images, batch.labels
        done = self.share(batch.progress)
        kappa = 1 - (1 - self.kappa) * done
        network = compile_network(model, tuple(images.shape[1:]), dtype=None)
        clean = F.cross_entropy(network(images), labels)
        if done == 0 or kappa == 1:
            return clean
        radius = torch.full_like(images[:, 0, 0, 0], self.eps * done)
        worst = -margins(network, Ball(images, radius), labels)
        return kappa * clean + (1 - kappa) * F.cross_entropy(worst, labels)
