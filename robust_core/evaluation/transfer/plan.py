"""What the suite measures: families of stored classifiers, attacks, and substitutes of black boxes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from robust_core import attacks, zoo
from robust_core.attacks import Attack, Substitute
from robust_core.evaluation.suites import TRANSFER

NAME = TRANSFER
SUBSTITUTE = "substitute"


@dataclass(frozen=True)
class Family:
    """A stored classifier with its defended ones, two settings, and how many test pictures attacks get.

    They are ``base`` and those whose names continue it.

    ``eps`` are radii in Linf. CW has none: ``confidences``, how far it goes beyond the boundary, in
    logits, are what makes it transfer.
    """

    data: str
    base: str
    eps: tuple[float, float]
    confidences: tuple[float, float]
    pictures: dict[str, int]

    @property
    def models(self) -> list[str]:
        """Their names, in the zoo's order."""
        return [name for name in zoo.bundled() if f"{name}-".startswith(f"{self.base}-")]


FEW_255THS = (8 / 255, 16 / 255)


def _pictures(count: int, for_cw: int) -> dict[str, int]:
    """``count`` for each attack but CW, which takes its time."""
    return {"fgsm": count, "mi-fgsm": count, "pgd": count, "cw-l2": for_cw}


FAMILIES = {
    family.data: family
    for family in (
        Family("digits", "digits-cnn", (0.1, 0.2), (0.0, 10.0), _pictures(450, 100)),
        Family("cifar10", "cifar10-resnet32", FEW_255THS, (0.0, 20.0), _pictures(500, 50)),
        Family(
            *("imagenette", "imagenette-resnet", FEW_255THS, (0.0, 20.0)),
            _pictures(100, 30) | {"fgsm": 200},
        ),
    )
}
PARTS = (*FAMILIES, SUBSTITUTE)
MANY = 4000
RECIPE: dict[str, Any] = {"rounds": 2, "epochs": 20, "step_size": 0.02, "augment": True}
"""For photographs: many pictures to begin with, which teach more than what is made of few."""


@dataclass(frozen=True)
class Crafting:
    """One attack on one ``source``, whose results are sent to its whole family. ``n``: test pictures."""

    part: str
    source: str
    attack: str
    n: int
    eps: float | None = None
    confidence: float | None = None

    @property
    def setting(self) -> dict[str, float | None]:
        """What this attack differs in from others of its name: one of the two."""
        return {"eps": self.eps, "confidence": self.confidence}

    @property
    def made(self) -> Attack:
        """The attack, but for its setting at its defaults."""
        given = {name: value for name, value in self.setting.items() if value is not None}
        return attacks.create(self.attack, **given)

    @property
    def fixed(self) -> dict[str, Any]:
        """The other hyper-parameters."""
        return _without(self.made, "eps", "confidence")

    @property
    def targets(self) -> list[str]:
        """The classifiers that are asked, the source among them."""
        return FAMILIES[self.part].models

    @property
    def models(self) -> list[str]:
        """All models that the row depends on."""
        return self.targets


@dataclass(frozen=True)
class Learning:
    """A substitute of ``model``, from the ``first`` test pictures after the ``n`` that it is judged on."""

    part = SUBSTITUTE
    model: str
    n: int
    first: int
    eps: tuple[float, float]
    final: str = "mi-fgsm"
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def data(self) -> str:
        name = zoo.describe(self.model).data
        assert name is not None
        return name

    @property
    def made(self) -> Substitute:
        """The attack, but for its radius."""
        return Substitute(final=self.final, **self.parameters)

    @property
    def fixed(self) -> dict[str, Any]:
        """The other hyper-parameters."""
        return _without(self.made, "eps", "final", "start")

    @property
    def models(self) -> list[str]:
        """All models that the row depends on."""
        return [self.model]


def _without(attack: Attack, *names: str) -> dict[str, Any]:
    return {name: value for name, value in attack.parameters.items() if name not in names}


def craftings(family: Family) -> Iterator[Crafting]:
    """Matrix by matrix, those of quick attacks first."""
    for attack, n in family.pictures.items():
        name = "eps" if attacks.get(attack).has_eps else "confidence"
        for value in family.eps if name == "eps" else family.confidences:
            for source in family.models:
                yield Crafting(family.data, source, attack, n, **{name: value})


def learnings() -> Iterator[Learning]:
    """Of digits, live in seconds, by both networks; of CIFAR-10 from few pictures and from many."""
    digits, cifar = FAMILIES["digits"], FAMILIES["cifar10"]
    for model in digits.models:
        for network in ("cnn", "mlp"):
            yield Learning(model, 300, 100, digits.eps, parameters={"network": network})
    yield Learning(cifar.base, 500, 250, cifar.eps, parameters={"rounds": 5})
    for name in ("", "-pgd-at"):
        yield Learning(cifar.base + name, 500, MANY, cifar.eps, parameters=RECIPE)


def jobs(part: str) -> Iterator[Crafting | Learning]:
    """The rows of a part, in their order."""
    yield from learnings() if part == SUBSTITUTE else craftings(FAMILIES[part])
