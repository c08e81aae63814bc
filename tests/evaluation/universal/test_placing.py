"""Patches on held-out pictures: counted over random places, by area and by position; controls."""

import pytest
import torch
from torch import nn

from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.classifier import Classifier
from robust_core.evaluation.universal import placing


class Red(nn.Module):
    """Class 1 where a share of more than 0.15 of the picture is pure red, else 0."""

    def forward(self, x):
        pure = (x[:, 0] > 0.99) & (x[:, 1:] < 0.01).all(1)
        share = pure.double().mean((1, 2)).float()
        return torch.stack([torch.full_like(share, 0.15), share, 0 * share], 1)


def classifier(network: nn.Module, *names: str) -> Classifier:
    same = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "input_size": (16, 16)}
    return Classifier(network, name="made", class_names=names, **same).eval()


@pytest.fixture
def model():
    return classifier(Red(), "other", "red", "none")


@pytest.fixture
def patch():
    pixels = torch.zeros(1, 3, 8, 8)
    pixels[:, 0] = 1
    return PatchUniversal(pixels, {"size": [3, 16, 16], "shape": "square"})


@pytest.fixture
def test_set(pictures):
    return pictures(12, (3, 16, 16), torch.float32, low=0.2, high=0.8), torch.arange(12) % 3


def test_pictures_of_the_target_class_do_not_count(model, patch, test_set):
    found = placing.success(model, patch, *test_set, 1)
    assert found["pictures"] == 8
    assert found["n"] == 104, "all of them as often, at least 100"
    assert (found["hits"], found["rate"], found["before"]) == (104, 1.0, 0)
    with pytest.raises(ValueError, match="all images are of the target class"):
        placing.success(model, patch, test_set[0], torch.ones(12).long(), 1)
    with pytest.raises(ValueError, match="placements must be at least 1"):
        placing.success(model, patch, *test_set, 1, placements=0)


def test_places_are_random_seeded_and_within_the_picture(model, patch, test_set):
    seen = []

    def watching(x):
        seen.append(x)
        return model(x)

    watching.device = model.device
    placing.success(watching, patch, *test_set, 1, rotation=0)
    shown = torch.cat(seen[:-1])[:104]
    covered = ((shown[:, 0] > 0.99) & (shown[:, 1] < 0.01)).flatten(1).sum(1)
    assert (covered >= 49).all(), "no picture has it cut by the rim"
    tops = ((shown[:, 0] > 0.99).any(2)).int().argmax(1)
    assert len(tops.unique()) > 5


def test_success_grows_with_the_area(model, patch, test_set):
    curve = placing.area_curve(model, patch, *test_set, 1, areas=(0.02, 0.1, 0.25, 0.4))
    assert [round(one["area"], 2) for one in curve] == [0.02, 0.1, 0.25, 0.4]
    rates = [one["rate"] for one in curve]
    assert rates == sorted(rates)
    assert (rates[0], rates[-1]) == (0, 1)


def test_the_map_follows_the_position(patch, test_set):
    class Corner(nn.Module):
        def forward(self, x):
            red = (x[:, 0, 0, 0] > 0.99).float()
            return torch.stack([torch.full_like(red, 0.5), red], 1)

    model = classifier(Corner(), "no", "yes")
    found = placing.heat_map(model, patch, test_set[0], torch.zeros(12).long(), 1, cells=3)
    assert found == [[1.0, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_the_controls_have_its_size_and_shape(model, patch, test_set):
    noise = placing.noise_patch(patch)
    assert noise.delta.shape == patch.delta.shape
    assert noise.delta.equal(placing.noise_patch(patch).delta)
    assert noise.scale == patch.scale
    assert placing.success(model, noise, *test_set, 1)["rate"] == 0
    thing = placing.object_patch(patch, model, *test_set, 1)
    best = test_set[0][thing.record["picture"]]
    assert test_set[1][thing.record["picture"]] == 1
    small = best.view(3, 8, 2, 8, 2).mean((2, 4))
    torch.testing.assert_close(thing.delta[0], small)
    with pytest.raises(ValueError, match="no picture of the target class"):
        placing.object_patch(patch, model, test_set[0], torch.zeros(12).long(), 1)
