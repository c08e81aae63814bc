"""A classifier and its detector as one network with one more class, and what it means to fool both.

Carlini and Wagner (2017), "Adversarial examples are not easily detected: bypassing ten detection
methods", section 3 (https://arxiv.org/abs/1705.07263). For the logits Z of N classes and the
detector's log-odds d they take ``G_i = Z_i`` and ``G_{N+1} = (1 + d) * max_j Z_j`` (twice that in their
code, where a picture counts as genuine only at log-odds below -1/2). An attack on G towards a class
i <= N is an attack on both networks.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.attacks.base import GOALS, Attack
from robust_core.attacks.checks import check_detector_logit, check_logits
from robust_core.attacks.oracle import Oracle
from robust_core.contract import Asked, usable
from robust_core.goals import Aim, PairLoss
from robust_core.modes import evaluating
from robust_core.parameters import parameter
from robust_core.probabilities import Reading

NEVER_EARLY = tuple(g for g in GOALS if g != "confidence-reduction")
"""All goals but this one, which stops a picture early, with the detector still to be fooled."""


class Joint(nn.Module):
    """Pictures ``[N, C, H, W]`` in [0, 1] to logits ``[N, K + 1]``: the last is "adversarial".

    ``G_i = Z_i - max_j Z_j`` and ``G_{K+1} = d``. This is the authors' form after shifting each picture's
    logits, which leaves the softmax unchanged, so that their maximum is 1, and then subtracting 1 from all.
    Without the shift, a negative maximum flips the sign of their last logit and a large one scales it.
    Here ``argmax G`` is the last exactly where ``d > 0``, else that of Z, without rounding.

    ``d`` is ``detector.logit(pictures)`` less the log-odds of ``detector.threshold``, where it has
    one, so that ``d > 0`` means flagged. Where ``model`` is the detector's own classifier and it has
    ``both(pictures)``, one pass gives the two answers. ``read`` makes logits of the model's answers.

    Raises ``ValueError`` where either network's output has another shape.
    """

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        detector: Any,
        read: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.read = read or Reading()
        self.model = model
        self.detector = detector
        self.shift = log_odds(getattr(detector, "threshold", 0.5))
        self.shared = hasattr(detector, "both") and getattr(detector, "classifier", None) is model
        if self.shared:
            self.ask_both = Asked(detector.both)
        self.ask_model = Asked(model)
        self.ask_detector = Asked(detector.logit)

    def forward(self, images: Tensor) -> Tensor:
        if self.shared:
            logits, evidence = self.ask_both(images)
        else:
            logits = self.ask_model(images)
            evidence = self.ask_detector(images)
        check_logits(logits, images)
        check_detector_logit(evidence, images)
        logits, evidence = self.read(logits), usable(evidence)
        logits = logits - logits.amax(1, keepdim=True)
        above = (evidence - self.shift).to(logits.dtype)  # in double precision for some detectors
        return torch.cat([logits, above.unsqueeze(1)], 1)


def log_odds(threshold: float) -> float:
    """Log-odds of a probability in [0, 1]; infinite at 0 and 1."""
    if 0 < threshold < 1:
        return math.log(threshold) - math.log1p(-threshold)
    return math.copysign(math.inf, threshold - 0.5)


@dataclass(frozen=True)
class Unseen(Aim):
    """A goal about the classifier, ``alone``, with a detector that must not notice; for ``Joint``."""

    alone: Aim | None = None

    @classmethod
    def of(cls, aim: Aim) -> "Unseen":
        return cls(aim.classes, aim.towards, bar=aim.bar, alone=aim)

    def margin(self, logits: Tensor) -> Tensor:
        """How far beyond both goals each picture is, ``[N]``; negative before either.

        The sum of what the two lack; where neither lacks anything, the smaller of the two margins. For
        the untargeted goal this is ``max_{i != y, i <= K} G_i - max(G_y, G_{K+1})``, for a target t
        ``G_t - max_{i != t} G_i``.
        """
        assert self.alone is not None
        own = self.alone.margin(logits[:, :-1])
        evidence = logits[:, -1]
        return torch.where(own < 0, own - evidence.clamp_min(0), torch.minimum(own, -evidence))

    def rise(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """``margin`` ``[N]`` and its gradient in the logits of both networks ``[N, K + 1]``."""
        z = logits.detach().requires_grad_()
        margin = self.margin(z)
        (slope,) = torch.autograd.grad(margin.sum(), z)
        return margin.detach(), slope

    def loss(self, logits: Tensor, loss: PairLoss) -> Tensor:
        """The margin, whatever ``loss`` is: no other loss makes sense for both."""
        return self.margin(logits)

    def success(self, logits: Tensor) -> Tensor:
        """Which pictures reach the goal without being flagged, bool ``[N]``."""
        assert self.alone is not None
        return self.alone.success(logits[:, :-1]) & (logits[:, -1] <= 0)


@contextmanager
def facing(oracle: Oracle, detector: object, aim: Aim) -> Iterator[Unseen]:
    """Inside, ``oracle`` asks the model joined with ``detector``; use the aim that this yields.

    A pass through both networks counts once. Classifier's logits of a far from ordinary spread are brought
    to an ordinary one first, so that they can be weighed against the detector's: a ``confidence`` then
    counts in those. A goal about probabilities needs them as they are.
    """
    read = oracle.reading if aim.stops else oracle.reader()
    joint = Joint(oracle.model, detector, read)
    with evaluating(detector), oracle.asking(joint, beside=1):
        yield Unseen.of(aim)


def detector_parameter() -> object:
    return parameter(None, "The detector to fool: logit(pictures) gives log-odds.", method="logit")


@dataclass(frozen=True, kw_only=True)
class OnBoth(Attack):
    """Base that turns the attack behind it into one on a classifier joined with its detector."""

    detector: object = detector_parameter()

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        with facing(oracle, self.detector, aim) as unseen:
            return super().perturb(oracle, images, unseen)
