"""Adversarial copies: as many as there are pictures, of the same labels, made once."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from robust_core import zoo
from robust_core.data import digits
from robust_core.evaluation.snapshot import copies
from robust_core.training import RECIPES
from robust_core.training.copies import with_copies
from robust_core.training.objectives import CopiesTraining

EPS = 8 / 255
RECIPE = replace(RECIPES.get("digits-cnn"), objective=CopiesTraining(eps=EPS))


@pytest.fixture
def made(digits_model, tmp_path):
    """``made(data, recipe, seed)``: the pictures and their copies."""

    def make(data, recipe=RECIPE, seed=0):
        device = torch.device("cpu")
        return with_copies(digits_model, data, recipe, folder=tmp_path, seed=seed, device=device)

    return make


@pytest.fixture
def data():
    return tuple(part[:300] for part in digits.load("train"))


@pytest.mark.parametrize("kind", ["bytes", "floats"])
def test_a_copy_for_each_picture_with_its_label(made, data, kind):
    images = (data[0] * 255).round().byte() if kind == "bytes" else data[0]
    both, labels = made((images, data[1]))
    assert both.dtype == images.dtype
    assert torch.equal(both[:300], images)
    assert torch.equal(labels, data[1].repeat(2))
    a, b = (part.double() / (255 if kind == "bytes" else 1) for part in both.chunk(2))
    assert (a - b).abs().max() <= EPS + 1e-6
    assert b.min() >= 0
    assert b.max() <= 1


def test_they_are_adversarial_for_the_network_they_were_made_against(made, data, digits_model):
    both, labels = made(data)
    clean, adversarial = F.cross_entropy(digits_model(both), labels, reduction="none").chunk(2)
    assert adversarial.mean() > 2 * clean.mean()


def test_they_are_made_once(made, data, monkeypatch):
    first = made(data)[0]
    monkeypatch.setattr("robust_core.training.copies.ascend", None)
    assert torch.equal(made(data)[0], first)


def test_those_of_another_training_are_refused(made, data, tmp_path):
    made(data)
    with pytest.raises(ValueError, match="another recipe or seed"):
        made(data, seed=1)
    with pytest.raises(ValueError, match="another recipe or seed"):
        made(data, replace(RECIPE, objective=CopiesTraining(eps=0.1)))
    whole = torch.load(tmp_path / "copies.pt", weights_only=True)
    torch.save(whole | {"images": whole["images"][1:]}, tmp_path / "copies.pt")
    with pytest.raises(ValueError, match="damaged"):
        made(data)
    (tmp_path / "copies.pt").write_bytes(b"half")
    with pytest.raises(ValueError, match="damaged"):
        made(data)


def test_the_network_is_left_alone(made, data):
    model = zoo.load("digits-cnn", "cpu")
    before = {k: v.clone() for k, v in model.state_dict().items()}
    made(data)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_the_copies_that_measure_are_of_the_kind_that_is_learned(made, data, digits_model):
    """``snapshot.copies`` is FGSM as an attack; here, as in training, float32 decides near-zero slopes."""
    learned = made(data)[0][300:]
    measured = copies(digits_model, *data, eps=EPS)
    assert ((learned - measured).abs() < 1e-6).double().mean() > 0.9
    right = [
        (digits_model(x).argmax(1) == data[1]).double().mean().item() for x in (learned, measured)
    ]
    assert right[0] == pytest.approx(right[1], abs=0.02)
