"""A sweep of one picture: it begins with the answer, and names the first flip."""

import pytest
import torch

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.experiment import swept
from robust_core.natural.changes import CHANGES


class Bright(torch.nn.Module):
    """Says 1 of pictures whose mean is above 0.5."""

    def forward(self, x):
        high = x.mean((1, 2, 3)) - 0.5
        return 10 * torch.stack([-high, high], 1)


@pytest.fixture
def bright():
    return Classifier(
        Bright(), class_names=("dark", "bright"), input_size=(8, 8), mean=(0.0,), std=(1.0,)
    )


def test_the_first_flip_is_where_the_closed_form_says(bright):
    found = swept.sweep(bright, torch.full((1, 1, 8, 8), 0.27))
    assert found.keys() == set(CHANGES.names())
    lit = found["brightness"]
    assert lit.flip is not None
    assert lit.flip.strength == pytest.approx(0.25), "the first place above 0.23"
    assert lit.flip.said == 1
    assert [look.said for look in lit.marked] == [0, 0, 0, 1, 1, 1]
    for name in ("rotation", "shift", "scale", "shear", "perspective", "curvature", "blur"):
        assert found[name].flip is None, "a flat picture stays flat"
    assert all(one.looks[0].confidence == one.looks[0].first for one in found.values())


def test_a_picture_of_the_zoo_and_its_progress(digit_pictures):
    told = []
    images, _ = digit_pictures
    model = zoo.load("digits-cnn", "cpu")
    found = swept.sweep(model, images[:1], lambda k, n: told.append((k, n)))
    assert told == [(k + 1, len(CHANGES)) for k in range(len(CHANGES))]
    assert {one.looks[0].pixels.shape for one in found.values()} == {(8, 8, 1)}
    with pytest.raises(ValueError, match="images must hold one picture; got 2"):
        swept.sweep(model, images[:2])
