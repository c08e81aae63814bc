"""Training that flattens the loss around a picture, in earnest or in appearance only."""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.training.objectives.base import Batch, Clean, Objective, check, logits
from robust_core.training.objectives.crafting import crafting_copy, input_gradient


@dataclass(frozen=True, kw_only=True)
class GradientPenalty(Objective):
    """``L(x, y) + eps |grad_x L(x, y)|_1``, what an Linf attack of size eps adds in first order.

    Drucker and Le Cun (1992) differentiate the gradient ("double backpropagation"); Finlay and Oberman
    (2021, "Scaleable input gradient regularization", equation 8) replace that by a finite difference
    ``(L(x + h d) - L(x)) / h`` along ``d``, the sign of the gradient, held fixed: its derivative is the
    same up to O(h), for a quarter of the time here. ``x`` and ``x + h d`` are one batch, so that both
    are normalised alike. There is no clipping to [0, 1], as the slope at ``x`` is wanted. A negative
    slope, which no norm has, counts as 0.
    """

    kind: str = field(default="gradient-penalty", init=False)
    eps: float
    h: float = 1 / 255

    def __post_init__(self) -> None:
        check("eps", self.eps, 0, 1)
        if not self.h > 0:
            raise ValueError(f"h must be above 0; got {self.h!r}")

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        images, labels = batch.images, batch.labels
        direction = input_gradient(crafting_copy(model), images, labels).sign()
        both = logits(model, torch.cat([images, images + self.h * direction]))
        here, there = (F.cross_entropy(part, labels, reduction="none") for part in both.chunk(2))
        # A norm is at least 0. A negative difference would be a reward without a lower bound.
        return (here + self.eps * F.relu(there - here) / self.h).mean()


@dataclass(frozen=True, kw_only=True)
class SaturationTraining(Objective):
    """``L(x, y) + lambda sum over layers of mean(1 - |tanh h|)``: units are driven into saturation.

    After Nayebi and Ganguli (2017), whose penalty grows with the distance to the flat part of the
    non-linearity and is raised while the network learns; for tanh, ``1 - |tanh h|`` is 0 there and only
    there. Lambda rises linearly to ``weight`` over the first ``ramp`` of the training. The
    network is a ``models.SaturatedCNN``.
    """

    kind: str = field(default="saturation", init=False)
    weight: float
    ramp: float = 0.5

    def __post_init__(self) -> None:
        check("weight", self.weight, 0)
        check("ramp", self.ramp, 0, 1)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        with torch.autocast(batch.images.device.type, torch.bfloat16):
            units = model.network.hidden(model.normalise(batch.images))
        penalty = sum(1 - layer.abs().mean(dtype=batch.images.dtype) for layer in units)
        said = logits(model.network.head, units[-1])
        return F.cross_entropy(said, batch.labels) + self.strength(batch.progress) * penalty

    def strength(self, progress: float) -> float:
        """Lambda when that share of the training is done."""
        return self.weight * (min(1.0, progress / self.ramp) if self.ramp else 1.0)


@dataclass(frozen=True, kw_only=True)
class TemperedTraining(Objective):
    """The cross-entropy of ``softmax(Z / T)`` with labels ``[N]``, or with probabilities ``[N, K]``.

    At first the last layer's weights are multiplied by T: otherwise ``Z / T`` and all gradients start
    T times as small as usual, and the network would not learn in the given epochs.
    """

    kind: str = field(default="tempered", init=False)
    temperature: float

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0; got {self.temperature!r}")

    @torch.no_grad()
    def begin(self, model: Classifier) -> None:
        *_, last = (layer for layer in model.modules() if isinstance(layer, nn.Linear))
        for values in last.parameters():
            values.mul_(self.temperature)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        return F.cross_entropy(logits(model, batch.images) / self.temperature, batch.labels)


@dataclass(frozen=True, kw_only=True)
class Distillation(TemperedTraining):
    """Defensive distillation (Papernot et al., 2016, section IV).

    First a teacher of the same architecture is trained at ``temperature`` on the labels; then the network
    itself, from random weights and at the same temperature, on the teacher's prediction for each
    picture: ``softmax(Z / T)``. It is deployed at temperature 1.
    """

    kind: str = field(default="distillation", init=False)

    @property
    def of_teacher(self) -> TemperedTraining:
        """What the teacher minimises."""
        return TemperedTraining(temperature=self.temperature)

    @torch.no_grad()
    def soft_labels(self, teacher: nn.Module, images: Tensor) -> Tensor:
        """The probabilities of ``teacher`` at the temperature, ``[N, K]``."""
        return (logits(crafting_copy(teacher), images) / self.temperature).softmax(1)


@dataclass(frozen=True, kw_only=True)
class CopiesTraining(Clean):
    """The plain cross-entropy, on the pictures and on an adversarial copy of each.

    The copies are made once, by FGSM of size ``eps`` with the true labels, on the weights that the
    training starts from (Szegedy et al., 2014, section 4.4; ``training.copies``). The data are doubled.
    """

    kind: str = field(default="static-augmentation", init=False)
    eps: float

    def __post_init__(self) -> None:
        check("eps", self.eps, 0, 1)
