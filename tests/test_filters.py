"""Filters: lattices, the medians of SciPy, denoising; each leaves shape, range and dtype alone."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import median_filter

from robust_core.filters import bit_depth, median, non_local_means, total_variation

ALL = (
    partial(bit_depth, bits=1),
    partial(bit_depth, bits=5),
    partial(median, width=2),
    partial(median, width=3),
    partial(non_local_means, search=5, patch=3, strength=20 / 255),
    partial(total_variation, weight=0.03),
)


def drawn(shape=(3, 2, 7, 9), seed=0, dtype=torch.float32) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def smoothed(images: torch.Tensor, search: int, patch: int, strength: int) -> torch.Tensor:
    return non_local_means(images, search=search, patch=patch, strength=strength / 255)


@pytest.mark.parametrize("simpler", ALL)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(3, 2, 7, 9), (1, 1, 8, 8), (2, 3, 16, 16)])
def test_shape_dtype_and_range_stay_and_the_input_is_left_alone(simpler, dtype, shape):
    x = drawn(shape, dtype=dtype)
    before = x.clone()
    y = simpler(x)
    assert torch.equal(x, before)
    assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert (y >= 0).all()
    assert (y <= 1).all()


@pytest.mark.parametrize("simpler", ALL)
def test_each_picture_is_filtered_by_itself(simpler):
    x = drawn()
    assert torch.equal(simpler(x)[1:2], simpler(x[1:2]))


@pytest.mark.parametrize("simpler", ALL)
def test_a_flat_picture_stays(simpler):
    x = torch.zeros(1, 3, 8, 8)
    assert torch.equal(simpler(x), x)
    assert torch.equal(simpler(x + 1), x + 1)


@pytest.mark.parametrize("bits", range(1, 9))
def test_bit_depth_is_a_lattice_and_a_projection(bits):
    x, top = drawn(), 2**bits - 1
    y = bit_depth(x, bits)
    assert torch.equal(bit_depth(y, bits), y)
    assert len(y.unique()) <= top + 1
    torch.testing.assert_close(y * top, (y * top).round())
    assert (y - x).abs().max() <= 0.5 / top + 1e-6


def test_eight_bits_leave_every_picture_file_as_it_is():
    x = (torch.arange(256).float() / 255).view(1, 1, 16, 16)
    assert torch.equal(bit_depth(x, 8), x)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("shape", [(3, 2, 7, 9), (1, 1, 2, 2), (2, 3, 32, 32)])
def test_the_median_is_that_of_scipy(width, shape):
    x = drawn(shape)
    expected = median_filter(x.numpy(), size=(1, 1, width, width), mode="reflect")
    assert torch.equal(median(x, width), torch.from_numpy(expected))


@pytest.mark.parametrize("width", [2, 3])
def test_the_median_removes_a_lone_pixel(width):
    x = torch.full((1, 1, 8, 8), 0.25)
    x[0, 0, 4, 4] = 1
    assert torch.equal(median(x, width), torch.full_like(x, 0.25))


def test_non_local_means_smooths_noise_and_keeps_an_edge():
    x = torch.full((1, 1, 24, 24), 0.2)
    x[..., 12:] = 0.8
    noise = 0.02 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    noisy = x + noise
    smooth = smoothed(noisy, 13, 3, 10)
    assert (smooth - x).abs().mean() < 0.6 * (noisy - x).abs().mean()
    assert (smooth - x).abs().max() < 0.2


def test_more_strength_changes_more():
    x = drawn((1, 3, 16, 16))
    change = [(smoothed(x, 7, 3, h) - x).abs().mean().item() for h in (1, 10, 40, 200)]
    assert change == sorted(change)
    assert change[0] < 1e-3 < change[-1]


def test_grey_and_colour_agree_where_the_channels_do():
    grey = drawn((1, 1, 12, 12))
    colour = smoothed(grey.expand(1, 3, 12, 12), 7, 3, 30)
    np.testing.assert_allclose(colour[:, :1], smoothed(grey, 7, 3, 30), atol=1e-5)
