"""Detector: a subnetwork on a classifier's activations that says whether a picture is adversarial.

Source: Metzen, Genewein, Fischer, Bischoff (2017), "On detecting adversarial perturbations".
"""

import math
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier, Provenance
from robust_core.models.detector import build


class Detector(nn.Module):
    """A frozen classifier, a frozen subnetwork, and the point where one is attached to the other.

    Calling it maps pictures ``[N, C, H, W]`` in [0, 1], of the classifier's own size, to the
    log-odds of "adversarial" ``[N]``. Normalisation and conversion are those of the classifier.
    ``threshold`` is the score in [0, 1] above which a picture is called adversarial.

    Both networks are put in eval mode and frozen, and stay so: ``train()`` does nothing here, as
    it would let the classifier's batch normalisation drift. A subnetwork is trained by itself, on
    activations. The classifier's own outputs never change.

    Raises ``ValueError`` where the classifier has no such attachment point, or for a threshold that
    is not in [0, 1].
    """

    METHOD: ClassVar[str] = "subnetwork"
    """What its entries in the index have as their ``method``."""

    def __init__(
        self,
        classifier: Classifier,
        subnetwork: nn.Module,
        *,
        point: str,
        name: str = "detector",
        threshold: float = 0.5,
        provenance: Provenance | None = None,
    ) -> None:
        super().__init__()
        points = getattr(classifier.network, "attachment_points", ())
        if point not in points:
            raise ValueError(
                f"point of {classifier.name} must be one of {', '.join(points)}; got {point!r}"
                if points
                else f"point: {classifier.name} has no attachment points for a detector"
            )
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be a probability from 0 to 1; got {threshold!r}")
        self.classifier, self.subnetwork = classifier, subnetwork
        self.point, self.name, self.threshold = point, name, float(threshold)
        self.provenance = provenance or Provenance(data="unknown")
        super().train(False)
        self.requires_grad_(False)

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector that ``entry`` of the index describes, on the device of ``classifier``.

        ``tensors`` are the weights and statistics of its subnetwork, ``entry["point"]`` is where that
        reads, ``entry["threshold"]`` the calibrated one. Raises ``ValueError`` for a point or threshold
        that cannot be, ``RuntimeError`` where the tensors do not fit the point.
        """
        with torch.random.fork_rng(devices=[]):  # fresh weights are drawn, and then replaced
            subnetwork = build(entry["point"])
        subnetwork.load_state_dict(tensors)
        return cls(
            classifier,
            subnetwork.to(classifier.device, memory_format=torch.channels_last),
            point=entry["point"],
            threshold=entry["threshold"],
        )

    def train(self, mode: bool = True) -> Self:
        """Nothing: a detector stays in eval mode."""
        return self

    @property
    def device(self) -> torch.device:
        return self.classifier.device

    def _normalised(self, images: Tensor) -> Tensor:
        return self.classifier.normalise(images.to(self.classifier.mean.dtype))

    def activation(self, images: Tensor) -> Tensor:
        """What the subnetwork reads: the classifier's activation at the attachment point."""
        return self.classifier.network.features(self._normalised(images), self.point)

    def logit(self, images: Tensor) -> Tensor:
        """Log-odds of "adversarial" for pictures ``[N, C, H, W]`` in [0, 1]: ``[N]``, differentiable."""
        return self.subnetwork(self.activation(images))

    def forward(self, images: Tensor) -> Tensor:
        return self.logit(images)

    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and the detector's ``[N]``, by one pass of the trunk."""
        logit = activation = None
        for point, activation in self.classifier.network.walk(self._normalised(images)):
            if point == self.point:
                logit = self.subnetwork(activation)
        assert activation is not None
        assert logit is not None
        return self.classifier.network.head(activation), logit

    @torch.no_grad()
    def score(self, images: Tensor) -> Tensor:
        """P(adversarial) of pictures ``[N, C, H, W]`` in [0, 1]: ``[N]``, without a graph."""
        return self.logit(images).sigmoid()

    def flags(self, images: Tensor) -> Tensor:
        """Which pictures are called adversarial, bool ``[N]``: those whose score is above the threshold."""
        return self.score(images) > self.threshold


def calibrate(scores_clean: Tensor, false_positive_rate: float) -> float:
    """The lowest threshold at which at most this share of clean pictures is called adversarial.

    The empirical quantile of ``1 - false_positive_rate``, without interpolation: with k the whole part
    of ``false_positive_rate * N``, the (k+1)-th largest of the scores ``[N]``. Exactly k scores are
    above it where they all differ, and fewer where there are ties.

    Raises ``ValueError`` for no scores, scores that are not numbers, or a rate outside [0, 1).
    """
    if scores_clean.ndim != 1 or not len(scores_clean) or scores_clean.isnan().any():
        raise ValueError(
            "scores_clean must be numbers of at least one clean picture, [N]; got shape "
            f"{list(scores_clean.shape)}" + (" with NaN" if scores_clean.isnan().any() else "")
        )
    if not 0 <= false_positive_rate < 1:
        raise ValueError(
            f"false_positive_rate must be from 0 to below 1; got {false_positive_rate!r}"
        )
    # The last term: 0.29 * 100 is 28.999... in floating point.
    above = math.floor(false_positive_rate * len(scores_clean) + 1e-9)
    return scores_clean.sort(descending=True).values[above].item()
