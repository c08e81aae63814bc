"""Squeezers: filters with names that lead back to them."""

import pytest
import torch

from robust_core import filters
from robust_core.detectors.squeezers import (
    PRESETS,
    BitSqueezer,
    MedianSqueezer,
    NonLocalMeansSqueezer,
    preset,
    squeezer,
)

ALL = (
    BitSqueezer(1),
    BitSqueezer(5),
    MedianSqueezer(2),
    MedianSqueezer(3),
    NonLocalMeansSqueezer(5, 3, 20),
)


def test_they_are_the_filters(pictures):
    x = pictures(2, (2, 7, 9), torch.float32)
    assert torch.equal(BitSqueezer(3)(x), filters.bit_depth(x, 3))
    assert torch.equal(MedianSqueezer(3)(x), filters.median(x, 3))
    smooth = filters.non_local_means(x, search=5, patch=3, strength=20 / 255)
    assert torch.equal(NonLocalMeansSqueezer(5, 3, 20)(x), smooth)


def test_names_lead_back_to_the_squeezer():
    for squeeze in {*ALL, *(s for chosen in PRESETS.values() for s in chosen)}:
        assert squeezer(squeeze.name) == squeeze
    assert [s.name for s in PRESETS["cifar10"]] == ["bits-5", "median-2", "nlm-13-3-2"]


@pytest.mark.parametrize(
    "name",
    ["", "bits", "bits-x", "bits-1-2", "mean-2", "median-4", "bits-9", "nlm-12-3-2", "nlm-13-3"],
)
def test_unknown_names_are_refused(name):
    with pytest.raises(ValueError, match="must be"):
        squeezer(name)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BitSqueezer(0), "bits must be a whole number from 1 to 8; got 0"),
        (lambda: BitSqueezer(2.0), "bits must be"),
        (lambda: MedianSqueezer(5), "width must be a whole number from 2 to 3; got 5"),
        (lambda: NonLocalMeansSqueezer(13, 2, 2), "patch must be an odd number"),
        (lambda: NonLocalMeansSqueezer(13, 3, 0), "strength must be"),
    ],
)
def test_mistakes_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_preset_is_chosen_by_the_kind_of_pictures():
    assert preset((1, 8, 8)) == PRESETS["mnist"]
    assert preset((3, 32, 32)) == preset((3, 48, 64)) == PRESETS["cifar10"]
    assert preset((3, 224, 224)) == PRESETS["imagenet"]
