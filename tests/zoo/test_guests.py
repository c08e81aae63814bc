"""Guests: asked by name as any other model, in no list, and gone when dismissed."""

import pytest

from robust_core import zoo
from robust_core.words import models


@pytest.fixture
def guest(linear):
    from robust_core.classifier import Classifier

    model = Classifier(
        linear(),
        name="mine",
        class_names=("cat", "dog"),
        input_size=(4, 4),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
    )
    zoo.admit(zoo.Guest("mine", model, "Mine"))
    yield model
    zoo.dismiss("mine")


def test_the_zoo_answers_for_it(guest):
    about = zoo.describe("mine")
    assert zoo.load("mine", "cpu") is zoo.load("mine", "cpu") is guest
    assert (about.class_names, about.input_size, about.channels) == (("cat", "dog"), (4, 4), 3)
    assert zoo.outline("mine").classes == 2
    assert zoo.family("mine") == "imagenet"
    assert zoo.is_local("mine")
    assert zoo.detectors("mine") == []
    assert models.title("mine") == "Mine"
    assert "your own" in models.facts("mine")


def test_no_list_shows_it_and_no_name_is_taken_twice(guest):
    assert "mine" not in zoo.names()
    assert all("mine" not in group.names for group in models.groups())
    with pytest.raises(ValueError, match="mine"):
        zoo.admit(zoo.Guest("mine", guest, "Another"))


def test_it_is_gone_when_dismissed(guest):
    zoo.dismiss("mine")
    with pytest.raises(ValueError, match="model must be one of"):
        zoo.load("mine")
    zoo.dismiss("mine")
