"""Sizes, and eviction by bytes."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from robust_core.engine.cache import MISSING, Cache, nbytes


@dataclass
class Record:
    picture: object
    more: object = None


@dataclass(slots=True)
class Slotted:
    picture: object


class Plain:
    def __init__(self, picture):
        self.picture = picture


@pytest.mark.parametrize(
    "wrap",
    [
        Record,
        Slotted,
        Plain,
        lambda picture: (picture,),
        lambda picture: [picture],
        lambda picture: {"picture": picture},
        lambda picture: {"deep": [Record(None, (picture,))]},
    ],
)
@pytest.mark.parametrize(
    "picture",
    [
        torch.zeros(1000),
        np.zeros(1000, dtype=np.float32),
        bytes(4000),
        bytearray(4000),
        memoryview(bytes(4000)),
        "x" * 4000,
    ],
    ids=lambda picture: type(picture).__name__,
)
def test_containers_add_little_to_what_they_hold(wrap, picture):
    assert 4000 <= nbytes(picture) < 4400
    assert nbytes(picture) <= nbytes(wrap(picture)) < nbytes(picture) + 1000


def test_what_is_reached_twice_counts_once():
    tensor, array = torch.zeros(1000), np.zeros(1000)
    assert nbytes([tensor, tensor[:2], tensor.view(10, 100), tensor.numpy()]) < 4000 + 500
    assert nbytes([array, array[:2], array.T]) < 8000 + 500
    loop = [bytes(1000)]
    loop.append(loop)
    assert 1000 < nbytes(loop) < 1500


def test_a_view_counts_as_the_memory_that_it_keeps_alive():
    assert nbytes(torch.zeros(1000)[:1]) == 4000
    assert nbytes(torch.zeros(1000).numpy()[:1]) == 4000
    assert nbytes(np.zeros((1000, 2))[::2, 1]) == 16_000
    assert nbytes(np.frombuffer(bytes(1000), dtype=np.uint8)[5:]) >= 1000


def test_gradients_sparse_tensors_and_object_arrays_count():
    leaf = torch.zeros(1000, requires_grad=True)
    leaf.grad = torch.zeros(1000)
    assert nbytes(leaf) == 8000
    assert nbytes(torch.eye(10).to_sparse()) > 0
    assert nbytes(np.array([bytes(1000), None], dtype=object)) > 1000


def test_the_least_recently_used_leave_first_and_the_bytes_add_up():
    cache = Cache(100)
    for key in "abc":
        cache.put(key, key.upper(), 30)
    assert cache.get("a") == "A"
    cache.put("d", "D", 40)
    assert cache.get("b") is MISSING
    assert cache.get("a") == "A"
    assert cache.bytes == 100
    cache.put("d", "smaller", 10)
    assert cache.get("d") == "smaller"
    assert cache.bytes == 70
    cache.put("e", "E", 100)
    assert [cache.get(key) is MISSING for key in "acd"] == [True] * 3
    assert cache.bytes == 100
    cache.put("f", "F", 101)
    assert cache.get("f") is MISSING
    assert cache.get("e") == "E"
    cache.clear()
    assert cache.get("e") is MISSING
    assert cache.bytes == 0


def test_none_is_a_value_like_any_other():
    cache = Cache(100)
    cache.put("key", None, 16)
    assert cache.get("key") is None
