"""An ensemble in the manner of AutoAttack: four attacks that fail for different reasons."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from robust_core.attacks.apgd import APGD, APGDT
from robust_core.attacks.attempts import Attempts, Perturb
from robust_core.attacks.balls import LinfBall
from robust_core.attacks.base import Attack
from robust_core.attacks.black_box.square import Square
from robust_core.attacks.deepfool import DeepFoolLinf
from robust_core.attacks.gradient import LINF_EPS, eps_parameter
from robust_core.attacks.multitargeted import targets_parameter
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim
from robust_core.papers import CROCE
from robust_core.parameters import parameter

P_INIT = 0.8


@dataclass(frozen=True, kw_only=True)
class Auto(Attack):
    """AutoAttack "standard" in Linf (Croce, Hein, 2020, section 5), except for its third part.

    In turn, each on the pictures that have withstood the parts before: Auto-PGD with cross-entropy,
    targeted Auto-PGD with DLR, the minimum-norm attack, Square. The minimum-norm attack is DeepFool (Linf),
    moved into the eps-ball, instead of FAB. Alone, FMN (Linf) finds more, with many more passes; among the
    pictures that withstand the first two parts it finds no more (``benchmarks/choices.py --only third``
    counts both). A picture counts as robust only if every part has failed; the result with the highest
    margin is then kept. A picture that is wrong to begin with stays unchanged.

    ``parts`` are the attacks as they would run alone. With a goal other than leaving a class each
    part pursues that goal. Passes per picture: one, those of the parts, and one after each part.
    """

    name = "auto"
    title = "Ensemble"
    summary = "Four attacks that fail for different reasons; robust means withstanding all four."
    equation = (
        r"x' = \text{the first of } \mathrm{APGD_{CE}},\ \mathrm{APGD_{DLR}^{T}},\ "
        r"\mathrm{DeepFool_\infty},\ \mathrm{Square}\ \text{that reaches the goal}"
    )
    paper = CROCE

    eps: float = eps_parameter(LINF_EPS, "linf")
    steps: int = parameter(100, "Number of gradient steps.", low=1, high=10_000)
    restarts: int = parameter(1, "Number of random starts; the best is kept.", low=1, high=100)
    targets: int = targets_parameter()
    max_queries: int = parameter(
        5000, "Query budget of Square, the last part.", low=1, high=1_000_000
    )
    seed: int = parameter(0, "Seed of the random starts and squares.", low=0, high=2**31 - 1)

    @property
    def parts(self) -> tuple[Attack, ...]:
        """The attacks in the order in which they run."""
        ascent: dict[str, Any] = {
            "eps": self.eps,
            "steps": self.steps,
            "restarts": self.restarts,
            "stop_at_success": True,
            "seed": self.seed,
        }
        return (
            APGD(loss="ce", **ascent),
            APGDT(loss="dlr", targets=self.targets, **ascent),
            DeepFoolLinf(),
            Square(eps=self.eps, max_queries=self.max_queries, p_init=P_INIT, seed=self.seed),
        )

    @property
    def by_queries(self) -> bool:
        return any(part.by_queries for part in self.parts)

    @property
    def observations(self) -> int:
        return 1 + sum(part.observations for part in self.parts)

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        attempts = Attempts(oracle, images, aim)
        attempts.try_unchanged("margin")
        for part in self.parts:
            attempts.make(self._inside(part))
        return attempts.best.x

    def _inside(self, part: Attack) -> Perturb:
        """``part.perturb``, its result moved into the eps-ball: only DeepFool's can be outside."""

        def perturb(oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
            with oracle.knowing(part.knowledge):
                x = part.perturb(oracle, images, aim)
            return LinfBall(images, self.eps, oracle.free).project(x)

        return perturb
