"""Keys: equal for equal requests, different for any difference."""

import math
import string

import numpy as np
import pytest
import torch

from robust_core.engine import key_of


def test_a_key_is_sha256_in_hex_and_ignores_the_order_of_names():
    key = key_of(model="resnet", eps=0.1, options={"a": 1, "b": [1, 2]})
    assert len(key) == 64
    assert set(key) <= set(string.hexdigits.lower())
    assert key == key_of(options={"b": (1, 2), "a": 1}, eps=0.1, model="resnet")


def test_every_difference_makes_another_key():
    parts = [
        {},
        {"x": None},
        {"y": None},
        {"x": 1},
        {"x": 1.0},
        {"x": True},
        {"x": "1"},
        {"x": [1]},
        {"x": [[1]]},
        {"x": {"1": 1}},
        {"x": 0.1},
        {"x": math.nextafter(0.1, 1)},
        {"x": 0.0},
        {"x": -0.0},
        {"x": math.inf},
        {"x": "a", "y": "b"},
        {"x": 'a","y":"b'},
        {"x": "\u00e9"},
        {"x": "e\u0301"},
    ]
    assert len({key_of(**each) for each in parts}) == len(parts)


@pytest.mark.parametrize(
    "part",
    [torch.zeros(1), np.zeros(1), np.float32(1), b"bytes", {1: 2}, [object()], {"a": {1}}],
    ids=lambda part: type(part).__name__,
)
def test_other_things_are_refused_by_name(part):
    with pytest.raises(TypeError, match="picture"):
        key_of(picture=part)


def test_a_key_with_an_owner_differs_and_hands_its_owner_on():
    shared, mine, yours = (key_of(owner=owner, picture="p") for owner in (None, "me", "you"))
    assert len({shared, mine, yours}) == 3
    assert (shared.owner, mine.owner) == (None, "me")
    assert key_of(curve=mine, grid=[1]).owner == "me"
    assert key_of(curve=shared, grid=[1]).owner is None
    assert mine == key_of(owner="me", picture="p")
