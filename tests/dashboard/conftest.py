"""Requests on the digits model, which answers in milliseconds, and what comes of them."""

import pytest

from robust_core import attacks, zoo
from robust_core.dashboard.request import Chosen, Request
from robust_core.data import samples


def chosen(sample_id: str) -> Chosen:
    """A sample as the page hands it on."""
    sample = samples.load(sample_id)
    data = "digits test set" if sample.data else None
    label = sample.label if sample.data else None
    return Chosen(sample.picture, f"sample:{sample_id}", label, data, sample.credit, sample.link)


@pytest.fixture(scope="session")
def make_request():
    """``make_request(attack="pgd", eps=0.1, ...)``: the page's request, other fields by name."""

    def make(
        attack: str = "fgsm",
        *,
        sample: str = "digits-test-3",
        model: str = "digits-cnn",
        how: str = "crop",
        target: int | None = None,
        least_likely: bool = False,
        **parameters,
    ) -> Request:
        built = attacks.create(attack, **({"eps": 0.15} | parameters))
        return Request(chosen(sample), how, zoo.describe(model), built, target, least_likely)

    return make


@pytest.fixture(scope="session")
def perform():
    """Run a request in this thread."""
    return lambda request: request.work(lambda step, total: None)
