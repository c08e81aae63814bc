"""How a network does at one moment: clean accuracy, accuracy under FGSM and PGD, zero gradients."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.classifier import Classifier
from robust_core.modes import evaluating


@dataclass(frozen=True)
class Snapshot:
    """Shares of ``n`` pictures, 0 to 1: right as they are, and right under attacks of size ``eps`` (Linf).

    ``fgsm`` and ``pgd`` (``steps`` steps from a random start) attack the logits. ``zero_gradients`` is the
    share of pictures whose cross-entropy through the softmax in float32 has a gradient of exactly
    zero in every pixel; ``masked`` is PGD by that gradient (None where it was not asked for). ``old`` is
    the share of right answers on adversarial pictures made earlier (None where there were none).
    """

    n: int
    eps: float
    steps: int
    clean: float
    fgsm: float
    pgd: float
    zero_gradients: float
    old: float | None
    masked: float | None = None


def copies(model: Classifier, images: Tensor, labels: Tensor, *, eps: float) -> Tensor:
    """FGSM copies ``[N, C, H, W]`` made on ``model``, as static augmentation trains on them."""
    return attacks.create("fgsm", eps=eps)(model, images, labels)


def snapshot(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    *,
    eps: float,
    steps: int,
    masked: bool = True,
    old: Tensor | None = None,
) -> Snapshot:
    """Attack every picture ``[N, C, H, W]`` with its true label, whether or not the model is right.

    ``old`` are adversarial copies of the same pictures made on another model; they are classified as they
    are. The seed is fixed, so that equal weights give equal shares. Raises ``ValueError`` for an eps or a
    number of steps that the attacks do not allow, for no pictures, and where ``old`` has another shape
    than ``images``.
    """
    if not len(images):
        raise ValueError("images must be at least one picture; got none")
    if old is not None and old.shape != images.shape:
        raise ValueError(f"old must be {list(images.shape)}, as images; got {list(old.shape)}")

    def right(x: Tensor) -> float:
        with evaluating(model), torch.inference_mode():
            return (model(x).argmax(1) == labels).double().mean().item()

    naive = attacks.create("fgsm", eps=eps, loss="softmax-ce").run(model, images, labels)
    others = {
        "fgsm": attacks.create("fgsm", eps=eps),
        "pgd": attacks.create("pgd", eps=eps, steps=steps),
    }
    if masked:
        others["masked"] = attacks.create("pgd", eps=eps, steps=steps, loss="softmax-ce")
    return Snapshot(
        n=len(images),
        eps=eps,
        steps=steps,
        clean=right(images),
        zero_gradients=(naive.zero_gradients > 0).double().mean().item(),
        old=None if old is None else right(old),
        **{name: right(attack(model, images, labels)) for name, attack in others.items()},
    )
