"""Distances against values worked out by hand."""

import pytest
import torch

from robust_core import distances


@pytest.fixture
def pair():
    """One pixel changed in two channels, another in one."""
    a = torch.full((1, 3, 4, 4), 0.5)
    b = a.clone()
    b[0, 0, 1, 1] += 0.3
    b[0, 1, 1, 1] -= 0.4
    b[0, 2, 3, 3] += 0.1
    return a, b


def test_norms(pair):
    found = {name: value.item() for name, value in distances.all_norms(*pair).items()}
    assert found["l0"] == 2  # pixels, not channels
    assert found["l1"] == pytest.approx(0.3 + 0.4 + 0.1, rel=1e-6)
    assert found["l2"] == pytest.approx((0.09 + 0.16 + 0.01) ** 0.5, rel=1e-6)
    assert found["linf"] == pytest.approx(0.4, rel=1e-6)
    assert found["tv"] == pytest.approx(4 * 0.3 + 4 * 0.4 + 2 * 0.1, rel=1e-6)


def test_a_constant_shift_has_no_total_variation():
    a = torch.rand(2, 3, 5, 5)
    assert distances.tv(a, a + 0.25).max() < 1e-5


def test_total_variation_of_sign_noise():
    """Each of the neighbour pairs differs by 0 or 2 eps with probability one half."""
    signs = torch.randint(0, 2, (1, 3, 64, 64), generator=torch.Generator().manual_seed(0)) * 2 - 1
    pairs = 3 * 2 * 64 * 63
    found = distances.tv(0.1 * signs, torch.zeros(1, 3, 64, 64)).item()
    assert found == pytest.approx(0.1 * pairs, rel=0.02)


def test_changes_below_one_millionth_do_not_count():
    a = torch.zeros(1, 1, 2, 2, dtype=torch.float64)
    b = a.clone()
    b[0, 0, 0, 0], b[0, 0, 0, 1] = 0.9e-6, 1.1e-6
    assert distances.l0(a, b).item() == 1


def test_flat_vectors_have_norms_too():
    a, b = torch.zeros(2, 5), torch.ones(2, 5)
    assert distances.l0(a, b).tolist() == [5, 5]
    assert distances.tv(a, b).tolist() == [0, 0]


@pytest.mark.parametrize("side", [7, 8, 32])
def test_ssim(side):
    a = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    noisy = (a + 0.3 * torch.randn(a.shape, generator=torch.Generator().manual_seed(1))).clamp(0, 1)
    assert distances.ssim(a, a).tolist() == [1, 1]
    assert (distances.ssim(a, noisy) < 0.95).all()
    slightly = (a + 0.01).clamp(0, 1)
    assert (distances.ssim(a, slightly) > distances.ssim(a, noisy)).all()


def test_ssim_of_pictures_without_a_window():
    with pytest.raises(ValueError, match="SSIM needs pictures of at least 3 x 3"):
        distances.ssim(torch.rand(1, 3, 2, 8), torch.rand(1, 3, 2, 8))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_norms_are_measured_in_float64_per_picture(dtype):
    a, b = (torch.rand(3, 3, 4, 4, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    a, b = a.to(dtype), b.to(dtype).requires_grad_()
    for name, values in distances.all_norms(a, b).items():
        assert (values.shape, values.dtype, values.requires_grad) == ((3,), torch.float64, False)
        alone = torch.cat([getattr(distances, name)(a[i : i + 1], b[i : i + 1]) for i in range(3)])
        torch.testing.assert_close(values, alone, rtol=1e-12, atol=0)
    assert distances.linf(a, b).max() == (a.double() - b.double()).abs().max()
