"""Last features and their plane: exact where a network is linear, and where features lie in a plane."""

import pytest
import torch
from torch import nn

from robust_core.inside import last_features, plane


def test_they_are_what_the_last_layer_is_given(digits_model, digit_pictures):
    images = digit_pictures[0][:7]
    told = []
    features, answers = last_features(digits_model, images, lambda k, n: told.append((k, n)))
    last = digits_model.network.layers[-1]
    torch.testing.assert_close(last(features.float()), digits_model(images))
    assert torch.equal(answers, digits_model(images).argmax(1))
    assert features.shape == (7, 64)
    assert told[-1] == (7, 7)


def test_maps_and_tokens_by_their_mean(classifier, pictures):
    images = pictures(4, (3, 6, 5))
    model = classifier(
        nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    torch.testing.assert_close(
        last_features(model, images)[0], model.network[0](images).mean((2, 3))
    )
    model = classifier(nn.Flatten(2), nn.Linear(30, 3), nn.AdaptiveAvgPool2d((1, 3)), nn.Flatten())
    torch.testing.assert_close(last_features(model, images)[0], images.flatten(2).mean(1))


def test_a_transformer_s_are_those_of_its_head_though_it_has_weights_around_it(transformer):
    images = torch.rand(3, 3, 16, 16)
    features, answers = last_features(transformer, images)
    assert features.shape == (3, 16)
    logits = transformer.network.heads.head(features.float())
    torch.testing.assert_close(logits, transformer(images))
    assert torch.equal(answers, logits.argmax(1))


def test_a_network_without_weights_is_refused(classifier, pictures):
    with pytest.raises(ValueError, match="layer with weights"):
        last_features(classifier(nn.Flatten()), pictures(1, (3, 6, 5)))


def test_features_in_a_plane_keep_their_distances():
    generator = torch.Generator().manual_seed(0)
    axes = torch.linalg.qr(torch.randn(9, 2, generator=generator, dtype=torch.float64))[0].T
    spread = torch.tensor([3.0, 1.0], dtype=torch.float64)
    flat = spread * torch.randn(40, 2, generator=generator, dtype=torch.float64)
    features = 5 + flat @ axes
    found = plane(features)
    assert sum(found.explained) == pytest.approx(1)
    variance = torch.linalg.eigvalsh(flat.T.cov())
    assert found.explained == pytest.approx((variance.flip(0) / variance.sum()).tolist())
    places = found.places(features)
    torch.testing.assert_close(torch.cdist(places, places), torch.cdist(flat, flat))
    torch.testing.assert_close(found.places(found.mean[None]), torch.zeros(1, 2).double())
    torch.testing.assert_close(found.axes @ found.axes.T, torch.eye(2).double())
    assert torch.equal(plane(features).axes, found.axes)


@pytest.mark.parametrize(
    ("features", "why"),
    [
        (torch.zeros(2, 5), "at least 2 of each of 3"),
        (torch.rand(5, 1), "at least 2 of each of 3"),
        (torch.ones(4, 3), "all are equal"),
    ],
)
def test_what_spans_no_plane_is_refused(features, why):
    with pytest.raises(ValueError, match=why):
        plane(features)
