"""Defences: a registry from names to classes.

defended = defenses.create("jpeg", quality=75)(zoo.load("cifar10-resnet32"))
adversarial = attacks.create("pgd")(defended, images, labels, adaptive=True)
"""

from typing import Any

from robust_core.defenses import filters, noisy, random_resize, trained  # noqa: F401 (they register)
from robust_core.defenses.base import KINDS, REGISTRY, Defended, Defense, register

__all__ = ["KINDS", "REGISTRY", "Defended", "Defense", "create", "get", "names", "register"]


def names() -> list[str]:
    """The registered names, kind by kind, in the order in which they are shown."""
    return [kind.name for kind in sorted(REGISTRY, key=lambda kind: KINDS.index(kind.kind))]


def get(name: str) -> type[Defense]:
    """The class of a defence. Raises ``ValueError`` naming the allowed ones."""
    return REGISTRY.get(name)


def create(name: str, **hyper_parameters: Any) -> Defense:
    """A defence by its name. Raises ``ValueError`` for an unknown name, field or value."""
    return REGISTRY.create(name, **hyper_parameters)
