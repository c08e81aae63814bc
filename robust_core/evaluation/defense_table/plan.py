"""What the table of the defences is made of: subjects, attackers, radii, and how many pictures.

That of CIFAR-10 takes about two hours on two cores, a third of it for the part ``certified``: 500
pictures with 10,000 draws each. Costly subjects, which run their network many times or filter slowly,
get fewer pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from robust_core import attacks, defenses, zoo
from robust_core.attacks import Attack
from robust_core.defenses import Defense, create
from robust_core.defenses.noisy import Noisy
from robust_core.defenses.trained import Masked, TrainedDefense
from robust_core.evaluation.defense_table.rows import (
    ACCURACY,
    ADAPTIVE,
    AUTO,
    CERTIFIED,
    COST,
    CURVES,
    DISTILLATION,
    FLAGS,
    JPEG,
    MASKING,
    NAIVE,
    UNAWARE,
    UNDEFENDED,
)
from robust_core.evaluation.flags import PICTURES
from robust_core.evaluation.masking import Budget
from robust_core.evaluation.suites import FIELD_EPS, PHOTO_EPS

GRID = (*(k / 255 for k in (1, 2, 4, 8, 12, 16)), 0.01, 0.1, 0.15, 0.5, 0.7)
"""Radii of the curves besides 0: a grid, and the dashboard's list."""
PGD = {"steps": 20}
PLAIN = {"loss": "softmax-ce"}
"""What a naive attacker differentiates: cross-entropy through the softmax probabilities."""


@dataclass(frozen=True)
class Subject:
    """A defence with its hyper-parameters; those that are not given are at their defaults.

    ``needs`` is the name suffix of a trained network that the defence would also run without. There is
    no subject before that network exists, as its rows would be of another network.
    """

    defense: str
    parameters: dict = field(default_factory=dict)
    costly: bool = False
    needs: str = ""

    @property
    def key(self) -> str:
        """Unique text, such as "jpeg quality=50"."""
        return " ".join([self.defense, *(f"{k}={v}" for k, v in self.parameters.items())])

    def create(self) -> Defense | None:
        """The defence; None for the undefended model."""
        return None if self.defense == UNDEFENDED else create(self.defense, **self.parameters)

    def refusal(self, model: str) -> str:
        """Why there is no such subject for the model of this name; empty where there is one."""
        if self.needs and f"{model}-{self.needs}" not in zoo.bundled():
            return f"{self.defense} needs {model}-{self.needs}, which has not been trained yet"
        defense = self.create()
        return defense.refusal(model) if defense else ""

    def title(self) -> str:
        """The subject for people, such as "JPEG compression, quality 50"; votes are left out."""
        made = self.create()
        words = [f"{k} {v:g}" for k, v in self.parameters.items() if k != "n"]
        return ", ".join([made.title if made else "Undefended", *words])


@dataclass(frozen=True)
class Attempt:
    """An attack by one kind of attacker at several radii; ``eps`` is empty for an attack without one."""

    threat: str
    attack: str
    parameters: dict = field(default_factory=dict)
    eps: tuple[float, ...] = (FIELD_EPS,)

    def attacks(self) -> list[Attack]:
        """One for each radius."""
        radii = [{"eps": eps} for eps in self.eps] or [{}]
        return [attacks.create(self.attack, **radius, **self.parameters) for radius in radii]


@dataclass(frozen=True)
class DefensePart:
    """What is measured for each of some subjects.

    ``pictures`` is how many a subject gets, ``few`` how many a costly one; ``attempts`` and
    ``costly_attempts`` likewise (None: the same). ``options`` are for parts without attacks.
    """

    subjects: tuple[Subject, ...]
    pictures: int
    few: int
    attempts: tuple[Attempt, ...] = ()
    costly_attempts: tuple[Attempt, ...] | None = None
    options: Callable[[Subject], dict] = lambda subject: {}

    def of(self, subject: Subject) -> tuple[Attempt, ...]:
        """The attempts on a subject."""
        own = self.costly_attempts if subject.costly else self.attempts
        return self.attempts if own is None else own


@dataclass(frozen=True)
class DefensePlan:
    """A model, a test set, and the parts of its table by name."""

    model: str
    data: str
    parts: dict[str, DefensePart]


NONE = Subject(UNDEFENDED)


def trained() -> tuple[Subject, ...]:
    """The defences by training, each with the hyper-parameters that it has ``measured``."""
    kinds = [defenses.get(name) for name in defenses.names()]
    return tuple(
        Subject(kind.name, parameters)
        for kind in kinds
        if issubclass(kind, TrainedDefense) and not issubclass(kind, Noisy)
        for parameters in kind.measured
    )


TRAINED = trained()
MASKED = tuple(one for one in TRAINED if issubclass(defenses.get(one.defense), Masked))
# 100 votes decide as 500 do on all but a few pictures, at a fifth of the cost; certificates take more.
NOISY = (
    Subject("smoothing", {"n": 100}, costly=True, needs="gaussian"),
    Subject("pixeldp", {"n": 100}, costly=True),
)
EVERY = (
    NONE,
    Subject("jpeg", {"quality": 75}),
    Subject("bit-depth"),
    Subject("median"),
    Subject("tv", costly=True),
    Subject("random-resize-pad", costly=True),
    *TRAINED,
    *NOISY,
)
"""Every subject of the general parts, in the order in which defences are taught."""

