"""Defences: a registry from names to classes.

defended = defenses.create("jpeg", quality=75)(zoo.load("cifar10-resnet32"))
adversarial = attacks.create("pgd")(defended, images, labels, adaptive=True)
"""

from typing import Any

from robust_core.defenses.base import Defended, Defense
from robust_core.defenses.filters import JPEG, BitDepth, Median, TotalVariation
from robust_core.defenses.noisy import PixelDP, Smoothing
from robust_core.defenses.random_resize import RandomResizePad
from robust_core.defenses.trained import (
    FGSMAT,
    PGDAT,
    Distilled,
    FGSMATPlain,
    GradientRegularised,
    LambdaAT,
    Saturated,
    StaticAugmentation,
)
from robust_core.registry import Registry

__all__ = ["KINDS", "REGISTRY", "Defended", "Defense", "create", "get", "names"]

KINDS = ("filter", "adversarial training", "gradient masking", "noise with a guarantee")
"""How defences work, in the order in which they are shown."""

REGISTRY: Registry[type[Defense]] = Registry(
    "defense",
    (
        JPEG,
        BitDepth,
        Median,
        TotalVariation,
        RandomResizePad,
        PGDAT,
        FGSMAT,
        FGSMATPlain,
        LambdaAT,
        StaticAugmentation,
        GradientRegularised,
        Distilled,
        Saturated,
        Smoothing,
        PixelDP,
    ),
)


def names() -> list[str]:
    """The registered names, in the order in which they are shown."""
    return REGISTRY.names()


def get(name: str) -> type[Defense]:
    """The class of a defence. Raises ``ValueError`` naming the allowed ones."""
    return REGISTRY.get(name)


def create(name: str, **hyper_parameters: Any) -> Defense:
    """A defence by its name. Raises ``ValueError`` for an unknown name, field or value."""
    return REGISTRY.create(name, **hyper_parameters)
