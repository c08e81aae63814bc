"""One picture changed by augmentation and by an attack: what training can add to its data."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core import attacks, zoo
from robust_core.classifier import Classifier, Guess

STEPS = 10
"""Steps of PGD for the adversarial picture."""


@dataclass(frozen=True)
class Variant:
    """``kind`` is one of clean, shifted, mirrored, brighter, noisy, adversarial.

    ``picture`` is ``[1, C, H, W]`` on the CPU, ``linf`` the largest change of one of its values in [0, 1],
    ``guess`` the model's prediction.
    """

    kind: str
    picture: Tensor
    linf: float
    guess: Guess


def augmentation(model_name: str) -> tuple[int, bool]:
    """The largest shift in pixels and whether pictures are mirrored, from the recipe beside the weights.

    ``(0, False)`` for a model that was not trained here.
    """
    recipe = zoo.index().get(model_name, {}).get("recipe", {})
    return recipe.get("shift", 0), recipe.get("mirror", False)


def variants(model: Classifier, image: Tensor, label: int | None, *, eps: float) -> list[Variant]:
    """The picture ``[1, C, H, W]``, its augmentations, and three changes of at most ``eps`` a value.

    Shifts and mirror images are those of the model's own recipe. Brighter by eps, noise of plus or minus
    eps, and PGD within eps lie in the same Linf ball. PGD leaves the class ``label``, or the model's own
    prediction where that is None. Raises ``ValueError`` for more than one picture, and for an eps that
    PGD does not take.
    """
    if len(image) != 1:
        raise ValueError(f"image must be one picture; got {len(image)}")
    if label is None:
        label = model.predict(image, 1)[0][0].index
    shift, mirror = augmentation(model.name)
    there = image.to(model.device)
    truth = torch.tensor([label], dtype=torch.int64, device=model.device)
    noise = attacks.create("noise", eps=eps, seed=0)
    pgd = attacks.create("pgd", eps=eps, steps=STEPS)
    made = {"clean": image}
    if shift:
        made["shifted"] = shifted(image, shift)
    if mirror:
        made["mirrored"] = image.flip(3)
    made |= {
        "brighter": (image + eps).clamp(0, 1),
        "noisy": noise(model, there, truth).cpu(),
        "adversarial": pgd(model, there, truth).cpu(),
    }
    guesses = model.predict(torch.cat(list(made.values())), 1)
    return [
        Variant(kind, picture, (picture - image).abs().max().item(), guess)
        for (kind, picture), (guess,) in zip(made.items(), guesses, strict=True)
    ]


def shifted(image: Tensor, by: int) -> Tensor:
    """Shifted down and right by ``by`` pixels, filled with zeros: the largest shift used in training."""
    height, width = image.shape[2:]
    return F.pad(image, (by, 0, by, 0))[:, :, :height, :width]
