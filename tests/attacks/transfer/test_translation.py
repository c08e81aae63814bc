"""TI-FGSM: its kernel, and that smoothing is averaging over shifts."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.transfer.translation import fitting_side, gaussian, smoothed


@pytest.mark.parametrize("side", [1, 3, 15])
def test_the_kernel_is_a_normalised_gaussian_to_three_deviations(side):
    weights = gaussian(side)
    assert len(weights) == side
    assert weights.sum().item() == pytest.approx(1)
    assert weights.equal(weights.flip(0))
    if side == 15:  # as the authors' code has it: deviation 7 / 3
        assert (weights[8] / weights[7]).item() == pytest.approx(2.718281828 ** -((3 / 7) ** 2 / 2))


def test_smoothing_is_the_weighted_sum_of_shifted_gradients():
    generator = torch.Generator().manual_seed(0)
    gradient = torch.randn(2, 3, 6, 7, generator=generator, dtype=torch.float64)
    weights, padded = gaussian(5), torch.nn.functional.pad(gradient, [2] * 4)
    shifts = [
        weights[i] * weights[j] * padded[..., i : i + 6, j : j + 7]
        for i in range(5)
        for j in range(5)
    ]
    torch.testing.assert_close(smoothed(gradient, 5), sum(shifts))
    assert smoothed(gradient, 1) is gradient


@pytest.mark.parametrize(
    ("size", "side"),
    [((299, 299), 15), ((224, 224), 11), ((32, 32), 5), ((160, 999), 9), ((1, 1), 5)],
)
def test_the_default_kernel_has_the_paper_s_share_of_the_picture(size, side):
    assert fitting_side(*size) == side


def test_on_a_linear_model_it_goes_along_the_smoothed_weights(linear, pictures):
    model, images = linear(2), pictures(4)
    labels = torch.tensor([0, 1, 0, 1])
    uphill = (model.weight[1 - labels] - model.weight[labels]).detach().view_as(images)
    attack = attacks.create("ti-fgsm", eps=0.1, steps=3, kernel=5)
    found = attack(model, images, labels)
    assert found.equal(images + 0.1 * smoothed(uphill, 5).sign())
    assert not found.equal(images + 0.1 * uphill.sign())


@pytest.mark.parametrize("kernel", [2, 0, 4.5])
def test_a_kernel_without_a_middle_is_refused(kernel):
    with pytest.raises(ValueError, match=r"^kernel must be"):
        attacks.create("ti-fgsm", kernel=kernel)
