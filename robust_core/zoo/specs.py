"""What is known of the project's own classifiers without their weights: architecture and pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from robust_core import models
from robust_core.classifier import Classifier
from robust_core.data import cifar10, digits


@dataclass(frozen=True)
class Spec:
    """How a model is built and what pictures it takes.

    ``base`` is the undefended model that it is the defended form of; None for an undefended one.
    """

    family: str
    build: Callable[[], nn.Module]
    class_names: tuple[str, ...]
    input_size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    base: str | None = None


RESNET, DIGITS = "cifar10-resnet32", "digits-cnn"
_UNDEFENDED = {
    RESNET: Spec(
        family="cifar10",
        build=models.ResNet32,
        class_names=cifar10.CLASSES,
        input_size=(32, 32),
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
    ),
    DIGITS: Spec(
        family="digits",
        build=models.DigitsCNN,
        class_names=digits.CLASSES,
        input_size=(8, 8),
        mean=(0.3052,),
        std=(0.3760,),
    ),
}


UNDEFENDED = tuple(_UNDEFENDED)
"""Models that are trained on plain pictures, and are always there."""


def _defended(base: str, defence: str, **changes) -> dict[str, Spec]:
    return {f"{base}-{defence}": replace(_UNDEFENDED[base], base=base, **changes)}


BUNDLED = (
    _UNDEFENDED
    | _defended(DIGITS, "pgd-at")
    | _defended(RESNET, "pgd-at")
    | _defended(RESNET, "fgsm-at")
    | _defended(RESNET, "fgsm-at-half")
    | _defended(RESNET, "distilled-t100")
    | _defended(RESNET, "gaussian")
    # Pixels are not divided by a deviation here, so that the noise layer's guarantee is in pixel units.
    | _defended(RESNET, "pixeldp", build=models.PixelDPResNet32, std=(1.0, 1.0, 1.0))
    | _defended(RESNET, "fgsm-at-plain")
    | _defended(RESNET, "lambda-at")
    | _defended(RESNET, "saturated", build=models.SaturatedCNN)
    | _defended(RESNET, "static-augmentation")
    | _defended(RESNET, "gradient-regularised")
    | _defended(RESNET, "distilled-t20")
)
"""Every model that the project trains. Of the defended ones those are bundled that the index has."""


def untrained(name: str, seed: int = 0) -> Classifier:
    """One of ``BUNDLED`` with fresh random weights; the global random state is left alone.

    Raises ``ValueError`` for another name.
    """
    if name not in BUNDLED:
        raise ValueError(f"model must be one of {', '.join(BUNDLED)}; got {name!r}")
    spec = BUNDLED[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = spec.build()
    return Classifier(
        network,
        name=name,
        class_names=spec.class_names,
        input_size=spec.input_size,
        mean=spec.mean,
        std=spec.std,
    )
