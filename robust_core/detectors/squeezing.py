"""Feature squeezing: a picture whose prediction changes when it is simplified is adversarial.

Source: Xu, Evans, Qi (2018), "Feature squeezing: detecting adversarial examples in deep neural
networks", section V.
"""

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors.base import Frozen, in_eval_mode
from robust_core.detectors.squeezers import Squeezer, squeezer
from robust_core.probabilities import as_logits

FLOOR = 1e-12
"""Least distance in a logarithm: equal predictions have log-odds of -28, not of minus infinity."""


class FeatureSqueezing(Frozen):
    """A classifier, run on a picture and on simplified copies of it.

    The paper's score is ``max_j |softmax f(x) - softmax f(squeeze_j(x))|_1``, from 0 to 2: see
    ``distance``. To be in [0, 1] like every score, ``score`` is half of that. It is one minus
    what the two predictions have in common, not a calibrated probability. It works for every classifier,
    and only ``threshold`` is fitted, the score above which a picture is flagged.

    Squeezers have no useful derivative: in ``logit`` and ``both`` the gradient passes through each of
    them as if it had left the picture unchanged (BPDA; Athalye, Carlini, Wagner, 2018), so that an
    attack on both networks has a direction.

    Raises ``ValueError`` for no squeezers, or a threshold that is not in [0, 1].
    """

    METHOD = "squeezing"

    def __init__(
        self,
        classifier: Classifier,
        squeezers: Sequence[Squeezer],
        *,
        name: str = "squeezing",
        threshold: float = 0.5,
    ) -> None:
        super().__init__(classifier, name=name, threshold=threshold)
        if not squeezers:
            raise ValueError("squeezers must be at least one")
        self.squeezers = tuple(squeezers)
        self.freeze()

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector of an entry of the index: its ``recipe`` names the squeezers; no ``tensors``.

        Raises ``ValueError`` for an invalid squeezer or threshold.
        """
        squeezers = [squeezer(name) for name in entry["recipe"]["squeezers"]]
        return cls(classifier, squeezers, threshold=entry["threshold"])

    def _predictions(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's answers to the pictures ``[N, K]``, and logits of the copies ``[J, N, K]``."""
        images = images.to(self.classifier.mean.dtype)
        unchanged = images - images.detach()  # 0, with the gradient of the identity
        copies = [squeeze(images.detach()) + unchanged for squeeze in self.squeezers]
        squeezed = as_logits(self.classifier(torch.cat(copies)))
        return self.classifier(images), squeezed.unflatten(0, (len(copies), len(images)))

    @staticmethod
    def _distances(logits: Tensor, squeezed: Tensor) -> Tensor:
        return (logits.softmax(-1) - squeezed.softmax(-1)).abs().sum(-1).T

    @torch.no_grad()
    def distances(self, images: Tensor) -> Tensor:
        """The L1 distance that each squeezer causes, ``[N, J]`` in [0, 2], in their order."""
        with self.asked_about(images):
            answers, squeezed = self._predictions(images)
            return self._distances(as_logits(answers), squeezed)

    def distance(self, images: Tensor) -> Tensor:
        """The paper's score ``[N]`` in [0, 2]: the largest of ``distances``."""
        return self.distances(images).amax(1)

    def score(self, images: Tensor) -> Tensor:
        """Half of ``distance``: ``[N]`` in [0, 1], without a graph."""
        return self.distance(images).div(2).clamp(0, 1)

    @in_eval_mode
    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's answers ``[N, K]`` and the log-odds of the score ``[N]``, differentiable."""
        answers, squeezed = self._predictions(images)
        logits = as_logits(answers)
        apart = self._distances(logits, squeezed).clamp_min(FLOOR).log()
        # 2 - |p - q|_1 = 2 sum min(p, q), whose logarithm does not underflow where the distance is 2.
        common = torch.minimum(logits.log_softmax(-1), squeezed.log_softmax(-1)).logsumexp(-1).T
        return answers, (apart - common).amax(1) - torch.log(apart.new_tensor(2))
