"""Subnetwork: a small network on a classifier's activations that says whether a picture is adversarial.

Source: Metzen, Genewein, Fischer, Bischoff (2017), "On detecting adversarial perturbations".
"""

from typing import Self

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.detectors.base import Frozen, in_eval_mode
from robust_core.models.detector import build


class Subnetwork(Frozen):
    """A classifier, and a frozen subnetwork attached to it at one point.

    Calling it maps pictures ``[N, C, H, W]`` in [0, 1], of the classifier's own size, to the
    log-odds of "adversarial" ``[N]``. Normalisation and conversion are those of the classifier.
    A subnetwork is trained alone, on activations.

    Raises ``ValueError`` where the classifier has no such attachment point, or for a threshold that
    is not in [0, 1].
    """

    METHOD = "subnetwork"

    def __init__(
        self,
        classifier: Classifier,
        subnetwork: nn.Module,
        *,
        point: str,
        name: str = "detector",
        threshold: float = 0.5,
    ) -> None:
        super().__init__(classifier, name=name, threshold=threshold)
        check_point(classifier, point)
        self.subnetwork = subnetwork
        self.point = point
        self.freeze()

    @classmethod
    def fresh(cls, classifier: Classifier, point: str, seed: int = 0) -> Self:
        """A detector with random weights; the global random state is left unchanged.

        Raises ``ValueError`` for a point of the classifier that no subnetwork is made for.
        """
        check_point(classifier, point)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            subnetwork = build(classifier.network, point).to(classifier.device)
        return cls(classifier, subnetwork.to(memory_format=torch.channels_last), point=point)

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector that ``entry`` of the index describes, on the device of ``classifier``.

        ``tensors`` are the weights and statistics of its subnetwork, ``entry["point"]`` is where that
        reads, ``entry["threshold"]`` its calibrated threshold. Raises ``ValueError`` for an invalid point
        or threshold, ``RuntimeError`` where the tensors do not fit the point.
        """
        with torch.random.fork_rng(devices=[]):  # fresh weights are drawn, and then replaced
            subnetwork = build(classifier.network, entry["point"])
        subnetwork.load_state_dict(tensors)
        return cls(
            classifier,
            subnetwork.to(classifier.device).to(memory_format=torch.channels_last),
            point=entry["point"],
            threshold=entry["threshold"],
        )

    def _normalised(self, images: Tensor) -> Tensor:
        return self.classifier.normalise(images.to(self.classifier.mean.dtype))

    @in_eval_mode
    def activation(self, images: Tensor) -> Tensor:
        """What the subnetwork reads: the classifier's activation at the attachment point."""
        return self.classifier.network.features(self._normalised(images), self.point)

    @in_eval_mode
    def logit(self, images: Tensor) -> Tensor:
        """Log-odds of "adversarial" for pictures ``[N, C, H, W]`` in [0, 1]: ``[N]``, differentiable."""
        return self.subnetwork(self.activation(images))

    @in_eval_mode
    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and the detector's ``[N]``, in one pass of the trunk."""
        logit = activation = None
        for point, activation in self.classifier.network.walk(self._normalised(images)):
            if point == self.point:
                logit = self.subnetwork(activation)
        assert activation is not None
        assert logit is not None
        return self.classifier.network.head(activation), logit


def check_point(classifier: Classifier, point: str) -> None:
    """Raise ``ValueError`` unless the classifier has an attachment point of that name."""
    points = getattr(classifier.network, "attachment_points", ())
    if point not in points:
        raise ValueError(
            f"point of {classifier.name} must be one of {', '.join(points)}; got {point!r}"
            if points
            else f"point: {classifier.name} has no attachment points for a detector"
        )
