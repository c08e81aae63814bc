"""What one perturbation does to a test set: the share fooled, and the labels that absorb the pictures."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from robust_core.attacks import Universal
from robust_core.attacks.universal.balls import length
from robust_core.attacks.universal.base import DOMINANT, shuffled
from robust_core.classifier import Classifier
from robust_core.evaluation.accuracy import default_batch
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits

Show = Callable[[Tensor, Tensor], Tensor]
"""Pictures and their indices in the set to the pictures that the model is shown."""


@torch.inference_mode()
def answers(
    model: Classifier,
    images: Tensor,
    show: Show | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tensor:
    """The classes ``[N]`` that the model gives to ``images`` ``[N, C, H, W]``, as ``show`` shows them."""
    found = []
    with evaluating(model):
        for rows in torch.arange(len(images), device="cpu").split(default_batch(images)):
            x = images[rows] if show is None else show(images[rows], rows)
            found.append(as_logits(model(x.to(model.device))).argmax(1).cpu())
            if progress is not None:
                progress(len(rows))
    return torch.cat(found)


def fooling(clean: Tensor, shown: Tensor, labels: Tensor) -> dict[str, Any]:
    """Counts over the N pictures of a set.

    ``clean`` and ``shown`` are the answers without and with the perturbation, ``[N]``. ``fooled`` are those
    whose answer has changed: k(x + v) other than k(x), all pictures counting (Moosavi-Dezfooli et al.,
    2017). ``correct`` are those still right; ``dominant`` the labels that absorb most of the *fooled*,
    with the numbers of those.
    """
    moved = shown != clean
    counts = Counter(shown[moved].tolist()).most_common(DOMINANT)
    return {
        "n": len(clean),
        "fooled": int(moved.sum()),
        "rate": moved.double().mean().item(),
        "clean_correct": int((clean == labels).sum()),
        "correct": int((shown == labels).sum()),
        "dominant": [list(pair) for pair in counts],
    }


def of_perturbation(
    model: Classifier,
    universal: Universal,
    images: Tensor,
    labels: Tensor,
    clean: Tensor | None = None,
    progress: Callable[[int], object] | None = None,
) -> dict[str, Any]:
    """``fooling`` of a perturbation on ``images`` ``[N, C, H, W]``, clipped to [0, 1], and its own size."""
    clean = answers(model, images) if clean is None else clean
    shown = answers(model, images, lambda x, rows: universal.apply(x), progress)
    return fooling(clean, shown, labels) | {
        norm: length(universal.delta, norm) for norm in ("linf", "l2")
    }


def sign_noise(size: tuple[int, ...], eps: float, seed: int) -> Universal:
    """Random signs of size eps, one for all pictures ``[C, H, W]``: what a perturbation must beat."""
    count = torch.Size(size).numel()
    signs = (shuffled(2 * count, seed, 0, torch.device("cpu"))[:count] % 2).float() * 2 - 1
    record = {"attack": "noise", "parameters": {"kind": "sign", "seed": seed}, "eps": eps}
    return Universal(eps * signs.view(1, *size), record | {"norm": "linf"})
