"""The ladder: what each challenge defends, in which ball, and when it counts as broken."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from robust_core import attacks, data, defenses, zoo
from robust_core.attacks import Attack
from robust_core.attacks.knowledge import TRANSFER
from robust_core.classifier import Classifier
from robust_core.data.record import DataSet
from robust_core.defenses import Defense
from robust_core.evaluation.challenges.ways import Way

MARK = 0.2
"""At most this share of the pictures that are right when clean may stay right."""
DECIDED = ("eps", "seed")
"""Hyper-parameters of an attack that the challenge and its judge decide."""
CERTIFICATES, BOUNDS = "certificates", "bounds"
"""What may be proved of each picture."""
CNN, MLP, RESNET = "digits-cnn", "digits-mlp", "cifar10-resnet32"


class Arena(NamedTuple):
    """The network that is deployed, behind its defence, and the undefended one."""

    deployed: Classifier
    undefended: Classifier


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """One rung."""

    number: int
    """From 1 on, as in a link."""
    title: str
    """The defence in a few words."""
    model: str
    """The undefended network, by its name in the zoo."""
    solution: Attack
    """The project's own attack that breaks it; the strongest one where there is a proof. In its norm, and
    with its eps, the ball is meant."""
    way: Way
    """That of the solution."""
    defense: Defense | None = None
    """In front of ``model``; None where ``network`` is deployed instead."""
    network: str = ""
    """A network of the zoo that is deployed as it is."""
    proof: str = ""
    """What is proved of each picture: ``CERTIFICATES``, ``BOUNDS``, or nothing."""
    mark: float = MARK

    @property
    def norm(self) -> str:
        """Of the ball."""
        return self.solution.norm

    @property
    def eps(self) -> float:
        """Its radius, in [0, 1] pixel units."""
        return self.solution.parameters["eps"]

    @property
    def record(self) -> DataSet:
        """The data set whose test pictures it is about."""
        return data.get(zoo.spec(self.model).data)

    def load(self, device: Any = "cpu") -> Arena:
        """The networks, ready on ``device``."""
        undefended = zoo.load(self.model, device)
        if self.defense is not None:
            return Arena(self.defense(undefended), undefended)
        return Arena(zoo.load(self.network, device), undefended)

    def weapons(self) -> list[str]:
        """The attacks that may be chosen: digital ones in the norm of the ball that need nothing else."""
        kinds = map(attacks.get, attacks.local_names())
        return [
            kind.name
            for kind in kinds
            if kind.norm == self.norm and kind.channel == "digital" and kind.knowledge != TRANSFER
        ]

    def weapon(self, name: str, **parameters: Any) -> Attack:
        """An attack with the radius of the challenge, where it has one.

        Raises ``ValueError`` for one that may not be chosen, and for hyper-parameters that are not allowed.
        """
        if name not in self.weapons():
            told = f"attack of challenge {self.number} must be one of {', '.join(self.weapons())}"
            raise ValueError(f"{told}; got {name!r}")
        radius = {"eps": self.eps} if attacks.get(name).has_eps else {}
        return attacks.create(name, **parameters | radius)


def _pgd(eps: float) -> Attack:
    return attacks.create("pgd", eps=eps, steps=20)


LADDER = (
    Challenge(
        number=1,
        title="JPEG",
        model=CNN,
        defense=defenses.create("jpeg", quality=75),
        solution=_pgd(0.15),
        way=Way.THROUGH,
    ),
    Challenge(
        number=2,
        title="Median filter",
        model=CNN,
        solution=_pgd(0.15),
        defense=defenses.create("median"),
        way=Way.THROUGH,
    ),
    Challenge(
        number=3,
        title="A random size and place",
        way=Way.AVERAGED,
        model=CNN,
        defense=defenses.create("random-resize-pad", smallest=0.7),
        solution=_pgd(0.14),
    ),
    Challenge(
        number=4,
        defense=defenses.create("distilled", temperature=100),
        title="Defensive distillation",
        model=RESNET,
        solution=_pgd(4 / 255),
        way=Way.LOGITS,
    ),
    Challenge(
        number=5,
        title="Adversarial training",
        defense=defenses.create("pgd-at"),
        solution=attacks.create("pgd", eps=0.21, steps=100, restarts=5),
        way=Way.AS_IT_IS,
        model=CNN,
    ),
    Challenge(
        number=6,
        title="Randomised smoothing",
        model=CNN,
        proof=CERTIFICATES,
        defense=defenses.create("smoothing", n=100),
        solution=attacks.create("pgd-l2", eps=0.25, steps=20),
        way=Way.AVERAGED,
    ),
    Challenge(
        number=7,
        title="A verified network",
        network="digits-mlp-ibp",
        proof=BOUNDS,
        model=MLP,
        way=Way.AS_IT_IS,
        solution=attacks.create("pgd-t", eps=0.1, steps=20, loss="margin"),
    ),
)
"""All of them, from the easiest to those that cannot be broken.

They are about digits, which come with a package: only the distilled network needs pictures of CIFAR-10.
"""


def get(number: int) -> Challenge:
    """The challenge of a number. Raises ``ValueError`` naming the allowed ones."""
    for challenge in LADDER:
        if challenge.number == number:
            return challenge
    raise ValueError(f"challenge must be a whole number from 1 to {len(LADDER)}; got {number!r}")
