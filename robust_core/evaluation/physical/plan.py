"""What the suite measures: jobs with rows of their own, so that a call goes on where the last stopped."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from robust_core import zoo
from robust_core.areas import Area
from robust_core.attacks.physical.rp2 import RP2
from robust_core.attacks.physical.transformation import PHOTO, STAGES, Transformation
from robust_core.evaluation.suites import PHYSICAL
from robust_core.zoo.bundled_posters import entry_of

NAME = PHYSICAL
DESTRUCTION, ROTATION, SIGNS = "destruction", "rotation", "signs"
PARTS = (DESTRUCTION, ROTATION, SIGNS)

MODELS = ("cifar10-resnet32", "imagenette-resnet")
SIGN_MODEL = "gtsrb-cnn"
"""What RP2 attacks; its rows are made as soon as the zoo has it."""
EPS = (8 / 255, 16 / 255)
ATTACKS = ("fgsm", "bim", "least-likely")
STEP = 1 / 255
"""Of both iterative attacks, as Kurakin's; for their number see ``steps_of``."""
PICTURES = {"cifar10-resnet32": 200, "imagenette-resnet": 500}
DRAWS = 3
"""Photographs of each picture."""
TRANSFORMATIONS: dict[str, Transformation] = {
    **{stage: PHOTO.only(stage) for stage in STAGES if stage != "geometry"},
    "photo": PHOTO,
}
"""Each stage of a photograph alone, and all of them: the ranges are those of ``PHOTO``."""

TURNED = {"cifar10-resnet32": 100, "imagenette-resnet": 100}
TURNED_EPS = {"cifar10-resnet32": 8 / 255, "imagenette-resnet": 8 / 255}
ANGLES = tuple(range(-45, 46, 5))
EOT_STEPS, EOT_DRAWS = 40, 8
FRESH = 50

POSES, PLACES = 24, 3
"""Places that a poster is made for, and backdrops before which each place of the test is seen."""
SIDE = 96
"""Of a sign in its own frame, in pixels."""
COVER = 0.2
METHOD = RP2()
FINDING = RP2(norm="l1", weight=50.0, printability=0.0)
"""The first stage, which finds where stickers go."""
ART = "14%,20%,72%,16%;14%,64%,72%,16%"
"""Two bars, above and below the word."""


def steps_of(eps: float) -> int:
    """Kurakin's number of steps of one 255th: ``min(eps + 4, 1.25 eps)``."""
    levels = round(255 * eps)
    return round(min(levels + 4, 1.25 * levels))


@dataclass(frozen=True)
class PosterPlan:
    """A sign, the sign that it is to be taken for, and where it may change.

    ``area``: "sign" for all of it, "found" for the region that the L1 stage finds, else rectangles.
    """

    key: str
    sign: str
    target: str
    area: str

    def __post_init__(self) -> None:
        if self.area not in ("sign", "found"):
            Area.read(self.area)


POSTERS = (
    PosterPlan("poster", "stop", "speed-80", "sign"),
    PosterPlan("poster-right-turn", "right-turn", "stop", "sign"),
    PosterPlan("graffiti", "stop", "speed-80", "found"),
    PosterPlan("art", "stop", "speed-80", ART),
)
"""After the deck's columns; the targets are signs of GTSRB, as LISA's are not in it."""


def bundled(poster: PosterPlan) -> str | None:
    """The name of the bundled one for the same sign, target and area; None where there is none."""
    wanted = (poster.sign, poster.target, poster.area)
    for name in zoo.posters(SIGN_MODEL):
        entry = entry_of(name)
        if (entry["sign"], entry["target"], entry["area"]) == wanted:
            return name
    return None


@dataclass(frozen=True)
class Job:
    """One piece of work: its ``part``, its own ``key``, the ``model`` it needs, and what makes its rows."""

    part: str
    key: str
    model: str
    make: Callable

    @property
    def possible(self) -> bool:
        """Whether the zoo has its model."""
        return self.model in zoo.names()


def conditions(job: Job) -> dict:
    """What the rows of a job depend on, besides weights and code: plain values."""
    if job.part == DESTRUCTION:
        ranges = {name: t.parameters for name, t in TRANSFORMATIONS.items()}
        return {"pictures": PICTURES[job.model], "draws": DRAWS, "ranges": ranges, "step": STEP}
    if job.part == ROTATION:
        settings = {"steps": EOT_STEPS, "draws": EOT_DRAWS, "fresh": FRESH, "angles": ANGLES}
        return {"pictures": TURNED[job.model], "eps": TURNED_EPS[job.model], **settings}
    poster = next(one for one in POSTERS if one.key == job.key)
    name = bundled(poster)
    settings = {"poses": POSES, "places": PLACES, "side": SIDE, "cover": COVER}
    settings["file"] = name and entry_of(name)["sha256"]
    return {**asdict(poster), **settings, "rp2": METHOD.parameters, "l1": FINDING.parameters}


def jobs() -> list[Job]:
    """All jobs, in the order of the tables."""
    from robust_core.evaluation.physical import measure

    made = [
        Job(
            DESTRUCTION,
            f"{model}, {attack}, {round(255 * eps)}/255",
            model,
            partial(measure.destruction_rows, attack=attack, eps=eps),
        )
        for model in MODELS
        for attack in ATTACKS
        for eps in EPS
    ]
    made += [
        Job(ROTATION, f"{model}, {attack}", model, partial(measure.rotation_rows, attack=attack))
        for model in MODELS
        for attack in ("none", "pgd", "eot")
    ]
    made += [
        Job(SIGNS, poster.key, SIGN_MODEL, partial(measure.sign_rows, poster=poster))
        for poster in POSTERS
    ]
    return made
