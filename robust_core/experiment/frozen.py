"""The check that a detector leaves its classifier alone: every answer and every value as it was before.

Metzen et al. (2017), section 3: the classifier is frozen while the detector is trained. A framework that
goes on updating the statistics of batch normalisation would change it silently (Carlini and Wagner, 2017).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core.attacks import FGSM
from robust_core.classifier import Classifier
from robust_core.detectors import Subnetwork

EPS = 4 / 255
STEPS = 4
RATE = 1e-4
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class FrozenCheck:
    """What was compared before a detector was attached and after it was trained, and what differs.

    ``answers`` logits of ``pictures`` pictures, and ``tensors`` weights and statistics of the
    classifier, of which ``statistics`` are those of batch normalisation; ``changed`` names those whose
    bits differ, ``same_answers`` says whether no logit does. ``learned`` says whether the detector
    itself changed.
    """

    pictures: int
    answers: int
    tensors: int
    statistics: int
    same_answers: bool
    learned: bool
    changed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the classifier is bit for bit what it was, although the detector is not."""
        return self.same_answers and not self.changed and self.learned


def check_frozen(
    classifier: Classifier,
    subnetwork: nn.Module,
    images: Tensor,
    train: Callable[[], object],
) -> FrozenCheck:
    """Compare a classifier before and after ``train()``, which trains an attached ``subnetwork``.

    ``images`` ``[N, C, H, W]`` in [0, 1] are those that the classifier is asked about.
    """
    state, fresh = _bits(classifier), _bits(subnetwork)
    answers = _answers(classifier, images)
    train()
    after = _answers(classifier, images)
    now, learned = _bits(classifier), _bits(subnetwork)
    return FrozenCheck(
        pictures=len(images),
        answers=answers.numel(),
        tensors=len(state),
        statistics=sum(name.endswith(STATISTICS) for name in state),
        same_answers=torch.equal(answers, after),
        changed=tuple(name for name, value in state.items() if not torch.equal(value, now[name])),
        learned=any(not torch.equal(value, learned[name]) for name, value in fresh.items()),
    )


def check_attached(classifier: Classifier, point: str, images: Tensor) -> FrozenCheck:
    """Attach a fresh subnetwork at a point, let it take ``STEPS`` steps, and compare.

    It learns to tell ``images`` from what FGSM makes of them. Raises ``ValueError`` for a point that the
    classifier does not have.
    """
    detector = Subnetwork.fresh(classifier, point)
    subnetwork = detector.subnetwork

    def train() -> None:
        adversarial = FGSM(eps=EPS)(classifier, images, _answers(classifier, images).argmax(1))
        with torch.no_grad():
            read = torch.cat([detector.activation(x) for x in (images, adversarial)])
        target = torch.arange(2 * len(images), device=read.device) >= len(images)
        optimiser = torch.optim.Adam(subnetwork.requires_grad_(True).parameters(), lr=RATE)
        subnetwork.train()
        for _ in range(STEPS):
            loss = F.binary_cross_entropy_with_logits(subnetwork(read), target.float())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        subnetwork.eval().requires_grad_(False)
        detector.score(images)

    return check_frozen(classifier, subnetwork, images, train)


@torch.no_grad()
def _answers(classifier: Classifier, images: Tensor) -> Tensor:
    return classifier(images)


def _bits(module: nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and statistics."""
    return {name: value.clone() for name, value in module.state_dict().items()}
