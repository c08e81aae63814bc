"""The check that a detector leaves its classifier alone: every answer and every value as it was before.

Metzen et al. (2017), section 3: the classifier is frozen while the detector is trained. A framework that
goes on updating the statistics of batch normalisation would change it silently (Carlini and Wagner, 2017).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.training.detectors.crafted import Adversary
from robust_core.training.detectors.static import StaticTrainer
from robust_core.training.recipes import DetectorRecipe

EPOCHS = 2
STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class FrozenCheck:
    """What was compared before a detector was attached and after it was trained, and what differs.

    ``answers`` logits of ``pictures`` pictures, and ``tensors`` weights and statistics of the
    classifier, of which ``statistics`` are those of batch normalisation; ``changed`` names those whose
    bits differ, ``same_answers`` says whether no logit does. ``steps`` is how many the training took,
    ``learned`` says whether the detector itself changed.
    """

    pictures: int
    answers: int
    tensors: int
    statistics: int
    same_answers: bool
    changed: tuple[str, ...]
    steps: int
    learned: bool

    @property
    def holds(self) -> bool:
        """Whether the classifier is bit for bit what it was, although the detector is not."""
        return self.same_answers and not self.changed and self.learned


def check_frozen(
    classifier: Classifier, point: str, images: Tensor, adversary: Adversary, seed: int = 0
) -> FrozenCheck:
    """Attach a fresh subnetwork, train it for a moment as ``train detector`` does, and compare.

    ``images`` ``[N, C, H, W]`` in [0, 1] are those that are asked about, and, beside what ``adversary``
    makes of them, those that the detector is trained on. Raises ``ValueError`` for a point that the classifier
    does not have.
    """
    state = _bits(classifier)
    with torch.no_grad():
        answers = classifier(images)
    recipe = DetectorRecipe(classifier.name, "", point, "check", epochs=EPOCHS, batch=len(images))
    trainer = StaticTrainer(classifier, recipe, seed)
    fresh = _bits(trainer.subnetwork)
    detector = trainer.result()
    adversarial = adversary(classifier, images, answers.argmax(1))
    with torch.no_grad():
        pairs = torch.stack([detector.activation(x) for x in (images, adversarial)], 1)
    while trainer.epoch < recipe.epochs:
        trainer.run_epoch(pairs.half().cpu().numpy(), show=False)
    trainer.result().score(images)
    with torch.no_grad():
        after = classifier(images)
    now, learned = _bits(classifier), _bits(trainer.subnetwork)
    return FrozenCheck(
        pictures=len(images),
        answers=answers.numel(),
        tensors=len(state),
        statistics=sum(name.endswith(STATISTICS) for name in state),
        same_answers=torch.equal(answers, after),
        changed=tuple(name for name, value in state.items() if not torch.equal(value, now[name])),
        steps=trainer.epoch * -(-2 * len(images) // recipe.batch),
        learned=any(not torch.equal(value, learned[name]) for name, value in fresh.items()),
    )


def _bits(module: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of all weights and statistics."""
    return {name: value.clone() for name, value in module.state_dict().items()}
