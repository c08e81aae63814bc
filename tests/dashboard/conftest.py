"""Requests on the digits model, which answers in milliseconds, and what comes of them."""

import pytest

from robust_core import attacks, zoo
from robust_core.areas import Area
from robust_core.dashboard import lab
from robust_core.dashboard.request import Chosen, Request
from robust_core.data import samples
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import Goal


def chosen(sample_id: str) -> Chosen:
    """A sample as the page hands it on."""
    sample = samples.load(sample_id)
    data = "digits test set" if sample.data else None
    return Chosen(
        sample.picture, f"sample:{sample_id}", sample.label, data, sample.credit, sample.link
    )


@pytest.fixture(scope="session")
def make_request():
    """``make_request(attack="pgd", eps=0.1, ...)``: the page's request, other fields by name."""

    def make(
        attack: str = "fgsm",
        *,
        sample: str = "digits-test-3",
        model: str = "digits-cnn",
        how: str = "crop",
        goal: Goal = UNTARGETED,
        area: str = "",
        **parameters,
    ) -> Request:
        radius = {"eps": 0.15} if attacks.get(attack).has_eps else {}
        built = attacks.create(attack, **(radius | parameters))
        free = Area.read(area) if area else None
        return Request(
            chosen(sample), how, zoo.describe(model), built, goal, shown_eps=0.15, area=free
        )

    return make


@pytest.fixture
def sessions(monkeypatch):
    """``sessions("a")``: what follows is done by session a; a and b have left in the end."""
    now = {}
    monkeypatch.setattr(lab, "session", lambda: now["name"])
    yield lambda name: now.update(name=name)
    for name in ("a", "b"):
        lab._forget(name)


@pytest.fixture(scope="session")
def perform():
    """Run a request in this thread."""
    return lambda request: request.work(lambda step, total: None)


@pytest.fixture(scope="session")
def detector_figures():
    """``detector_figures(0.8, n=1234)``: as ``Answers.figures()``; None: nothing was successful."""

    def make(value: float | None, n: int = 1234) -> dict:
        known = value is not None
        return {
            "detectability": value,
            "auc": min(1.0, value + 0.05) if known else None,
            "false_positives": 0.1,
            "true_positives": 2 * value - 0.9 if known else None,
            "n_test": 2000,
            "n_adversarial": n if known else 0,
            "top1": 0.9,
            "top1_adversarial": 0.25 if known else 0.9,
        }

    return make
