"""How well a detector tells genuine from adversarial pictures (Metzen et al., 2017, section 4.1)."""

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from robust_core.detectors.base import Detector
from robust_core.detectors.subnetwork import Subnetwork
from robust_core.modes import evaluating

EIGHT_BIT = 255
PASS = 250
VALUES_PER_PASS = 2**21
"""The most pictures, and values of pictures, that go through a classifier and a detector at a time."""


def per_pass(images: Tensor, most: int = PASS) -> int:
    """Pictures ``[N, C, H, W]`` at a time: ``most`` of 32 x 32, fewer of larger ones."""
    return max(1, min(most, VALUES_PER_PASS // images.shape[1:].numel()))


def to_lattice(images: Tensor) -> Tensor:
    """Pictures in [0, 1], rounded to 8 bits per value as in a file."""
    return images.mul(EIGHT_BIT).round_().div_(EIGHT_BIT)


class Figures(TypedDict):
    """What ``Answers.figures`` counts; None where nothing was successful."""

    detectability: float | None
    auc: float | None
    false_positives: float
    true_positives: float | None
    n_test: int
    n_adversarial: int
    top1: float
    top1_adversarial: float


@dataclass(frozen=True)
class Answers:
    """Detector scores and classifier correctness on N pictures and their adversarial versions.

    ``genuine`` and ``adversarial`` are the detector's scores ``[N]``; ``before`` and ``after`` say
    where the classifier is right, bool ``[N]``.
    """

    genuine: Tensor
    adversarial: Tensor
    before: Tensor
    after: Tensor

    @property
    def turned(self) -> Tensor:
        """Where the adversary succeeds, bool ``[N]``: right before, wrong after."""
        return self.before & ~self.after

    def figures(self, threshold: float = 0.5) -> Figures:
        """Detectability at a threshold of the score, and the figures behind it.

        ``detectability`` is the balanced accuracy, (1 - false positives + true positives) / 2.
        All N pictures count as genuine, only the ``n_adversarial`` successful ones as adversarial.
        ``auc`` is the area under the ROC curve of the same pictures. ``detectability``, ``auc`` and
        ``true_positives`` are None where none was successful. ``top1`` is the classifier's accuracy on
        clean, ``top1_adversarial`` on adversarial pictures.
        """
        false_positives = (self.genuine > threshold).double().mean().item()
        successful = self.adversarial[self.turned]
        known = len(successful) > 0
        true_positives = (successful > threshold).double().mean().item()
        return {
            "detectability": (1 - false_positives + true_positives) / 2 if known else None,
            "auc": area(self.genuine, successful) if known else None,
            "false_positives": false_positives,
            "true_positives": true_positives if known else None,
            "n_test": len(self.genuine),
            "n_adversarial": len(successful),
            "top1": self.before.double().mean().item(),
            "top1_adversarial": self.after.double().mean().item(),
        }


def area(genuine: Tensor, adversarial: Tensor) -> float:
    """Area under the ROC curve of scores ``[N]`` and ``[M]``."""
    from sklearn.metrics import roc_auc_score

    truth = kinds(genuine, adversarial)
    return float(roc_auc_score(truth, torch.cat([genuine, adversarial]).numpy()))


def kinds(genuine: Sized, adversarial: Sized) -> np.ndarray:
    """For scikit-learn: 0 for each of the genuine, then 1 for each of the adversarial, float32."""
    return np.repeat(np.array([0, 1], np.float32), [len(genuine), len(adversarial)])


@torch.no_grad()
def answers(
    detector: Detector,
    pairs: Iterable[tuple[Tensor, Tensor]],
    labels: Tensor,
    *,
    eight_bit: bool = False,
) -> Answers:
    """Answers on pairs of batches, clean and adversarial ``[n, C, H, W]``; ``labels`` ``[N]`` are true.

    ``eight_bit`` rounds both to 8 bits first: a detector must not rely on values in between.
    """
    scores = []
    right = []
    start = 0
    for pair in pairs:
        truth = labels[start : start + len(pair[0])].to(detector.device)
        start += len(truth)
        with evaluating(detector):
            said = [detector.both(to_lattice(x) if eight_bit else x) for x in pair]
        scores.append(torch.stack([z.sigmoid() for _, z in said]).cpu())
        right.append(torch.stack([logits.argmax(1) == truth for logits, _ in said]).cpu())
    return Answers(*torch.cat(scores, 1), *torch.cat(right, 1))


@torch.no_grad()
def ask(detectors: Sequence[Detector], images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Scores ``[D, n]`` of detectors on one classifier, and where it is right, bool ``[n]``, on the CPU.

    Subnetworks share one pass of the trunk, which is also the classifier's own.
    """
    classifier = detectors[0].classifier
    scores = {}
    if any(isinstance(detector, Subnetwork) for detector in detectors):
        last = None
        normalised = classifier.normalise(images.to(classifier.mean.dtype))
        with evaluating(classifier):
            for point, last in classifier.network.walk(normalised):
                for i, detector in enumerate(detectors):
                    if isinstance(detector, Subnetwork) and detector.point == point:
                        scores[i] = detector.subnetwork(last).sigmoid()
            logits = classifier.network.head(last)
    else:  # whose classifier may have no attachment points
        with evaluating(classifier):
            logits = classifier(images)
    for i, detector in enumerate(detectors):
        if i not in scores:
            scores[i] = detector.score(images)
    right = logits.argmax(1) == labels
    return torch.stack([scores[i] for i in range(len(detectors))]).cpu(), right.cpu()
