import pytest
import torch

from robust_core.data import digits


@pytest.fixture(scope="module")
def splits():
    return {name: digits.load(name) for name in ("train", "test")}


@pytest.mark.parametrize(("name", "count"), [("train", 1347), ("test", 450)])
def test_shapes_types_and_range(splits, name, count):
    images, labels = splits[name]
    assert images.shape == (count, 1, 8, 8)
    assert images.dtype == torch.float32
    assert labels.dtype == torch.int64
    assert images.min() == 0
    assert images.max() == 1


def test_pixels_are_sixteenths(splits):
    images, _ = splits["test"]
    assert torch.equal(images * 16, (images * 16).round())


def test_the_splits_are_the_whole_set_once(splits):
    from sklearn.datasets import load_digits

    joined = torch.cat([splits["train"][0], splits["test"][0]]).flatten(1) * 16
    whole = torch.from_numpy(load_digits().data).float()
    assert sorted(map(tuple, joined.tolist())) == sorted(map(tuple, whole.tolist()))


def test_every_class_keeps_its_share(splits):
    share = [labels.bincount(minlength=10) / len(labels) for _, labels in splits.values()]
    assert torch.allclose(share[0], share[1], atol=0.005)


def test_the_split_is_always_the_same(splits):
    again = digits.load("test")
    assert all(torch.equal(a, b) for a, b in zip(splits["test"], again, strict=True))


def test_the_split_is_that_of_scikit_learn_picture_by_picture(splits):
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    whole = load_digits()
    parts = train_test_split(
        range(len(whole.target)), test_size=0.25, random_state=0, stratify=whole.target
    )
    for rows, (images, labels) in zip(parts, splits.values(), strict=True):
        assert torch.equal(images.flatten(1) * 16, torch.from_numpy(whole.data[rows]).float())
        assert labels.tolist() == whole.target[rows].tolist()
