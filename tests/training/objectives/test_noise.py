"""Training under noise: its size, and that nothing is clipped."""

import pytest
import torch

from robust_core import zoo
from robust_core.training.objectives import Batch, Clean, GaussianTraining, PixelDPTraining


def test_without_noise_it_is_plain_training(model, batch, generator):
    found = GaussianTraining(sigma=0).loss(model, Batch(*batch, generator))
    assert torch.equal(found, Clean().loss(model, Batch(*batch, generator)))


def test_the_noise_is_normal_and_not_clipped(batch, generator):
    seen = []

    def spy(x):
        seen.append(x)
        return torch.zeros(len(x), 10, dtype=x.dtype, requires_grad=True)

    images = batch[0].repeat(20, 1, 1, 1)
    GaussianTraining(sigma=0.25).loss(spy, Batch(images, batch[1].repeat(20), generator))
    noise = seen[0] - images
    assert noise.std().item() == pytest.approx(0.25, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert seen[0].min() < 0
    assert seen[0].max() > 1


def test_the_seed_decides(model, batch):
    model.eval()
    objective = GaussianTraining(sigma=0.1)
    draws = [Batch(*batch, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    losses = [objective.loss(model, draw).item() for draw in draws]
    assert losses[0] == losses[1] != losses[2]


def test_pixeldp_learns_through_its_own_noise():
    model = zoo.untrained("cifar10-resnet32-pixeldp").train()
    images, labels = torch.rand(2, 3, 32, 32), torch.tensor([3, 8])
    losses = []
    for seed in (1, 1, 2):
        batch = Batch(images, labels, torch.Generator().manual_seed(seed))
        loss = PixelDPTraining().loss(model, batch)
        losses.append(loss.item())
    assert losses[0] == losses[1] != losses[2]
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_a_negative_deviation_is_refused():
    with pytest.raises(ValueError, match="sigma must be at least 0; got -1"):
        GaussianTraining(sigma=-1)
