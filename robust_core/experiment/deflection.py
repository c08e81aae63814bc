"""Deflected attacks: what an attacker must draw to fool a classifier and its reconstruction detector.

Source: Qin, Frosst, Raffel, Cottrell, Hinton (2020), "Deflecting adversarial attacks".
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks import PGD, PGDPair
from robust_core.classifier import Classifier
from robust_core.data import DataSet
from robust_core.data.record import to_float
from robust_core.detectors import Reconstruction
from robust_core.modes import evaluating

PICTURES = 250
"""Most test pictures in the histogram."""
STEPS = 40
RESTARTS = 3
BOTH, REJECTED, MISSED = "passes both", "rejected", "target missed"


@dataclass(frozen=True)
class Deflection:
    """One picture of each class but the target, attacked towards it with full knowledge of both networks.

    ``clean``, ``adversarial`` and ``reconstructed`` are float32 ``[R, C, H, W]`` on the CPU, the last
    under the class ``said`` of the adversarial picture. ``errors`` ``[R]`` are against
    ``error_threshold``; ``resembles`` ``[R]`` is the class of the training picture nearest in L2, None
    where there is no such measure. ``own``, ``wrong`` and ``plain`` are errors for the histogram: of clean
    pictures under the predicted class and under the target, and of pictures that PGD, which knows only the
    classifier, turns into the target; ``plain_alike`` of those are nearest to pictures of the target.
    """

    target: int
    eps: float
    error_threshold: float
    labels: list[int]
    said: list[int]
    clean: Tensor
    adversarial: Tensor
    reconstructed: Tensor
    errors: Tensor
    passes: list[bool]
    resembles: list[int] | None
    own: Tensor
    wrong: Tensor
    plain: Tensor
    plain_alike: int | None

    @property
    def outcomes(self) -> list[str]:
        """The outcome, by whether the classifier says the target and the detector lets the picture pass."""
        return [
            MISSED if said != self.target else BOTH if passes else REJECTED
            for said, passes in zip(self.said, self.passes, strict=True)
        ]

    @property
    def deflected(self) -> int | None:
        """Pictures that pass both tests and are nearest to pictures of the target."""
        if self.resembles is None:
            return None
        pairs = zip(self.outcomes, self.resembles, strict=True)
        return sum(pair == (BOTH, self.target) for pair in pairs)


def pictures_of(record: DataSet, count: int = PICTURES) -> tuple[Tensor, Tensor]:
    """The first test pictures in [0, 1], held out from every threshold, and their labels.

    Raises ``DataMissing`` where the data set is not on this machine.
    """
    images, labels = record.stored("test")
    half = min(count, len(images) // 2)
    return to_float(images[:half]), labels[:half]


def nearest_class(record: DataSet, images: Tensor) -> Tensor:
    """The label of the training picture nearest in L2 to each picture: ``[N]``; no attack targets it."""
    known, labels = record.pictures("train")
    return labels[torch.cdist(images.flatten(1), known.flatten(1)).argmin(1)]


def deflect(
    detector: Reconstruction,
    images: Tensor,
    labels: Tensor,
    *,
    target: int,
    eps: float,
    resembles: Callable[[Tensor], Tensor] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Deflection:
    """Attack pictures towards ``target``; ``images`` ``[N, C, H, W]`` in [0, 1] have ``labels`` ``[N]``.

    Shows the first picture of each other class that is right and not flagged, attacked by ``pgd-pair``
    with ``eps`` in Linf; all of them are in the histogram. ``resembles`` gives the class that a picture
    looks like, by a measure that the attack does not know.

    Raises ``ValueError`` for a target that is not a class, or where no picture is right and not flagged.
    """
    classifier = detector.classifier
    if not 0 <= target < len(classifier.class_names):
        raise ValueError(
            f"target must be a class from 0 to {len(classifier.class_names) - 1}; got {target!r}"
        )
    images = images.to(classifier.device)
    labels = labels.to(classifier.device)
    images = images[labels != target]
    labels = labels[labels != target]
    rows = _one_of_each(detector, images, labels)
    aim = torch.full_like(labels, target)
    goal = torch.full_like(labels[rows], target)
    knowing = PGDPair(eps=eps, steps=STEPS, restarts=RESTARTS, detector=detector)
    step = _counter(progress, knowing.observations)
    adversarial = knowing(classifier, images[rows], goal, targeted=True, observer=step)
    said = _classes(classifier, adversarial)
    plain = PGD(eps=eps, steps=10)(classifier, images, aim, targeted=True)
    turned = _classes(classifier, plain) == target
    looks = None
    alike = None
    if resembles is not None:
        looks = resembles(adversarial.cpu()).tolist()
        alike = int((resembles(plain[turned].cpu()) == target).sum())
    return Deflection(
        target=target,
        eps=eps,
        error_threshold=detector.error_threshold,
        labels=labels[rows].tolist(),
        said=said.tolist(),
        clean=images[rows].cpu(),
        adversarial=adversarial.cpu(),
        reconstructed=detector.reconstruct(adversarial, said).detach().cpu(),
        errors=detector.error(adversarial, said).cpu(),
        passes=(~detector.flags(adversarial)).tolist(),
        resembles=looks,
        own=detector.error(images).cpu(),
        wrong=detector.error(images, aim).cpu(),
        plain=detector.error(plain[turned]).cpu(),
        plain_alike=alike,
    )


def _one_of_each(detector: Reconstruction, images: Tensor, labels: Tensor) -> list[int]:
    """The first picture of each class that is right and not flagged, by class."""
    good = (_classes(detector.classifier, images) == labels) & ~detector.flags(images)
    first: dict[int, int] = {}
    for row in good.nonzero().squeeze(1).tolist():
        first.setdefault(int(labels[row]), row)
    if not first:
        raise ValueError("images must include one that is right and not flagged")
    return [first[label] for label in sorted(first)]


@torch.no_grad()
def _classes(classifier: Classifier, images: Tensor) -> Tensor:
    with evaluating(classifier):
        return classifier(images).argmax(1)


def _counter(progress: Callable | None, total: int) -> Callable[[Tensor, Tensor], None] | None:
    """An observer that counts steps."""
    if progress is None:
        return None
    done = 0

    def observer(x: Tensor, loss: Tensor) -> None:
        nonlocal done
        done += 1
        progress(min(done, total), total)

    return observer
