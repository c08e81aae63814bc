"""Class-conditional reconstruction: a picture unlike its predicted class is adversarial.

Source: Frosst, Sabour, Hinton (2018), "DARCCC: detecting adversaries by reconstruction from class
conditional capsules"; Qin, Frosst, Sabour, Raffel, Cottrell, Hinton (2020), "Detecting and diagnosing
adversarial images with class-conditional capsule reconstructions".
"""

import math
from typing import Self

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors.base import Frozen, in_eval_mode
from robust_core.models.autoencoder import ClassConditionalAutoencoder

FLOOR = 1e-12
"""Smallest squared error with a logarithm: a perfect reconstruction has finite log-odds."""


class Reconstruction(Frozen):
    """A classifier, and a frozen autoencoder that reconstructs the picture given the predicted class.

    ``error`` is the root-mean-square difference between picture and reconstruction, in pixel units:
    the authors' L2 distance divided by the root of the number of values. To be in [0, 1] like every
    score, the score is ``error / (error + scale)``, which rises with the error and is 0.5 at ``scale``;
    its log-odds are ``log(error / scale)``. It is not a calibrated probability. A picture is flagged
    where its score is above ``threshold``.

    In ``logit`` and ``both`` the predicted class is held fixed: the gradient brings picture and
    reconstruction together under that class. Changing the class is left to the classifier's own
    gradient. With this detector, an attack on both networks, such as ``pgd-pair`` or ``dynamic``, is the
    reconstructive attack of Qin et al. (2020), section 3.

    Raises ``ValueError`` for a scale not above 0, or a threshold that is not in [0, 1].
    """

    METHOD = "reconstruction"

    def __init__(
        self,
        classifier: Classifier,
        autoencoder: ClassConditionalAutoencoder,
        *,
        scale: float,
        name: str = "reconstruction",
        threshold: float = 0.5,
    ) -> None:
        super().__init__(classifier, name=name, threshold=threshold)
        if not 0 < scale < math.inf:
            raise ValueError(f"scale must be an error above 0; got {scale!r}")
        self.autoencoder = autoencoder
        self.scale = float(scale)
        self.freeze()

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector of an entry of the index; ``tensors`` are the weights of its autoencoder.

        Raises ``KeyError`` or ``ValueError`` for an entry with a missing or invalid value,
        ``RuntimeError`` where the tensors do not fit the classifier's pictures and classes.
        """
        autoencoder = build(classifier, entry["recipe"]["code"], entry["recipe"]["width"])
        autoencoder.load_state_dict(tensors)
        autoencoder = autoencoder.to(classifier.device)
        return cls(classifier, autoencoder, scale=entry["scale"], threshold=entry["threshold"])

    @property
    def error_threshold(self) -> float:
        """The error above which a picture is flagged, in pixel units."""
        odds = self.threshold / (1 - self.threshold) if self.threshold < 1 else math.inf
        return self.scale * odds

    def reconstruct(self, images: Tensor, classes: Tensor) -> Tensor:
        """Pictures ``[N, C, H, W]`` in [0, 1], reconstructed as pictures of ``classes`` ``[N]``."""
        return self.autoencoder(images.to(self.classifier.mean.dtype), classes)

    def _squares(self, images: Tensor, classes: Tensor) -> Tensor:
        images = images.to(self.classifier.mean.dtype)
        return (images - self.reconstruct(images, classes)).square().mean((1, 2, 3))

    @torch.no_grad()
    def error(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        """Root-mean-square error ``[N]`` in [0, 1] under ``classes`` ``[N]``, or the predicted ones."""
        with self.asked_about(images):
            if classes is None:
                classes = self.classifier(images).argmax(1)
            return self._squares(images, classes).sqrt()

    @in_eval_mode
    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and the log-odds of the score ``[N]``, differentiable."""
        logits = self.classifier(images)
        squares = self._squares(images, logits.detach().argmax(1))
        return logits, squares.clamp_min(FLOOR).log() / 2 - math.log(self.scale)


def build(
    classifier: Classifier, code: int, width: int, seed: int = 0
) -> ClassConditionalAutoencoder:
    """An autoencoder with fresh weights for the pictures and classes of ``classifier``, on the CPU.

    The global random state is left unchanged.
    """
    with torch.random.fork_rng(devices=[]), torch.device("cpu"):
        torch.manual_seed(seed)
        return ClassConditionalAutoencoder(
            classifier.channels,
            classifier.input_size,
            len(classifier.class_names),
            code=code,
            width=width,
        ).float()