DIGITS_EPS = 0.1
DIGITS = (
    NONE,
    Subject("jpeg", {"quality": 75}),
    Subject("bit-depth"),
    Subject("median"),
    Subject("tv"),
    Subject("random-resize-pad", costly=True),
    Subject("pgd-at"),
    Subject("smoothing", {"n": 100}, costly=True),
)
"""The same for the digits, as far as they exist."""

WITH_PHOTOGRAPHS = {
    UNDEFENDED,
    "jpeg",
    "bit-depth",
    "median",
    "random-resize-pad",
    "pgd-at",
    "smoothing",
}
PHOTOGRAPHS = tuple(one for one in EVERY if one.defense in WITH_PHOTOGRAPHS)
"""The same for photographs of 128 x 128, sixteen times as large."""

SWEEP = tuple(Attempt(threat, "pgd", {"steps": 10}, GRID) for threat in (UNAWARE, ADAPTIVE))
"""Half the steps of the table at one radius: at most a point less success, for twice the pictures."""
QUICK_AUTO = {"steps": 20, "targets": 3, "max_queries": 100}


def _attempts(eps: float) -> tuple[Attempt, ...]:
    """The attempts on every subject at one radius."""
    return (
        Attempt(NAIVE, "fgsm", PLAIN, (eps,)),
        Attempt(NAIVE, "pgd", PGD | PLAIN, (eps,)),
        Attempt(UNAWARE, "pgd", PGD, (eps,)),
        Attempt(ADAPTIVE, "pgd", PGD, (eps,)),
    )


def _auto(eps: float, parameters: dict) -> tuple[Attempt, ...]:
    return (Attempt(ADAPTIVE, "auto", parameters, (eps,)),)


def _certificates(subject: Subject) -> dict:
    """As in Cohen et al. (2019), section 4, with a tenth of the draws, and in Lecuyer et al.'s code."""
    if subject.defense == "pixeldp":
        return {"n": 500}
    return {"n": 10_000, "alpha": 0.001, "bfloat16": True}


def _certificates_of_photographs(subject: Subject) -> dict:
    """A tenth of the draws again: no certificate reaches beyond 2.5 sigma."""
    return _certificates(subject) | {"n": 1000}


def _checklist(eps: float) -> Callable[[Subject], dict]:
    def options(subject: Subject) -> dict:
        spent = Budget(steps=10, queries=50, draws=20) if subject.costly else Budget()
        return {"eps": eps, "seed": 0, "budget": spent}

    return options


PLANS = {
    "defenses": DefensePlan(
        "cifar10-resnet32",
        "cifar10",
        {
            ACCURACY: DefensePart(EVERY, 1000, 50, _attempts(FIELD_EPS)),
            CURVES: DefensePart(EVERY, 200, 30, SWEEP),
            JPEG: DefensePart(
                (NONE, *(Subject("jpeg", {"quality": q}) for q in (90, 75, 50, 25))), 200, 30, SWEEP
            ),
            DISTILLATION: DefensePart(
                (NONE, *MASKED),
                100,
                30,
                (
                    Attempt(NAIVE, "fgsm", PLAIN),
                    Attempt(ADAPTIVE, "fgsm"),
                    Attempt(ADAPTIVE, "cw-l2", eps=()),
                ),
            ),
            AUTO: DefensePart(
                EVERY,
                100,
                20,
                _auto(FIELD_EPS, {"targets": 3, "max_queries": 1000}),
                _auto(FIELD_EPS, QUICK_AUTO),
            ),
            CERTIFIED: DefensePart(NOISY, 500, 500, options=_certificates),
            MASKING: DefensePart(EVERY, 100, 20, options=_checklist(FIELD_EPS)),
            FLAGS: DefensePart(EVERY, PICTURES, PICTURES),
            COST: DefensePart(EVERY, 50, 10),
        },
    ),
    "defenses-digits": DefensePlan(
        "digits-cnn",
        "digits",
        {
            ACCURACY: DefensePart(DIGITS, 450, 200, _attempts(DIGITS_EPS)),
            CURVES: DefensePart(DIGITS, 450, 100, SWEEP),
            AUTO: DefensePart(
                DIGITS,
                200,
                50,
                _auto(DIGITS_EPS, {"targets": 3, "max_queries": 1000}),
                _auto(DIGITS_EPS, QUICK_AUTO),
            ),
            CERTIFIED: DefensePart(DIGITS[-1:], 200, 200, options=_certificates),
            MASKING: DefensePart(DIGITS, 200, 50, options=_checklist(DIGITS_EPS)),
            FLAGS: DefensePart(DIGITS, PICTURES, PICTURES),
            COST: DefensePart(DIGITS, 50, 10),
        },
    ),
    "defenses-imagenette": DefensePlan(
        "imagenette-resnet",
        "imagenette",
        {
            ACCURACY: DefensePart(PHOTOGRAPHS, 200, 20, _attempts(PHOTO_EPS)),
            CURVES: DefensePart(PHOTOGRAPHS, 50, 10, SWEEP),
            AUTO: DefensePart(
                PHOTOGRAPHS,
                50,
                10,
                _auto(PHOTO_EPS, {"targets": 3, "max_queries": 1000}),
                _auto(PHOTO_EPS, QUICK_AUTO),
            ),
            CERTIFIED: DefensePart(
                PHOTOGRAPHS[-1:], 100, 100, options=_certificates_of_photographs
            ),
            MASKING: DefensePart(PHOTOGRAPHS, 20, 10, options=_checklist(PHOTO_EPS)),
            FLAGS: DefensePart(PHOTOGRAPHS, PICTURES, PICTURES),
            COST: DefensePart(PHOTOGRAPHS, 50, 10),
        },
    ),
}
"""By the name of the suite."""
