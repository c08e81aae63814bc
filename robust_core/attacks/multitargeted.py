"""Multi-targeted PGD: away from a class by going to each of the others in turn."""

from dataclasses import dataclass

from torch import Tensor

from robust_core.attacks.attempts import best_way
from robust_core.attacks.base import Attack
from robust_core.attacks.gradient import PGD
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.papers import GOWAL
from robust_core.parameters import parameter


def targets_parameter() -> int:
    return parameter(9, "Number of other classes to try, the likeliest first.", low=1, high=1000)


@dataclass(frozen=True, kw_only=True)
class TowardsEach(Attack):
    """Base of attacks that leave a class by going to each of the likeliest others in turn."""

    targets: int = targets_parameter()

    @property
    def observations(self) -> int:
        return self.targets * super().observations


@dataclass(frozen=True, kw_only=True)
class PGDT(TowardsEach, PGD):
    """PGD towards each of the likeliest other classes (Gowal et al., 2019, algorithm 1).

    The gradient of an untargeted loss follows the class that is ahead at the moment, and may never
    turn to another one that could be reached. Here each of the T = ``targets`` (at most K - 1)
    classes gets its own runs; any class but the label is a success, and ends the search. If all runs
    fail, the one with the highest margin is kept.
    A goal with a target of its own, or that leaves no class, is pursued by PGD as it is (T = 1).

    Passes per picture: at most 1 + T * restarts * (steps + 1) forward, T * restarts * steps backward.
    """

    name = "pgd-t"
    title = "PGD (multi-targeted)"
    summary = "PGD towards every other class in turn: slower, and hard to hide from."
    equation = (
        r"x^{t+1} = \Pi_{x+S}\big(x^{t} - \alpha\,\mathrm{sign}(\nabla_x L(\theta, x^{t}, c))\big)"
        r"\quad\text{for each class } c \ne y"
    )
    equation_towards = (
        r"x^{k+1} = \Pi_{x+S}\big(x^{k} - \alpha\,\mathrm{sign}(\nabla_x L(\theta, x^{k}, t))\big)"
    )
    paper = GOWAL

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        clean = oracle.logits(images, aim)
        return best_way(self.run_once, self.restarts, oracle, images, aim, clean, self.targets)
