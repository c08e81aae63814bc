"""A set of pictures against eps: how many are proved, broken and unknown, for one network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks, verification
from robust_core.classifier import Classifier
from robust_core.experiment.verified import LARGEST, PGD
from robust_core.progress import Progress
from robust_core.verification.checks import CROWN, IBP
from robust_core.verification.record import BROKEN, WRONG

METHODS = (IBP, CROWN)
STEPS = 10
"""Halvings for each method, and radii at which PGD is run."""


@dataclass(frozen=True)
class Survey:
    """For each of N pictures, in pixel units: the certified radius by method, and where it is broken.

    ``proved`` ``[N]`` by method; ``broken`` ``[N]`` is the least distance of an adversarial picture,
    infinite where none was seen; both are 0 for a picture that is wrong when clean, see ``wrong``.
    """

    proved: dict[str, Tensor]
    broken: Tensor
    wrong: Tensor

    @property
    def n(self) -> int:
        return len(self.broken)

    @property
    def clean(self) -> float:
        """Share right when clean."""
        return 1 - self.wrong.double().mean().item()

    def shares(self, eps: float) -> dict[str, float]:
        """Shares of all pictures at a radius; they add up to 1. A method's is what it adds to the last."""
        certified = torch.zeros(self.n, dtype=torch.bool, device="cpu")
        found = {}
        for method, radius in self.proved.items():
            more = (radius >= eps) & ~self.wrong & ~certified
            certified |= more
            found[method] = more.double().mean().item()
        broken = (self.broken <= eps) & ~self.wrong & ~certified
        rest = ~(certified | broken | self.wrong)
        others = {"unknown": rest, BROKEN: broken, WRONG: self.wrong}
        return found | {name: where.double().mean().item() for name, where in others.items()}


def survey(
    model: Classifier, images: Tensor, labels: Tensor, progress: Progress | None = None
) -> Survey:
    """By IBP and CROWN from below; from above by DeepFool, and by PGD at radii from 0 to ``LARGEST``."""
    total = STEPS * (len(METHODS) + 1)
    done = 0

    def beat(step: int, _: int) -> None:
        if progress is not None:
            progress(done + min(step, STEPS), total)

    found = {}
    for method in METHODS:
        radii = verification.radii(model, images, labels, method, steps=STEPS, progress=beat)
        found[method] = radii.lower
        done += STEPS
    broken = radii.upper.clone()  # DeepFool's, the same for both
    for step in range(1, STEPS + 1):
        beat(step - 1, STEPS)
        eps = LARGEST * step / STEPS
        rows = ((broken > eps) & (found[CROWN] < eps)).nonzero().squeeze(1)
        if len(rows):
            fooled = _fooled(model, images[rows], labels[rows], eps)
            broken[rows[fooled]] = eps
    with torch.no_grad():
        wrong = model(images).argmax(1).cpu() != labels.cpu()
    return Survey(proved=found, broken=broken, wrong=wrong)


def _fooled(model: Classifier, images: Tensor, labels: Tensor, eps: float) -> Tensor:
    pgd = attacks.create(PGD, eps=eps, steps=20, loss="margin")
    with torch.no_grad():
        return (model(pgd(model, images, labels)).argmax(1) != labels).cpu()
