"""What is proved of pictures, whatever the attack: certificates by votes, or bounds of a network."""

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robust_core import verification
from robust_core.defenses import Defended
from robust_core.evaluation.challenges.ladder import CERTIFICATES, Challenge
from robust_core.progress import Progress

VOTES = 1000
"""Of a certificate. Those that decide an answer are fewer, and prove too little."""
METHOD = "crown-optimised"


class Proof(NamedTuple):
    """What is proved of N pictures."""

    holds: Tensor
    """Which of them no attack within the ball can turn, bool ``[N]``; they are right when clean.

    A certificate is wrong with a small probability (``alpha``), bounds never.
    """
    bound: Tensor
    """float64 ``[N]``: the certified radius in L2, 0 for none of the label; or the least certified margin
    of the label's logit within the ball."""


def proved(
    challenge: Challenge, images: Tensor, labels: Tensor, progress: Progress | None = None
) -> Proof:
    """What is proved of pictures ``[N, C, H, W]`` with ``labels``, on the device of the pictures."""
    deployed: Any = challenge.load(images.device).deployed
    if challenge.proof != CERTIFICATES:
        found = verification.verify(
            deployed, images, labels, challenge.eps, METHOD, attack=False, progress=progress
        )
        return Proof(found.verified.cpu(), found.lower)
    assert isinstance(deployed, Defended)
    voting: Any = deployed.defense  # one with a certificate
    defense = replace(voting, n=VOTES)
    radii = torch.zeros(len(images), dtype=torch.float64, device="cpu")
    for k, (image, label) in enumerate(zip(images.split(1), labels.tolist(), strict=True)):
        if progress is not None:
            progress(k, len(images))
        one = defense.certificate(deployed.base, image)
        radii[k] = one.radius if one.label == label else 0.0
    return Proof(radii >= challenge.eps, radii)
