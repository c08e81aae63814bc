"""The dynamic adversary step by step: how the classifier and its detector judge each iterate."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks import Dynamic
from robust_core.classifier import Guess
from robust_core.data.fitting import as_saved
from robust_core.detectors import Detector
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits

FOOLED = {
    (True, True): "Fools both",
    (True, False): "Fools only the classifier",
    (False, True): "Class unchanged, not flagged",
    (False, False): "Class unchanged, flagged",
}
"""The outcome, by whether the classifier is wrong and the detector lets the picture pass."""


@dataclass(frozen=True)
class Duel:
    """Answers to T pictures: the clean one, each iterate, and the last, which is returned.

    ``confidence`` is the classifier's in the true class, ``scores`` are P(adversarial): float64 ``[T]``.
    Pictures are float32 ``[1, C, H, W]`` on the CPU. ``label`` is the true class with the confidence
    in it at the start, ``answer`` the classifier's final answer.
    """

    confidence: Tensor
    scores: Tensor
    threshold: float
    label: Guess
    answer: Guess
    clean: Tensor
    adversarial: Tensor
    wrong_before: bool
    flagged_before: bool
    flagged: bool
    rounded: str
    """The verdict on the picture as shown: rounded to 8 bits towards the clean one."""

    @property
    def verdict(self) -> str:
        """Which of the two networks the last picture fools."""
        return FOOLED[self.answer.index != self.label.index, not self.flagged]


def duel(
    detector: Detector,
    images: Tensor,
    attack: Dynamic,
    *,
    label: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Duel:
    """Run the dynamic adversary on one picture ``[1, C, H, W]`` and ask both networks at each step.

    ``attack.detector`` must be ``detector``. ``label`` is the true class; None takes the classifier's
    own prediction. The passes made here to ask both networks are not part of the attack.
    """
    if attack.detector is not detector:
        raise ValueError("attack.detector must be the detector of the duel")
    model = detector.classifier
    images = images.to(model.device)
    if label is None:
        with evaluating(model), torch.no_grad():
            label = int(model(images).argmax())
    iterates: list[Tensor] = []

    def observer(x: Tensor, loss: Tensor) -> None:
        iterates.append(x.cpu())
        if progress is not None:
            progress(len(iterates), attack.observations)

    labels = torch.tensor([label], dtype=torch.int64, device=model.device)
    adversarial = attack.run(model, images, labels, observer=observer).x_adv.cpu()
    if not torch.equal(iterates[-1], adversarial):
        iterates.append(adversarial)
    rounded = as_saved(adversarial, images.cpu())
    with torch.no_grad():
        logits, odds = detector.both(torch.cat([*iterates, rounded]).to(model.device))
    scores = odds.sigmoid().cpu()
    answers = logits.argmax(1).tolist()
    flags = (scores > detector.threshold).tolist()
    shares = as_logits(logits).cpu().double().softmax(1)
    names = model.class_names

    def guess(place: int, index: int) -> Guess:
        return Guess(index, names[index], shares[place, index].item())

    return Duel(
        confidence=shares[:-1, label],
        scores=scores[:-1].double(),
        threshold=detector.threshold,
        label=guess(0, label),
        answer=guess(-2, answers[-2]),
        clean=images.cpu(),
        adversarial=adversarial,
        wrong_before=answers[0] != label,
        flagged_before=flags[0],
        flagged=flags[-2],
        rounded=FOOLED[answers[-1] != label, not flags[-1]],
    )
