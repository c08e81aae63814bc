"""Does an adversarial picture survive? On prints and in photographs, simulated: shares of random views.

Kurakin, Goodfellow, Bengio (2017), section 3.2, printed pictures and took photographs of them. Here a
``Transformation`` stands for printer and camera.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.base import Model
from robust_core.attacks.checks import check_batch, check_classes, check_labels, check_logits
from robust_core.attacks.physical.transformation import Draw, Transformation, generator_of
from robust_core.contract import Asked, check_pictures
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits

VALUES = 2**20
FRESH = "fresh"
"""Names the stream of draws that judge: no attack draws from it."""


@dataclass(frozen=True)
class Destruction:
    """What photographs leave of an attack on N pictures, over n draws of the transformation.

    ``rate`` is the destruction rate d in [0, 1], None where no picture counts: of the ``counted``
    pictures that are right when clean and wrong when adversarial, the share of photographs of the
    adversarial picture that are right again. ``clean`` and ``adversarial`` are the shares of all N n
    photographs that are right; ``clean_seen`` and ``adversarial_seen`` those of the N pictures themselves.
    "Right" is: the label is among the ``top`` likeliest classes.
    """

    rate: float | None
    counted: int
    clean: float
    adversarial: float
    clean_seen: float
    adversarial_seen: float
    pictures: int
    draws: int
    top: int = 1


def destructions(
    model: Model,
    clean: Tensor,
    adversarial: Tensor,
    labels: Tensor,
    transformation: Transformation,
    *,
    draws: int,
    seed: int = 0,
    tops: tuple[int, ...] = (1, 5),
) -> tuple[Destruction, ...]:
    """Photograph clean and adversarial pictures under the same ``draws`` (Kurakin et al., 2017, eq. 1).

    ``d = sum C(X, y) not-C(X', y) C(T(X'), y) / sum C(X, y) not-C(X', y)``, where C says whether the label
    is among the ``top`` likeliest classes, and the sum is over pictures and draws. One result for each of
    ``tops``, from the same photographs.

    Args:
        model: any callable from ``[N, C, H, W]`` in [0, 1] to logits ``[N, K]``.
        clean: pictures ``[N, C, H, W]`` in [0, 1].
        adversarial: what an attack made of them, of the same shape.
        labels: true classes ``[N]``.
        transformation: the ranges to draw from.
        draws: photographs of each picture.
        seed: of the draws; no attack uses the same random numbers.
        tops: among how many of the likeliest classes the label has to be.

    Raises:
        ValueError: an argument is wrong; the sentence names it and what is allowed.
    """
    check_batch(clean)
    check_batch(adversarial)
    if adversarial.shape != clean.shape:
        raise ValueError(
            f"adversarial must be of the shape of clean, {list(clean.shape)}; got "
            f"{list(adversarial.shape)}"
        )
    for top in tops:
        if not isinstance(top, int) or top < 1:
            raise ValueError(f"top must be a whole number of classes, at least 1; got {top!r}")
    labels = check_labels(labels, clean)
    taken = transformation.draw(draws, generator_of(seed, FRESH))
    none = Transformation().draw(1, generator_of(seed, FRESH))
    ranks = [
        ranks_under(model, images, draw, labels)
        for draw in (none, taken)
        for images in (clean, adversarial)
    ]
    return tuple(_counted(*(rank < top for rank in ranks), top=top) for top in tops)


def _counted(
    before: Tensor, after: Tensor, photos: Tensor, attacked: Tensor, *, top: int
) -> Destruction:
    """Of which are right, bool ``[1, N]`` without a photograph and ``[n, N]`` with."""
    chosen = (before & ~after)[0]
    n = int(chosen.sum())
    return Destruction(
        rate=attacked[:, chosen].double().mean().item() if n else None,
        counted=n,
        clean=photos.double().mean().item(),
        adversarial=attacked.double().mean().item(),
        clean_seen=before.double().mean().item(),
        adversarial_seen=after.double().mean().item(),
        pictures=photos.shape[1],
        draws=len(photos),
        top=top,
    )


def adversariality(
    model: Model,
    images: Tensor,
    labels: Tensor,
    transformation: Transformation,
    *,
    targeted: bool = False,
    draws: int,
    seed: int = 0,
) -> Tensor:
    """The share of fresh views in which each picture is adversarial, float64 ``[N]`` in [0, 1].

    Athalye et al. (2018), section 3.1. ``labels`` ``[N]`` are the true classes, which a view is to miss, or
    if ``targeted`` the classes that it is to be taken for. The draws are never those of an attack.
    Raises ``ValueError`` as ``destructions`` does.
    """
    check_batch(images)
    labels = check_labels(labels, images)
    drawn = transformation.draw(draws, generator_of(seed, FRESH))
    said = ranks_under(model, images, drawn, labels) == 0
    return (said if targeted else ~said).double().mean(0)


@torch.no_grad()
def ranks_under(model: Model, images: Tensor, draw: Draw, labels: Tensor) -> Tensor:
    """How many classes come before the label in each view of each picture, int64 ``[n, N]`` for n draws.

    ``labels`` ``[N]`` are on the device of ``images``. Of equal logits the first class comes first; answers
    that are not numbers have all classes before the label.
    """
    check_pictures(model, images)
    ask = Asked(model, images.dtype)
    work = images if images.dtype == torch.float64 else images.float()
    together = max(1, VALUES // work.numel())
    found = []
    with evaluating(model):
        for first in range(0, len(draw), together):
            views = draw[first : first + together].every(work)
            flat = views.flatten(0, 1)
            logits = ask(flat)
            check_logits(logits, flat)
            check_classes(labels, logits)
            found.append(_ranks(as_logits(logits), labels.repeat(len(views))))
    return torch.cat([x.view(-1, len(images)) for x in found])


def _ranks(logits: Tensor, classes: Tensor) -> Tensor:
    own = logits.gather(1, classes.unsqueeze(1))
    earlier = torch.arange(logits.shape[1], device=logits.device) < classes.unsqueeze(1)
    before = (logits > own) | ((logits == own) & earlier)
    return before.sum(1).masked_fill(logits.isnan().any(1), logits.shape[1])
