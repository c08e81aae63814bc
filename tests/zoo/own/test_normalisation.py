"""The check of the normalisation: counts by hand, and the sentence that says which one fits."""

import pytest
import torch
from torch import nn

from robust_core.classifier import Classifier
from robust_core.zoo import own


class Brightness(nn.Module):
    """Right about which half of normalised pictures is above 0."""

    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([-mean, mean], dim=1)


def model(mean=0.5, std=0.5, channels=3) -> Classifier:
    return Classifier(
        Brightness(),
        class_names=("dark", "light"),
        input_size=(4, 4),
        mean=(mean,) * channels,
        std=(std,) * channels,
    )


PICTURES = torch.linspace(0.05, 0.95, 10).view(-1, 1, 1, 1).expand(-1, 3, 4, 4)
LABELS = (torch.arange(10) >= 5).long()


def test_the_right_one_is_right_everywhere_and_none_on_the_light_half():
    found = {one.title: one for one in own.compare_normalisations(model(), PICTURES, LABELS)}
    assert found["this normalisation"].right == 10
    assert found["none"].right == 5
    assert found["ImageNet's"].right in range(9, 11)
    assert "to [-1, 1]" not in found  # it is this one
    told = own.in_words(list(found.values()))
    assert "right on 10 of your 10 pictures; without it on 5" in told


def test_a_missing_one_is_named():
    found = own.compare_normalisations(model(0.0, 1.0), PICTURES, LABELS)
    assert found[0].right == 5
    told = own.in_words(found)
    assert told.startswith("Without a normalisation it is right on 5 of your 10 pictures")
    assert "Mean 0.5 0.5 0.5 and deviation 0.5 0.5 0.5 fit better." in told


def test_wrong_labels_are_said_to_be_that():
    told = own.in_words(own.compare_normalisations(model(), PICTURES, 1 - LABELS))
    assert "order of the classes" in told or "fit better" in told


def test_grey_pictures_have_no_imagenet():
    found = own.compare_normalisations(model(channels=1), PICTURES[:, :1], LABELS)
    assert [one.title for one in found] == ["this normalisation", "none"]


def test_other_sizes_and_labels_are_refused():
    with pytest.raises(ValueError, match="shape"):
        own.compare_normalisations(model(), PICTURES[..., :3], LABELS)
    with pytest.raises(ValueError, match="labels"):
        own.compare_normalisations(model(), PICTURES, LABELS[:3])
