"""The computations of the page Verify, as the engine runs them."""

from collections.abc import Callable
from typing import Any

import streamlit as st
import torch
from torch import Tensor

from robust_core import data, zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.components import buttons
from robust_core.dashboard.together import Part
from robust_core.dashboard.verify.choice import Subject
from robust_core.engine import Key, Reporter, key_of
from robust_core.engine.jobs import T
from robust_core.experiment.doubling import Doubling, doubling
from robust_core.experiment.sandwich import Exact, Sandwich, exact, sandwich
from robust_core.experiment.verified import Closing, Line
from robust_core.experiment.verified_set import Survey, survey

DATA = "digits"
SET = 100
"""The first so many test pictures of the digits."""
BUDGET = 900.0
"""Seconds that programs may take: they share the machine, and can be stopped."""
PROGRAMS = "Integer programs"
CPU = torch.device("cpu")
"""Bounds are in float64, and small: nothing is gained elsewhere."""


def _compute(
    key: str,
    subject: Subject,
    ask: Callable[[Classifier, Tensor, Tensor, Reporter], T],
    *,
    channel: str,
    doing: str,
    **told: Any,
) -> T | None:
    """What ``ask`` makes of the network, its picture and label; ``told`` goes to ``lab.compute``."""

    def work(progress: Reporter) -> T:
        model = zoo.load(subject.model.name, CPU)
        return ask(model, subject.pixels(), subject.label(model), progress)

    return lab.compute(key, work, channel=f"verify {channel}", doing=doing, budget=BUDGET, **told)


def bounds_key(subject: Subject) -> Key:
    """Of the line by bounds and attacks."""
    return subject.key(line="bounds")


def close_by_bounds(subject: Subject, watch: Callable[[Line], object]) -> Line | None:
    """The line by bounds and attacks; ``watch`` sees it close."""

    def ask(model: Classifier, image: Tensor, label: Tensor, progress: Reporter) -> Line:
        return Closing(model, image, label, Line(), progress, progress.show).with_bounds()

    key = bounds_key(subject)
    doing = "Bounds and attacks"
    return _compute(key, subject, ask, channel="bounds", doing=doing, watch=watch)


def programs_key(subject: Subject) -> str:
    """Of the line by integer programs."""
    return subject.key(line="programs")


def close_by_programs(subject: Subject, line: Line, watch: Callable[[Line], object]) -> Line | None:
    """What integer programs make of the gap that is left."""

    def ask(model: Classifier, image: Tensor, label: Tensor, progress: Reporter) -> Line:
        return Closing(model, image, label, line, progress, progress.show).with_programs()

    return _compute(
        programs_key(subject),
        subject,
        ask,
        channel="programs",
        doing=PROGRAMS,
        words=lambda k, n: f"radius {min(k + 1, n)} of at most {n}",
        watch=watch,
    )


def at(subject: Subject, eps: float) -> Sandwich | None:
    """The sandwich at one radius, without programs."""

    def ask(model: Classifier, image: Tensor, label: Tensor, progress: Reporter) -> Sandwich:
        return sandwich(model, image, label, eps, progress)

    key = subject.key(sandwich=eps)
    return _compute(key, subject, ask, channel="sandwich", doing="Bounds of each class")


def exact_key(subject: Subject, eps: float) -> str:
    """Of the programs at one radius."""
    return subject.key(exact=eps)


def exactly(subject: Subject, eps: float) -> Exact | None:
    """The programs at one radius."""

    def ask(model: Classifier, image: Tensor, label: Tensor, progress: Reporter) -> Exact:
        return exact(model, image, label, eps, progress, progress.show)

    def words(k: int, n: int) -> str:
        return f"{k} of at most {n} classes"

    key = exact_key(subject, eps)
    return _compute(key, subject, ask, channel="exact", doing=PROGRAMS, words=words)


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

    def ask(model: Classifier, image: Tensor, label: Tensor, progress: Reporter) -> Doubling:
        return doubling(model, image, label, progress, progress.show)

    def words(k: int, n: int) -> str:
        return f"{k} of at most {n}"

    key = doubling_key(subject)
    return _compute(key, subject, ask, channel="doubling", doing=PROGRAMS, words=words, watch=watch)


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
