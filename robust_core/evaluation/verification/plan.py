"""What the suite verifies, in jobs of one model at one radius: a call goes on where the last stopped."""

from dataclasses import dataclass

from robust_core.evaluation.suites import VERIFICATION
from robust_core.verification.checks import CROWN, IBP, MILP, OPTIMISED

NAME = VERIFICATION
DIGITS, CIFAR = "digits", "cifar10"
PARTS = (DIGITS, CIFAR)


@dataclass(frozen=True)
class Part:
    """Networks of one architecture, trained in three ways; Linf radii; the first so many test pictures.

    ``methods`` are from the loosest to the exact one. ``seconds`` is the processor time for the programs
    of one picture that neither bounds nor the attack decide. One that is ``settled`` has less: there the
    programs only add the exact minimum.
    """

    data: str
    models: tuple[str, ...]
    eps: tuple[float, ...]
    pictures: int
    methods: tuple[str, ...]
    seconds: float = 60.0
    settled: float = 10.0


PLAN = {
    DIGITS: Part(
        "digits",
        ("digits-mlp", "digits-mlp-pgd-at", "digits-mlp-ibp"),
        (0.01, 0.02, 0.03, 0.1),
        100,
        (IBP, CROWN, OPTIMISED, MILP),
    ),
    CIFAR: Part(
        "cifar10",
        ("cifar10-cnn-small", "cifar10-cnn-small-pgd-at", "cifar10-cnn-small-ibp"),
        (1 / 255, 2 / 255),
        100,
        (IBP, CROWN),
    ),
}
ATTACK = "pgd-t"
STEPS, RESTARTS = 20, 2
"""Of the attack that stands at the other end: PGD towards each other class."""
TOLERANCE = 1e-4
"""Between values of different solvers, in logits: HiGHS solves to 1e-6 of values up to a hundred."""


@dataclass(frozen=True)
class Job:
    """One model at one radius."""

    part: str
    model: str
    eps: float

    @property
    def key(self) -> str:
        return f"{self.model} {self.eps:.6g}"

    @property
    def plan(self) -> Part:
        return PLAN[self.part]


def jobs() -> list[Job]:
    """All, in the order of the tables."""
    return [
        Job(part, model, eps)
        for part, plan in PLAN.items()
        for model in plan.models
        for eps in plan.eps
    ]


def conditions(job: Job) -> list:
    """What the rows of a job depend on, besides weights and pictures."""
    plan = job.plan
    return [
        job.eps,
        plan.pictures,
        plan.methods,
        plan.seconds,
        plan.settled,
        ATTACK,
        STEPS,
        RESTARTS,
    ]
