"""The computations of the page Verify, as the engine runs them."""

from collections.abc import Callable

import streamlit as st
import torch

from robust_core import data, zoo
from robust_core.dashboard import lab
from robust_core.dashboard.components import buttons
from robust_core.dashboard.together import Part
from robust_core.dashboard.verify.choice import Subject
from robust_core.engine import Reporter, key_of
from robust_core.experiment.doubling import Doubling, doubling
from robust_core.experiment.sandwich import Exact, Sandwich, exact, sandwich
from robust_core.experiment.verified import Closing, Line
from robust_core.experiment.verified_set import Survey, survey

DATA = "digits"
SET = 100
"""The first so many test pictures of the digits."""
BUDGET = 900.0
"""Seconds that programs may take: they share the machine, and can be stopped."""
CPU = torch.device("cpu")
"""Bounds are in float64, and small: nothing is gained elsewhere."""


def close_by_bounds(subject: Subject, end: float, watch: Callable[[Line], object]) -> Line | None:
    """The line by bounds and attacks; ``watch`` sees it close."""

    def work(progress: Reporter) -> Line:
        model = zoo.load(subject.model.name, CPU)
        image = subject.pixels()
        closing = Closing(
            model, image, subject.label(model), Line(end=end), progress, progress.show
        )
        return closing.with_bounds()

    return lab.compute(
        subject.key(line="bounds"),
        work,
        channel="verify bounds",
        doing="Bounds and attacks",
        watch=watch,
        budget=BUDGET,
    )


def programs_key(subject: Subject) -> str:
    """Of the line by integer programs."""
    return subject.key(line="programs")


def close_by_programs(subject: Subject, line: Line, watch: Callable[[Line], object]) -> Line | None:
    """What integer programs make of the gap that is left."""

    def work(progress: Reporter) -> Line:
        model = zoo.load(subject.model.name, CPU)
        image = subject.pixels()
        closing = Closing(model, image, subject.label(model), line, progress, progress.show)
        return closing.with_programs()

    return lab.compute(
        programs_key(subject),
        work,
        channel="verify programs",
        doing="Integer programs",
        words=lambda k, n: f"radius {min(k + 1, n)} of at most {n}",
        watch=watch,
        budget=BUDGET,
    )


def at(subject: Subject, eps: float) -> Sandwich | None:
    """The sandwich at one radius, without programs."""

    def work(progress: Reporter) -> Sandwich:
        model = zoo.load(subject.model.name, CPU)
        return sandwich(model, subject.pixels(), subject.label(model), eps, progress)

    return lab.compute(
        subject.key(sandwich=eps),
        work,
        channel="verify sandwich",
        doing="Bounds of each class",
        budget=BUDGET,
    )


def exact_key(subject: Subject, eps: float) -> str:
    """Of the programs at one radius."""
    return subject.key(exact=eps)


def exactly(subject: Subject, eps: float) -> Exact | None:
    """The programs at one radius."""

    def work(progress: Reporter) -> Exact:
        model = zoo.load(subject.model.name, CPU)
        return exact(model, subject.pixels(), subject.label(model), eps, progress, progress.show)

    return lab.compute(
        exact_key(subject, eps),
        work,
        channel="verify exact",
        doing="Integer programs",
        words=lambda k, n: f"{k} of at most {n} classes",
        budget=BUDGET,
    )


def survey_part(name: str) -> Part:
    """One network on the first test pictures of the digits."""

    def work(progress: Reporter) -> Survey:
        images, labels = data.get(DATA).pictures("test")
        return survey(zoo.load(name, CPU), images[:SET], labels[:SET], progress)

    return Part(key_of(surveyed=name, n=SET), work, f"verify set {name}", BUDGET)


def doubling_key(subject: Subject) -> str:
    """Of what exact answers cost as eps grows."""
    return subject.key(doubling=True)


def doubled(subject: Subject, watch: Callable[[Doubling], object]) -> Doubling | None:
    """One program after the other, at growing radii; ``watch`` sees each."""

    def work(progress: Reporter) -> Doubling:
        model = zoo.load(subject.model.name, CPU)
        label = subject.label(model)
        return doubling(model, subject.pixels(), label, progress, progress.show)

    return lab.compute(
        doubling_key(subject),
        work,
        channel="verify doubling",
        doing="Integer programs",
        words=lambda k, n: f"{k} of at most {n}",
        watch=watch,
        budget=BUDGET,
    )


def wanted(key: str, quick: bool) -> bool:
    """Whether programs begin by themselves: they are quick, asked for, or done."""
    return quick or key in _asked() or lab.engine().peek(key) is not None


def offer(key: str, label: str, name: str) -> None:
    """The button that begins them."""
    buttons.begin(label, _ask, key, key=name)


def _ask(key: str) -> None:
    _asked().add(key)
    lab.allow(key)


def _asked() -> set[str]:
    return st.session_state.setdefault("_verify_asked", set())
