"""What is proved of pictures, whatever the attack: certificates by votes, or bounds of a network."""

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from robust_core import verification
from robust_core.defenses import Defended
from robust_core.evaluation.challenges.ladder import CERTIFICATES, Challenge
from robust_core.progress import Progress

VOTES = 1000
"""Of a certificate. Those that decide an answer are fewer, and prove too little."""
METHOD = "crown-optimised"


def proved(
    challenge: Challenge, images: Tensor, labels: Tensor, progress: Progress | None = None
) -> Tensor:
    """Which pictures no attack within the ball can turn, bool ``[N]``; they are right when clean.

    A certificate is wrong with a small probability (``alpha``), bounds never. On the device of ``images``.
    """
    deployed: Any = challenge.load(images.device).deployed
    if challenge.proof != CERTIFICATES:
        found = verification.verify(
            deployed, images, labels, challenge.eps, METHOD, attack=False, progress=progress
        )
        return found.verified.cpu()
    assert isinstance(deployed, Defended)
    voting: Any = deployed.defense  # one with a certificate
    defense = replace(voting, n=VOTES)
    holds = []
    for k, (image, label) in enumerate(zip(images.split(1), labels.tolist(), strict=True)):
        if progress is not None:
            progress(k, len(images))
        one = defense.certificate(deployed.base, image)
        holds.append(one.label == label and one.radius >= challenge.eps)
    return torch.tensor(holds, dtype=torch.bool, device="cpu")
