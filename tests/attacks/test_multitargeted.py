"""PGD towards each other class in turn breaks pictures that survive every untargeted run."""

import pytest
import torch
from torch import nn

from robust_core import attacks
from robust_core.data import digits
from robust_core.models.mlp import DigitsMLP

EPS = 0.1


@pytest.fixture(scope="module")
def standard_mlp():
    """An undefended 64-32-32-10 network for digits, trained here in a second, always the same."""
    images, labels = digits.load("train")
    order = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = DigitsMLP(width=32)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(60):
        for batch in torch.randperm(len(labels), generator=order).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimizer.step()
    return net.eval().requires_grad_(False)


def test_it_breaks_digits_that_ten_restarts_of_untargeted_pgd_do_not(standard_mlp, digits_test):
    images, labels = digits_test
    right = standard_mlp(images).argmax(1) == labels
    images, labels = images[right], labels[right]
    assert len(labels) > 0.9 * len(digits_test[1])
    common = {"eps": EPS, "steps": 50, "step_size": EPS / 10}
    untargeted = torch.zeros_like(labels, dtype=torch.bool)
    for loss in ("ce", "margin"):
        attack = attacks.create("pgd", loss=loss, restarts=10, **common)
        untargeted |= attack.run(standard_mlp, images, labels).success
    adversarial = attacks.create("pgd-t", restarts=1, **common)(standard_mlp, images, labels)
    assert (adversarial - images).abs().max() <= EPS + 1e-6
    targeted = standard_mlp(adversarial).argmax(1) != labels
    assert (targeted & ~untargeted).any()
    assert (untargeted & ~targeted).sum() < (targeted & ~untargeted).sum()
