"""One picture under every natural change: the answer at each strength, and where it first flips."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.data.fitting import as_saved, to_pixels
from robust_core.experiment.frames import logits_of
from robust_core.natural.changes import CHANGES
from robust_core.progress import Progress


@dataclass(frozen=True)
class Look:
    """The answer at one strength: the class ``said``, its confidence, and that of the first answer.

    ``pixels`` are what the network saw, uint8 ``[H, W, C]``.
    """

    strength: float
    said: int
    confidence: float
    first: float
    pixels: np.ndarray


@dataclass(frozen=True)
class Swept:
    """One change along its path, from strength 0; ``label`` is the answer there."""

    change: str
    looks: tuple[Look, ...]

    @property
    def label(self) -> int:
        return self.looks[0].said

    @property
    def flip(self) -> Look | None:
        """The mildest strength looked at with another answer; None where the answer stays."""
        return next((look for look in self.looks if look.said != self.label), None)

    @property
    def marked(self) -> tuple[Look, ...]:
        """Without a change, and at the five strengths of the change."""
        return self.looks[::2]


def sweep(model: Classifier, images: Tensor, progress: Progress | None = None) -> dict[str, Swept]:
    """Every change of one picture ``[1, C, H, W]`` in [0, 1] on the model's device, by name.

    All are judged as saved in 8 bits. ``progress`` is called as ``progress(k, n)`` after each change; what
    it raises ends it. Raises ``ValueError`` for several pictures.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    found = {}
    for k, change in enumerate(CHANGES):
        changed = as_saved(torch.cat([change(images, s) for s in change.path]))
        shares = logits_of(model, changed).double().softmax(1).cpu()
        said = shares.argmax(1).tolist()
        pixels = to_pixels(changed)
        looks = [
            Look(s, said[i], shares[i, said[i]].item(), shares[i, said[0]].item(), pixels[i])
            for i, s in enumerate(change.path)
        ]
        found[change.name] = Swept(change.name, tuple(looks))
        if progress is not None:
            progress(k + 1, len(CHANGES))
    return found
