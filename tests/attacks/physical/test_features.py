"""Features and Gram matrices: of any network, independent of size, without traces in a shared one."""

import pytest
import torch

from robust_core.attacks.physical.features import features_of, gram


def test_a_staged_network_is_walked_along_and_others_are_listened_to(
    resnet, digits_model, pictures
):
    images = pictures(2, (3, 32, 32), torch.float32)
    walked = features_of(resnet, 4)(images)
    assert [x.shape[1] for x in walked] == [16, 16, 32, 64]
    torch.testing.assert_close(
        walked[-1], resnet.network.features(resnet.normalise(images), "AD(4)")
    )
    digits = pictures(2, (1, 8, 8), torch.float32)
    heard = features_of(digits_model, 4)
    assert [x.shape[1] for x in heard(digits)] == [32, 64]
    assert len(heard(digits)) == 2, "nothing is left from the first time"
    assert not any(m._forward_hooks for m in digits_model.modules())
    assert all((x >= 0).all() for x in heard(digits))


def test_fewer_layers_are_the_deepest_included(resnet, pictures):
    images = pictures(1, (3, 32, 32), torch.float32)
    assert [x.shape[1] for x in features_of(resnet, 2)(images)] == [16, 64]
    assert len(features_of(resnet, 50)(images)) == 4


def test_a_gram_matrix_does_not_know_places_nor_size(pictures):
    x = pictures(2, (4, 6, 6))
    expected = torch.einsum("nahw,nbhw->nab", x, x) / (4 * 36)
    torch.testing.assert_close(gram(x), expected)
    torch.testing.assert_close(gram(x.flip(2)), expected)
    torch.testing.assert_close(gram(x.repeat(1, 1, 2, 3)), expected)


def test_only_the_area_counts(pictures):
    x = pictures(2, (4, 6, 6))
    area = torch.zeros(1, 1, 12, 12)
    area[..., :6] = 1  # twice as fine as the activation
    torch.testing.assert_close(gram(x, area), gram(x[..., :3].contiguous()))


def test_what_has_no_features_is_refused():
    with pytest.raises(ValueError, match="model must be a torch module"):
        features_of(lambda x: x)
    with pytest.raises(ValueError, match="must have convolutions"):
        features_of(torch.nn.Flatten())
