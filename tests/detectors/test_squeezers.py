"""Squeezers: lattices, the medians of SciPy, denoising; each leaves shape, range and dtype alone."""

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter

from robust_core.detectors.squeezers import (
    PRESETS,
    BitDepth,
    Median,
    NonLocalMeans,
    squeezer,
)

ALL = (BitDepth(1), BitDepth(5), Median(2), Median(3), NonLocalMeans(5, 3, 20))


def drawn(shape=(3, 2, 7, 9), seed=0, dtype=torch.float32) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("squeeze", ALL, ids=lambda s: s.name)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 2, 7, 9), (1, 1, 8, 8), (2, 3, 16, 16)])
def test_shape_dtype_and_range_stay_and_the_input_is_left_alone(squeeze, dtype, shape):
    x = drawn(shape, dtype=dtype)
    before = x.clone()
    y = squeeze(x)
    assert torch.equal(x, before)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert (y >= 0).all()
    assert (y <= 1).all()


@pytest.mark.parametrize("squeeze", ALL, ids=lambda s: s.name)
def test_each_picture_is_squeezed_by_itself(squeeze):
    x = drawn()
    assert torch.equal(squeeze(x)[1:2], squeeze(x[1:2]))


@pytest.mark.parametrize("squeeze", ALL, ids=lambda s: s.name)
def test_a_flat_picture_stays(squeeze):
    x = torch.zeros(1, 3, 8, 8)
    assert torch.equal(squeeze(x), x)
    assert torch.equal(squeeze(x + 1), x + 1)


@pytest.mark.parametrize("bits", range(1, 9))
def test_bit_depth_is_a_lattice_and_a_projection(bits):
    x, squeeze, top = drawn(), BitDepth(bits), 2**bits - 1
    y = squeeze(x)
    assert torch.equal(squeeze(y), y)
    assert len(y.unique()) <= top + 1
    torch.testing.assert_close(y * top, (y * top).round())
    assert (y - x).abs().max() <= 0.5 / top + 1e-6


def test_eight_bits_leave_every_picture_file_as_it_is():
    x = (torch.arange(256).float() / 255).view(1, 1, 16, 16)
    assert torch.equal(BitDepth(8)(x), x)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("shape", [(3, 2, 7, 9), (1, 1, 2, 2), (2, 3, 32, 32)])
def test_the_median_is_that_of_scipy(width, shape):
    x = drawn(shape)
    expected = median_filter(x.numpy(), size=(1, 1, width, width), mode="reflect")
    assert torch.equal(Median(width)(x), torch.from_numpy(expected))


@pytest.mark.parametrize("width", [2, 3])
def test_the_median_removes_a_lone_pixel(width):
    x = torch.full((1, 1, 8, 8), 0.25)
    x[0, 0, 4, 4] = 1
    assert torch.equal(Median(width)(x), torch.full_like(x, 0.25))


def test_non_local_means_smooths_noise_and_keeps_an_edge():
    x = torch.full((1, 1, 24, 24), 0.2)
    x[..., 12:] = 0.8
    noise = 0.02 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    noisy = x + noise
    smooth = NonLocalMeans(13, 3, 10)(noisy)
    assert (smooth - x).abs().mean() < 0.6 * (noisy - x).abs().mean()
    assert (smooth - x).abs().max() < 0.2


def test_more_strength_changes_more():
    x = drawn((1, 3, 16, 16))
    change = [(NonLocalMeans(7, 3, h)(x) - x).abs().mean().item() for h in (1, 10, 40, 200)]
    assert change == sorted(change)
    assert change[0] < 1e-3 < change[-1]


def test_names_lead_back_to_the_squeezer():
    for squeeze in {*ALL, *(s for preset in PRESETS.values() for s in preset)}:
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
        (lambda: BitDepth(0), "bits must be a whole number from 1 to 8; got 0"),
        (lambda: BitDepth(2.0), "bits must be"),
        (lambda: Median(5), "width must be a whole number from 2 to 3; got 5"),
        (lambda: NonLocalMeans(13, 2, 2), "patch must be an odd number"),
        (lambda: NonLocalMeans(13, 3, 0), "strength must be"),
    ],
)
def test_mistakes_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_grey_and_colour_agree_where_the_channels_do():
    grey = drawn((1, 1, 12, 12))
    colour = NonLocalMeans(7, 3, 30)(grey.expand(1, 3, 12, 12))
    np.testing.assert_allclose(colour[:, :1], NonLocalMeans(7, 3, 30)(grey), atol=1e-5)
