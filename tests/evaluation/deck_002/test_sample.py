"""Which pictures the protocol takes."""

import pytest
import torch

from robust_core import data
from robust_core.evaluation.deck_002.sample import Source, choose, source, wanted


def test_ten_classes_give_fifteen_each_and_a_thousand_give_thirty_times_five():
    assert wanted(dict.fromkeys(range(10), 390), 150) == dict.fromkeys(range(10), 15)
    many = wanted(dict.fromkeys(range(1000), 50), 150)
    assert set(many.values()) == {5}
    steps = torch.tensor(list(many)).diff()
    assert (len(many), int(steps.min()), int(steps.max())) == (30, 33, 34)


def test_a_small_folder_is_used_whole():
    assert wanted({3: 1, 8: 2}, 150) == {3: 1, 8: 2}


def test_only_right_pictures_are_taken_in_order(toy, sample):
    said = sample.labels.tolist()
    mine = max(said, key=said.count)
    numbers = {mine: range(12), (mine + 1) % 6: range(12)}
    found = choose(toy, Source(numbers, lambda rows: sample.images[list(rows)], "toys"), 4)
    right = [i for i, label in enumerate(said) if label == mine][:2]
    assert found.pictures[mine] == right
    assert torch.equal(found.images[:2], sample.images[right])
    assert found.asked >= right[-1] + 1
    assert torch.equal(toy(found.images).argmax(1), found.labels)


def test_none_right_is_a_sentence(toy, sample):
    never = next(c for c in range(6) if c not in sample.labels.tolist())
    nothing = Source({never: range(12)}, lambda rows: sample.images[list(rows)], "toys")
    with pytest.raises(ValueError, match="gets none of the 12 pictures right"):
        choose(toy, nothing)


def test_a_registered_data_set_gives_its_test_pictures_by_class(digits_model):
    found = source("digits", digits_model)
    images, labels = data.get("digits").pictures("test")
    assert sum(map(len, found.by_class.values())) == len(labels)
    numbers = found.by_class[7][:3]
    assert labels[numbers].tolist() == [7] * 3
    assert torch.equal(found.load(numbers), images[numbers])
