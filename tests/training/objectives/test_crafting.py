"""Crafting: a folded copy says what the model says, and steps stay where they may."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from robust_core import zoo
from robust_core.training.objectives.crafting import (
    ascend,
    crafting_copy,
    input_gradient,
    normal,
    uniform,
)


def norms(model: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules())


def test_the_copy_says_what_the_model_says_in_eval_mode(model, batch):
    images, labels = batch
    for _ in range(2):  # the second time with other weights and statistics
        optimiser = torch.optim.SGD(model.parameters(), 0.1)
        F.cross_entropy(model(images), labels).backward()
        optimiser.step()
        said = crafting_copy(model)(images)
        assert model.training
        with torch.no_grad():
            expected = model.eval()(images)
        model.train()
        assert torch.allclose(said, expected, atol=1e-12)


def test_every_normalisation_of_the_resnet_is_folded():
    model = zoo.untrained("cifar10-resnet32")
    assert norms(model) == 33
    copy = crafting_copy(model)
    assert norms(copy) == 0
    x = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(copy(x), model.eval()(x), atol=1e-4)


def test_the_model_is_left_alone(model, batch):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    copy = crafting_copy(model)
    input_gradient(copy, *batch)
    assert copy is crafting_copy(model)
    assert not any(p.requires_grad for p in copy.parameters())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(m.training for m in model.modules())
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


class Twice(nn.Module):
    """A convolution that two layers read, behind which nothing may be folded."""

    def __init__(self, look: bool) -> None:
        super().__init__()
        self.conv, self.norm, self.look = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), look

    def forward(self, x):
        x = self.conv(x)
        if self.look and x.sum() > 1e9:  # control flow that nobody can trace
            return x.flatten(1)
        return (self.norm(x) + x).flatten(1)


@pytest.mark.parametrize("look", [False, True])
def test_what_cannot_be_folded_is_not(look, batch):
    model = Twice(look).double()
    model(batch[0])
    copy = crafting_copy(model)
    assert norms(copy) == 1
    assert torch.allclose(copy(batch[0]), model.eval()(batch[0]), atol=1e-12)


@pytest.mark.parametrize("steps", [1, 3])
def test_steps_stay_in_the_ball_and_in_the_box(model, batch, generator, steps):
    images = (batch[0] - 0.2) / 0.6  # with pixels at 0 and 1
    start = 0.1 * uniform(images, generator)
    x = ascend(model.eval(), images, batch[1], eps=0.1, step=0.08, steps=steps, start=start)
    assert (x - images).abs().max() <= 0.1 + 1e-12
    assert x.min() >= 0
    assert x.max() <= 1
    assert not x.requires_grad


def test_on_a_linear_model_the_step_is_the_closed_form(logistic, batch):
    images, labels = batch[0], batch[1] % 2
    y = 2 * labels.double() - 1
    eps = torch.linspace(0, 0.1, len(images), dtype=torch.float64).view(-1, 1, 1, 1)
    x = ascend(logistic, images, labels, eps=eps, step=eps)
    w = logistic.layer.weight.view(1, 1, 8, 8)
    assert torch.allclose(x, images - eps * y.view(-1, 1, 1, 1) * w.sign(), atol=1e-12)
    loss = F.cross_entropy(logistic(x), labels, reduction="none")
    closed = F.softplus(eps.flatten() * w.abs().sum() - y * logistic.z(images))
    assert torch.allclose(loss, closed, atol=1e-10)


def test_the_gradient_of_a_picture_does_not_depend_on_the_others(logistic, batch):
    images, labels = batch[0], batch[1] % 2
    alone = input_gradient(logistic, images[:1], labels[:1])
    assert torch.allclose(input_gradient(logistic, images, labels)[:1], alone)


def test_chance_comes_from_the_generator():
    images = torch.zeros(50, 3, 8, 8).contiguous(memory_format=torch.channels_last)
    for draw in (uniform, normal):
        a, b = (draw(images, torch.Generator().manual_seed(1)) for _ in range(2))
        assert torch.equal(a, b)
        assert a.is_contiguous(memory_format=torch.channels_last)
        assert abs(a.mean()) < 0.05
    spread = uniform(images, torch.Generator().manual_seed(2))
    assert spread.abs().max() <= 1
    assert spread.std().item() == pytest.approx(3**-0.5, rel=0.05)
    assert normal(images, torch.Generator()).std().item() == pytest.approx(1, rel=0.05)
