"""How the attacker's own network is taught: of few pictures at once, or of many in minutes."""

import time
from dataclasses import dataclass
from typing import Any

import torch

from robust_core import data, zoo
from robust_core.attacks import Substitute
from robust_core.attacks.transfer.learner import BATCH, Learner
from robust_core.dashboard import lab, pace
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.request import Request
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of
from robust_core.evaluation.transfer.plan import MANY, RECIPE
from robust_core.zoo import Description

HELD = 300
"""Test pictures on which each round is judged."""
FIRST = 100
"""Test pictures after these, which the attacker begins with."""
SHORT, LONG = "short", "long"


@dataclass(frozen=True)
class Course:
    """How many pictures the attacker begins with, and the hyper-parameters that go with them."""

    first: int = FIRST
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def fixes_queries(self) -> bool:
        """Whether the number of labels is part of it."""
        return bool(self.parameters)


FEW = Course()
FULL = Course(MANY, (*RECIPE.items(), ("max_queries", 2 * MANY)))


def record_of(name: str) -> data.DataSet | None:
    """The data set of a model, where it is on this computer."""
    record = zoo.spec(name).record if name in zoo.bundled() else None
    return record if record is not None and record.available() else None


def choose_course(model: Description) -> Course:
    """Few pictures or many, where the test set of the model has so many."""
    record = record_of(model.name)
    if record is None or record.splits["test"] < HELD + MANY:
        return FEW
    words = {SHORT: f"{FIRST} pictures", LONG: f"{MANY:,} pictures"}
    chosen = choose_one(
        "The attacker begins with",
        words,
        "lesson",
        SHORT,
        width="stretch",
        help="Pictures of its own, that the model was not trained on. Few teach it little about "
        f"photographs; {MANY:,} take minutes.",
    )
    return FULL if chosen == LONG else FEW


def seconds_to_come(request: Request, course: Course) -> float | None:
    """At most how long the lessons take, by the time of one batch; None where that was stopped."""
    attack = request.attack
    assert isinstance(attack, Substitute)
    model = request.model

    def work(progress: Reporter) -> float:
        device = best_device()
        shape = (BATCH, model.channels, *model.input_size)
        x = torch.full(shape, 0.5, device=device, dtype=torch.float32)
        labels = torch.zeros(BATCH, dtype=torch.int64, device=device)
        seed = torch.Generator().manual_seed(0)
        learner = Learner(attack.changed(epochs=1), x, len(model.class_names), seed)
        progress(0)
        learner.learn(x, labels, None)  # the first batch is slower
        begun = time.perf_counter()
        learner.learn(x, labels, None)
        return (time.perf_counter() - begun) / BATCH

    key = key_of(lesson_pace=model.name, network=attack.network, augment=attack.augment)
    each = lab.compute(key, work, channel="pace", doing="Timing one batch")
    if each is None:
        return None
    sizes = [min(course.first * 2**k, attack.max_queries) for k in range(attack.rounds)]
    return each * attack.epochs * sum(sizes)


def cost_ahead(request: Request, course: Course, seconds: float) -> str:
    """What the lessons take, before they begin."""
    limit = request.attack.limit or 0
    return (
        f"{course.first:,} pictures to begin with and up to {limit:,} labels: about {pace.span(seconds)} "
        "of training on this machine."
    )
