"""What one perturbation does to some pictures, beside noise of its size and an attack for each picture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Universal
from robust_core.classifier import Classifier, Guess
from robust_core.evaluation.universal.fooling import sign_noise
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits

STEPS = 20


@dataclass(frozen=True)
class Applied:
    """The answers on N pictures. ``changed`` are those with the perturbation, ``[N, C, H, W]``."""

    changed: Tensor
    before: tuple[Guess, ...]
    after: tuple[Guess, ...]
    by_noise: int
    """Of how many random noise of the same size changes the answer."""
    each: int | None
    """Of how many ``STEPS`` steps of PGD on the margin do, for each picture; None where none was run."""

    @property
    def fooled(self) -> int:
        """Of how many the perturbation changes the answer."""
        return sum(b.index != a.index for b, a in zip(self.before, self.after, strict=True))


def apply(model: Classifier, universal: Universal, images: Tensor) -> Applied:
    """Show the model ``images`` ``[N, C, H, W]`` in [0, 1] without and with the perturbation.

    A patch has no size in a norm: in place of the noise its own shape is filled with noise, and there is
    no attack for each picture. Raises ``ValueError`` for pictures that it does not fit.
    """
    changed = universal.apply(images)
    eps = universal.record.get("eps")
    norm = universal.record.get("norm")
    before = logits_of(model, images)
    own = before.argmax(1)
    noise = like_noise(universal)
    each = None
    if eps is not None:
        # Smoothed labels mask a part of the gradient of the cross-entropy, not that of the margin.
        name = "pgd-l2" if norm == "l2" else "pgd"
        pgd = attacks.create(name, eps=eps, steps=STEPS, loss="margin")
        alone = pgd(model, images.to(model.device), own.to(model.device)).cpu()
        each = int((logits_of(model, alone).argmax(1) != own).sum())
    return Applied(
        changed,
        guesses(model, before),
        guesses(model, logits_of(model, changed)),
        int((logits_of(model, noise.apply(images)).argmax(1) != own).sum()),
        each,
    )


def like_noise(universal: Universal, seed: int = 0) -> Universal:
    """Random noise of the size of a perturbation, or in the shape of a patch."""
    from robust_core.attacks.universal.patches import PatchUniversal
    from robust_core.evaluation.universal.placing import noise_patch

    if isinstance(universal, PatchUniversal):
        return noise_patch(universal, seed)
    eps = universal.record["eps"]
    size = tuple(universal.size)
    if universal.record["norm"] == "l2":  # every value as large, and of this length in all
        eps = eps / torch.Size(size).numel() ** 0.5
    return sign_noise(size, eps, seed)


@torch.inference_mode()
def logits_of(model: Classifier, images: Tensor) -> Tensor:
    """Logits ``[N, K]`` on the CPU."""
    with evaluating(model):
        return as_logits(model(images.to(model.device))).cpu()


def guesses(model: Classifier, logits: Tensor) -> tuple[Guess, ...]:
    """The most probable class of each picture."""
    shares, winners = logits.double().softmax(1).max(1)
    return tuple(
        Guess(index, model.class_names[index], share)
        for index, share in zip(winners.tolist(), shares.tolist(), strict=True)
    )
