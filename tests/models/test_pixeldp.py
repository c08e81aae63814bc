"""The PixelDP network: how far a change of the picture can move its private layer."""

import math

import pytest
import torch

from robust_core.models import PixelDPResNet32


@pytest.fixture(scope="module")
def network() -> PixelDPResNet32:
    torch.manual_seed(0)
    return PixelDPResNet32().double().eval()


@pytest.mark.parametrize("kernel", ["random", "smooth", "huge"])
def test_the_first_convolution_moves_no_farther_than_the_picture(network, kernel):
    """The worst direction is found by power iteration; a smooth kernel nearly reaches the bound."""
    weight = network.stem[0].weight
    original = weight.detach().clone()
    with torch.no_grad():
        if kernel == "smooth":
            weight.copy_(torch.ones_like(weight))
        elif kernel == "huge":
            weight.mul_(1e4)
    x = torch.randn(1, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for _ in range(60):
        x = (x / x.norm()).requires_grad_()
        length = network.first(x).norm()
        (x,) = torch.autograd.grad(length.square() / 2, x)
    with torch.no_grad():
        weight.copy_(original)
    assert length <= network.sensitivity + 1e-9
    assert length > (0.95 if kernel == "smooth" else 0.3)


def test_noise_of_the_layer(network):
    x = torch.zeros(4, 3, 32, 32, dtype=torch.float64)
    seen = []
    handle = network.stem[1].register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    network.noisy(x, torch.Generator().manual_seed(0))
    network(x)
    handle.remove()
    assert seen[0].std().item() == pytest.approx(network.sigma, rel=0.02)
    assert seen[1].abs().max() == 0


def test_it_is_deterministic_without_noise_and_by_its_seed_with(network):
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(x), network(x))
    a, b, c = (network.noisy(x, torch.Generator().manual_seed(s)) for s in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.allclose(a, c)


def test_without_sigma_the_noisy_network_is_the_network(network):
    x = torch.rand(2, 3, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    network.sigma, sigma = 0.0, network.sigma
    assert torch.equal(network.noisy(x, torch.Generator()), network(x))
    network.sigma = sigma


def test_the_attack_that_its_noise_is_for(network):
    """Lecuyer et al. (2019): sigma = sqrt(2 ln(1.25 / delta)) Delta L / eps with L = 0.1 about."""
    bound = network.sigma / (network.sensitivity * math.sqrt(2 * math.log(1.25 / 0.05)))
    assert bound == pytest.approx(0.0985, abs=5e-5)


def test_attachment_points_are_those_of_the_resnet(network):
    x = torch.zeros(1, 3, 32, 32, dtype=torch.float64)
    shapes = [tuple(a.shape[1:]) for _, a in network.walk(x)]
    assert shapes == [(3, 32, 32), (16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8)]
