"""Backdrops and streets: of any size, decided by the seed."""

import pytest
import torch

from robust_core.data import signs


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sky_is_above_and_ground_below(seed):
    for scene in (signs.backdrop(seed, 48), signs.street(seed, 48, 64)):
        assert scene.dtype == torch.float32
        assert 0 <= scene.min() <= scene.max() <= 1
        above, below = scene[0, :, :4].mean((1, 2)), scene[0, :, -4:, -8:].mean((1, 2))
        assert above[2] > above[0], "the sky is blue"
        assert above.mean() > below.mean()


def test_size_and_seed_decide():
    assert signs.street(0, 30, 50).shape == (1, 3, 30, 50)
    assert signs.backdrop(3, 40).equal(signs.backdrop(3, 40))
    assert not signs.backdrop(3, 40).equal(signs.backdrop(4, 40))
