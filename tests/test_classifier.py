"""Classifier: normalisation in one place, predictions by name."""

import numpy as np
import pytest
import torch
from torch import nn

from robust_core.classifier import VALUES, Classifier, Provenance, at_once
from robust_core.data.fitting import fit
from robust_core.evaluation.accuracy import default_batch


@pytest.fixture
def model():
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return Classifier(
        network,
        name="tiny",
        class_names=("Red", "green", "blue"),
        input_size=(4, 4),
        mean=(0.5, 0.25, 0.0),
        std=(0.5, 0.25, 2.0),
    )


def test_logits_are_those_of_the_normalised_picture(model):
    x = torch.rand(2, 3, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mean, std = (torch.tensor(v, dtype=torch.float64) for v in ((0.5, 0.25, 0), (0.5, 0.25, 2)))
    expected = ((x.mean((2, 3)) - mean) / std).float()
    torch.testing.assert_close(model(x), expected)  # a float32 network, whatever the pictures are


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_pictures_of_any_floating_dtype_and_their_gradient(dtype):
    model = Classifier(
        nn.Sequential(nn.Flatten(), nn.Linear(4, 3)),
        name="tiny",
        class_names=("a", "b", "c"),
        input_size=(2, 2),
        mean=(0.5,),
        std=(0.25,),
    )
    images = torch.rand(2, 1, 2, 2, generator=torch.Generator().manual_seed(0)).to(dtype)
    images.requires_grad_()
    logits = model(images)
    assert logits.equal(model(images.float()))
    (gradient,) = torch.autograd.grad(logits.sum(), images)
    assert gradient.dtype == dtype
    assert gradient.any()


def test_predict_names_the_most_probable_classes_in_order(model):
    x = torch.zeros(2, 3, 4, 4)
    x[0, 1], x[1, 0] = 1.0, 1.0
    first, second = model.predict(x, k=2)
    assert [g.label for g in first] == ["green", "blue"]
    assert second[0].label == "Red"
    assert second[0].index == 0
    assert first[0].confidence > first[1].confidence
    total = sum(g.confidence for g in model.predict(x, k=10)[0])
    assert total == pytest.approx(1)


def test_ties_go_to_the_lower_index(model):
    guesses = model.name_classes(torch.full((1, 3), 1 / 3))[0]
    assert [g.index for g in guesses] == [0, 1, 2]


def test_pictures_that_are_not_square_can_be_cropped():
    made = Classifier(nn.Flatten(), class_names=("a",), input_size=(4, 7), mean=(0.0,), std=(1.0,))
    pixels = np.zeros((9, 5, 3), np.uint8)
    shape = fit(pixels, size=(4, 7), resize=made.resize, channels=1, how="crop").shape
    assert shape[:2] == (4, 7)


def test_a_network_that_needs_much_memory_gets_fewer_pictures_at_a_time(model):
    images = torch.zeros(2, 3, 32, 32)
    assert at_once(model, 256) == default_batch(images, model) == 256
    model.provenance = Provenance("unknown", details={"values": VALUES // 3})
    assert at_once(model, 256) == default_batch(images, model) == 3
    model.provenance = Provenance("unknown", details={"values": 2 * VALUES})
    assert at_once(model, 256) == 1


def test_index_of(model):
    assert model.index_of("RED") == 0
    assert model.index_of("2") == 2
    assert model.index_of(1) == 1
    for wrong in ("cat", "3", -1, ""):
        with pytest.raises(ValueError, match=r"tiny has no class .*Red, green, blue"):
            model.index_of(wrong)


def test_shape(model):
    assert model.channels == 3
    assert model.device == torch.device("cpu")


def test_predict_neither_uses_nor_changes_the_training_mode():
    network = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Flatten(), nn.Linear(4, 3))
    model = Classifier(
        network, name="t", class_names=("a", "b", "c"), input_size=(2, 2), mean=(0.5,), std=(0.25,)
    )
    images = torch.rand(5, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    expected = model.eval().predict(images)
    model.train()
    network[3].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    assert model.predict(images) == expected
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [m.training for m in network] == [True, True, True, False]
