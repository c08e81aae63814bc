"""The networks on offer: all of the zoo that compile and are small, and a picture that each gets right."""

import pytest
import torch

from robust_core import verification, zoo
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.experiment import verifiable


def test_they_are_what_compiles_smallest_first():
    found = verifiable.networks()
    assert {"digits-mlp", "digits-mlp-ibp", "digits-cnn", "cifar10-cnn-small-ibp"} <= set(found)
    assert list(found.values()) == sorted(found.values())
    assert max(found.values()) <= verifiable.MOST
    for name, neurons in found.items():
        known = zoo.describe(name)
        size = (known.channels, *known.input_size)
        assert verification.compile_network(zoo.load(name, "cpu"), size).neurons == neurons
    assert "cifar10-resnet32-saturated" not in found  # tanh
    assert "cifar10-resnet32" not in found  # 303,104 ReLUs
    assert not set(found) & set(zoo.IMAGENET)


def test_what_joins_the_zoo_is_offered(monkeypatch):
    name = "digits-mlp-of-mine"
    before = verifiable.networks()
    monkeypatch.setattr(zoo, "names", lambda: [*before, name])
    assert set(verifiable.networks()) == {*before, name}


@pytest.fixture
def brought():
    """Models that somebody brought, under a name for the test."""
    names = []

    def bring(name, model):
        zoo.admit(zoo.Guest(name, model, "My own"))
        names.append(name)
        return verifiable.known(name)

    yield bring
    for name in names:
        zoo.dismiss(name)


def test_a_guest_is_verified_where_it_can_be_compiled(brought):
    found = brought("mine", zoo.untrained("digits-mlp"))
    assert found == verifiable.Known("", 200, verifiable.known("digits-mlp").longest)
    assert "mine" not in verifiable.networks()
    tanh = brought("mine-with-tanh", zoo.untrained("cifar10-resnet32-saturated"))
    assert "(Tanh" in tanh.refusal
    assert "cannot be compiled" in tanh.refusal
    large = brought("mine-large", zoo.untrained("cifar10-resnet32"))
    assert large.refusal.startswith("it has 303,104 ReLUs")


def test_what_bounds_may_take_grows_with_the_network():
    few, many = (verifiable.known(name).longest for name in ("digits-mlp", "digits-cnn"))
    assert 0 < few < 0.01 < many < 60
    assert verifiable.known("cifar10-resnet32").longest == 0


def answer(name, sample_id):
    known, model = zoo.describe(name), zoo.load(name, "cpu")
    pixels = known.fitted(samples.load(sample_id).picture.pixels)
    with torch.no_grad():
        return known.class_names[int(model(to_tensor(pixels)).argmax())]


def test_the_first_picture_is_right():
    wanted = "digits-test-30"
    assert verifiable.first_right("digits-mlp-ibp", wanted) == wanted
    wrong = next(
        sample.id
        for sample in samples.catalogue("digits")
        if answer("digits-mlp-ibp", sample.id) != sample.label
    )
    first = verifiable.first_right("digits-mlp-ibp", wrong)
    assert first != wrong
    for name in verifiable.networks():
        found = samples.load(verifiable.first_right(name, "no such sample"))
        known_class = found.label in zoo.describe(name).class_names
        assert not known_class or answer(name, found.id) == found.label
