"""Adversarial training: pictures are made on the current weights and trained on.

No gradient flows through how they were made, which is right for a maximum (Danskin's theorem).
"""

import math
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.training.objectives.base import Batch, Objective, Rows, check, logits
from robust_core.training.objectives.crafting import ascend, crafting_copy, uniform


@dataclass(frozen=True, kw_only=True)
class FGSMTraining(Objective):
    """``alpha L(x, y) + (1 - alpha) L(x', y)`` with ``x'`` by one step of size ``step``.

    Goodfellow et al. (2015), section 6. With ``random_start`` the step begins at a random point of the
    ball, as in Wong et al. (2020), who found that this, with ``step`` 1.25 eps, trains robust networks;
    without it, and with ``step`` eps, training ends in catastrophic overfitting. Clean and adversarial
    pictures are one batch for the batch normalisation. ``alpha`` 1 is clean training, to the last bit.
    """

    kind: str = field(default="fgsm", init=False)
    eps: float
    step: float
    alpha: float = 0.0
    random_start: bool = True

    def __post_init__(self) -> None:
        check("eps", self.eps, 0, 1)
        check("step", self.step, 0)
        check("alpha", self.alpha, 0, 1)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        images, labels = batch.images, batch.labels
        if self.alpha == 1:
            return F.cross_entropy(logits(model, images), labels)
        start = None
        if self.random_start:
            start = self.eps * uniform(images, batch.generator, batch.rows)
        fast = crafting_copy(model)
        x = ascend(fast, images, labels, eps=self.eps, step=self.step, start=start)
        if self.alpha == 0:
            return F.cross_entropy(logits(model, x), labels)
        clean, adversarial = logits(model, torch.cat([images, x])).chunk(2)
        return self.alpha * F.cross_entropy(clean, labels) + (1 - self.alpha) * F.cross_entropy(
            adversarial, labels
        )


@dataclass(frozen=True, kw_only=True)
class PGDTraining(Objective):
    """``max L(x + delta, y)`` over the Linf ball of ``eps`` (Madry et al., 2018, equation 2.1).

    The maximum is sought by ``steps`` steps of size ``step`` from a random point of the ball.
    """

    kind: str = field(default="pgd", init=False)
    eps: float
    step: float
    steps: int

    def __post_init__(self) -> None:
        check("eps", self.eps, 0, 1)
        check("step", self.step, 0)
        check("steps", self.steps, 1)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        start = self.eps * uniform(batch.images, batch.generator, batch.rows)
        x = ascend(
            crafting_copy(model),
            batch.images,
            batch.labels,
            eps=self.eps,
            step=self.step,
            steps=self.steps,
            start=start,
        )
        return F.cross_entropy(logits(model, x), batch.labels)


@dataclass(frozen=True, kw_only=True)
class LambdaTraining(Objective):
    """``(sum over clean of L + lambda sum over adversarial of L) / ((m - k) + lambda k)``.

    Kurakin et al. (2017), section 3: ``k`` pictures of each batch of ``m`` (the ``share`` of it) are
    replaced by adversarial ones, clean and adversarial pictures being one batch for the batch
    normalisation. They are made by one step towards the class that the network thinks least likely
    ("step1.l.l."), so that the step does not give the label away; its size is drawn for each picture from a
    normal distribution of deviation ``sigma`` that is cut off below 0 and above ``eps``.
    """

    kind: str = field(default="lambda", init=False)
    weight: float = 0.3
    share: float = 0.5
    eps: float = 16 / 255
    sigma: float = 8 / 255

    def __post_init__(self) -> None:
        check("weight", self.weight, 0)
        check("share", self.share, 0, 1)
        check("eps", self.eps, 0, 1)
        if not self.sigma > 0:
            raise ValueError(f"sigma must be above 0; got {self.sigma!r}")
        if self.weight == 0 and self.share == 1:
            raise ValueError("weight must be above 0 where all pictures are adversarial; got 0")

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        images, rows = batch.images, batch.place
        # The order of a batch is random: its last pictures are a random choice.
        border = rows.whole - round(self.share * rows.whole)
        clean = min(max(border - rows.first, 0), rows.n)
        if border < rows.whole:
            changed = self.towards_least_likely(
                crafting_copy(model), images[clean:], batch.generator, rows.beyond(border)
            )
            images = torch.cat([images[:clean], changed])
        each = F.cross_entropy(logits(model, images), batch.labels, reduction="none")
        weights = each.new_ones(rows.whole)
        weights[border:] = self.weight
        # The sum over these rows by the weight of the whole batch, as a mean over these rows.
        return (rows.of(weights) * each).sum() / weights.sum() * (rows.whole / rows.n)

    def towards_least_likely(
        self,
        model: Classifier,
        images: Tensor,
        generator: torch.Generator,
        rows: Rows | None = None,
    ) -> Tensor:
        """``images``, ``rows`` of those of a whole batch, after one step, each of its own size."""
        eps = self.sizes(images, generator, rows)
        if not len(images):
            return images
        with torch.no_grad():
            least = logits(model, images).argmin(1)
        return ascend(model, images, least, eps=eps, step=-eps)

    def sizes(self, images: Tensor, generator: torch.Generator, rows: Rows | None = None) -> Tensor:
        """A step size for each picture, ``[N, 1, 1, 1]``, from 0 to ``eps``."""
        n = rows.whole if rows else len(images)
        top = math.erf(self.eps / self.sigma / math.sqrt(2))  # mass of the two sides up to eps
        part = torch.rand(
            n, 1, 1, 1, generator=generator, dtype=torch.float32, device=generator.device
        )
        part = rows.of(part) if rows else part
        sizes = self.sigma * math.sqrt(2) * torch.erfinv(top * part)
        return sizes.clamp_(max=self.eps).to(images)
