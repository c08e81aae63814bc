"""TensorFlow's FGSM tutorial: the gradient of one picture, taken once, and its sign times several eps.

The tutorial's pixels run from -1 to 1, as MobileNetV2 takes them, so that an eps there is half as much of
a pixel's range as on [0, 1].
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.oracle import Oracle
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import as_saved
from robust_core.experiment.frames import guess, logits_of
from robust_core.goals import Untargeted
from robust_core.modes import evaluating

EPS = (0.01, 0.1, 0.15, 0.5, 0.7)
TUTORIAL = (-1.0, 1.0)
PIXELS = (0.0, 1.0)
Scale = tuple[float, float]
"""Black and white of a scale."""


@dataclass(frozen=True)
class Shot:
    """One eps: the picture float32 ``[1, C, H, W]`` in [0, 1], and what the model says of it, saved."""

    eps: float
    picture: Tensor
    answer: Guess
    label: Guess


@dataclass(frozen=True)
class Tutorial:
    """The signs of the gradient ``[1, C, H, W]``, the clean answer, and a shot for each eps and scale."""

    sign: Tensor
    clean: Guess
    label: Guess
    shots: dict[Scale, tuple[Shot, ...]]


def moved(images: Tensor, sign: Tensor, eps: float, scale: Scale) -> Tensor:
    """``clip(x + eps * sign)`` on ``scale``, from and to pictures in [0, 1]."""
    black, white = scale
    there = black + (white - black) * images
    return ((there + eps * sign).clamp(black, white) - black) / (white - black)


def signed_gradient(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """The signs of the gradient of the cross-entropy, ``[N, C, H, W]``: those of FGSM, in one pass."""
    with torch.inference_mode(False), torch.enable_grad(), evaluating(model):
        oracle = Oracle(model, images, recording=False)
        return oracle.ascent(images, Untargeted().bind(labels), "ce")[0].sign()


def tutorial(
    model: Classifier,
    images: Tensor,
    label: int | None = None,
    *,
    eps_list: Sequence[float] = EPS,
    scales: Sequence[Scale] = (TUTORIAL, PIXELS),
) -> Tutorial:
    """One picture ``[1, C, H, W]`` in [0, 1] at each eps, on each scale, by one gradient.

    ``label`` is the true class; None takes the model's own answer. Answers are about the picture as it is
    saved, rounded to 8 bits towards the clean one. Raises ``ValueError`` for several pictures, and for
    one of another size than the model's.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    model.check_pictures(images)
    clean = logits_of(model, images).softmax(1)
    own = int(clean.argmax()) if label is None else label
    labels = torch.tensor([own], dtype=torch.int64, device=images.device)
    sign = signed_gradient(model, images, labels)
    shots = {}
    for scale in scales:
        pictures = torch.cat([moved(images, sign, eps, scale) for eps in eps_list]).cpu()
        saved = as_saved(pictures, images.cpu().expand_as(pictures))
        said = logits_of(model, saved.to(images.device)).softmax(1)
        shots[scale] = tuple(
            Shot(
                eps,
                pictures[i : i + 1],
                guess(model, said[i : i + 1], int(said[i].argmax())),
                guess(model, said[i : i + 1], own),
            )
            for i, eps in enumerate(eps_list)
        )
    first = int(clean.argmax())
    return Tutorial(sign.cpu(), guess(model, clean, first), guess(model, clean, own), shots)
