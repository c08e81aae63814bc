"""Named sets of evaluations whose results are committed, so that each figure shown can be reproduced."""

from dataclasses import dataclass, field

from robust_core.goals import Goal, RandomTarget

FIELD_EPS = 8 / 255
PHOTO_EPS = 4 / 255
"""The usual benchmark radius on ImageNet."""
SIGN_EPS = (2 / 255, 4 / 255, FIELD_EPS)
LINF_EPS = (0.01, FIELD_EPS, 0.1, 0.15, 0.5, 0.7)
"""The dashboard's list, and the usual benchmark radius."""
L2_EPS = (0.25, 0.5)


@dataclass(frozen=True)
class SuitePart:
    """One attack at several radii, otherwise at its defaults; ``limit`` takes the first pictures.

    An attack without an eps has no radii.
    """

    attack: str
    eps: tuple[float, ...] = ()
    parameters: dict = field(default_factory=dict)
    limit: int | None = None
    goal: Goal | None = None


@dataclass(frozen=True)
class Suite:
    """A model, a test set, and the attacks to run on it.

    With ``correct`` only the first ``correct`` pictures that the model gets right count. ``usual`` is the
    radius at which PGD stands beside clean accuracy wherever the model is named.
    """

    model: str
    data: str
    parts: tuple[SuitePart, ...]
    correct: int | None = None
    usual: float = FIELD_EPS


SUITES = {
    # The whole test set where an attack is cheap or the radius is the usual one; the sweep of the
    # iterative attacks, a hundred times as expensive, on the first thousand pictures.
    "cifar10": Suite(
        "cifar10-resnet32",
        "cifar10",
        (
            SuitePart("pgd", (FIELD_EPS,)),
            SuitePart("fgsm", LINF_EPS),
            SuitePart("noise", LINF_EPS),
            SuitePart("bim", (FIELD_EPS,)),
            SuitePart("pgd-l2", (0.5,)),
            SuitePart("bim-l2", (0.5,)),
            SuitePart("bim", LINF_EPS, limit=1000),
            SuitePart("pgd", LINF_EPS, limit=1000),
        ),
    ),
    # How far it is to the nearest adversarial picture, by the attacks that look for it. The last two
    # take hundreds of passes per picture.
    "cifar10-distances": Suite(
        "cifar10-resnet32",
        "cifar10",
        (
            SuitePart("deepfool"),
            SuitePart("cw-l2"),
            SuitePart("cw-l2", goal=RandomTarget()),
            SuitePart("deepfool-linf"),
            SuitePart("cw-linf", limit=100),
            SuitePart("cw-l0", limit=100),
        ),
        correct=1000,
    ),
    "digits": Suite(
        "digits-cnn",
        "digits",
        (
            *(SuitePart(name, LINF_EPS) for name in ("noise", "fgsm", "bim", "pgd")),
            *(SuitePart(name, L2_EPS) for name in ("bim-l2", "pgd-l2")),
        ),
    ),
    # Smoothed labels mask part of the cross-entropy's gradient: DLR, a margin over the spread of the
    # logits, is the stronger loss here. The last two take hundreds of passes per picture.
    "imagenette": Suite(
        "imagenette-resnet",
        "imagenette",
        (
            SuitePart("fgsm", (2 / 255, PHOTO_EPS)),
            SuitePart("pgd", (2 / 255, PHOTO_EPS)),
            SuitePart("pgd", (2 / 255, PHOTO_EPS), {"loss": "dlr"}),
            SuitePart("pgd", (2 / 255,), {"loss": "dlr", "steps": 100, "restarts": 5}, limit=200),
            SuitePart("apgd-t", (2 / 255,), {"stop_at_success": True}, limit=200),
        ),
        usual=PHOTO_EPS,
    ),
    "gtsrb": Suite(
        "gtsrb-cnn",
        "gtsrb",
        (
            SuitePart("fgsm", SIGN_EPS),
            SuitePart("pgd", (FIELD_EPS,)),
            SuitePart("pgd", SIGN_EPS, limit=1000),
            SuitePart("pgd", (2 / 255, FIELD_EPS), {"loss": "dlr"}, limit=1000),
        ),
    ),
    "imagenette-pgd-at": Suite(
        "imagenette-resnet-pgd-at",
        "imagenette",
        (
            SuitePart("fgsm", (PHOTO_EPS,)),
            SuitePart("pgd", (PHOTO_EPS,)),
            SuitePart("pgd", (PHOTO_EPS,), {"loss": "dlr"}),
        ),
        usual=PHOTO_EPS,
    ),
}


DECK_002 = "deck-002"
"""A suite of another kind, for a model of one's choice: ``evaluation.deck_002``."""
UNIVERSAL = "universal"
"""Fits to training pictures, and figures on test pictures: ``evaluation.universal``."""
PHYSICAL = "physical"
"""Of several models and kinds of rows: ``evaluation.physical``."""
TRANSFER = "transfer"
"""Every stored model of a data set against every other: ``evaluation.transfer``."""
NATURAL = "natural"
"""Natural changes of test pictures, of several models: ``evaluation.natural``."""
VERIFICATION = "verification"
"""Proofs and attacks side by side, of several models: ``evaluation.verification``."""
TABLES = ("defenses", "defenses-digits", "defenses-imagenette")
"""Defences of a model against many attacks: ``evaluation.defense_table.plan``."""


def get(name: str) -> Suite:
    """A suite by its name. Raises ``ValueError`` naming the known ones."""
    if name not in SUITES:
        others = (DECK_002, UNIVERSAL, PHYSICAL, NATURAL, TRANSFER, VERIFICATION)
        known = ", ".join([*SUITES, *TABLES, *others])
        raise ValueError(f"suite must be one of {known}, or list; got {name!r}")
    return SUITES[name]
