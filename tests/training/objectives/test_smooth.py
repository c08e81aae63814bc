"""Penalties and temperatures: closed forms on logistic regression, and what T = 1 is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from robust_core.classifier import Classifier
from robust_core.models import SaturatedCNN
from robust_core.training.objectives import (
    Batch,
    Clean,
    CopiesTraining,
    Distillation,
    GradientPenalty,
    SaturationTraining,
    TemperedTraining,
)


def value(objective, model, batch, progress=1.0) -> float:
    return objective.loss(model, Batch(*batch, torch.Generator(), progress)).item()


def test_the_penalty_on_logistic_regression(logistic, batch):
    """The gradient of softplus(-y z) by x is -y w / (1 + exp(y z))."""
    images, labels = batch[0], batch[1] % 2
    margin = (2 * labels.double() - 1) * logistic.z(images)
    norms = logistic.layer.weight.abs().sum() * torch.sigmoid(-margin)
    closed = (F.softplus(-margin) + 0.1 * norms).mean().item()
    found = value(GradientPenalty(eps=0.1, h=1e-7), logistic, (images, labels))
    assert found == pytest.approx(closed, abs=1e-5)
    # The loss is convex here: a difference over a longer way is larger, and none is negative.
    longer = [value(GradientPenalty(eps=0.1, h=h), logistic, (images, labels)) for h in (0.01, 0.1)]
    assert value(Clean(), logistic, (images, labels)) < found < longer[0] < longer[1]


def test_its_derivative_is_that_of_double_backpropagation(smooth_model, batch):
    images, labels = batch
    x = images.clone().requires_grad_()
    loss = F.cross_entropy(smooth_model(x), labels)
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    expected = loss + 0.1 * gradient.abs().sum()
    found = GradientPenalty(eps=0.1, h=1e-6).loss(smooth_model, Batch(*batch, torch.Generator()))
    assert found.item() == pytest.approx(expected.item(), abs=1e-5)
    parameters = list(smooth_model.parameters())
    pairs = zip(
        torch.autograd.grad(found, parameters),
        torch.autograd.grad(expected, parameters),
        strict=True,
    )
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def test_a_penalty_of_size_0_is_none(model, batch):
    model.eval()  # else the shifted pictures take part in the statistics
    assert value(GradientPenalty(eps=0), model, batch) == pytest.approx(
        value(Clean(), model, batch), abs=1e-12
    )


@pytest.fixture
def saturated() -> Classifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = SaturatedCNN(channels=1, widths=(4, 8)).double()
    names, size = tuple("0123456789"), (8, 8)
    return Classifier(
        network, name="", class_names=names, input_size=size, mean=(0.3,), std=(0.4,)
    ).double()


def test_the_saturation_penalty_rises_to_its_weight(saturated, batch):
    units = saturated.network.hidden(saturated.normalise(batch[0]))
    penalty = sum((1 - layer.abs()).mean() for layer in units).item()
    clean = value(Clean(), saturated, batch)
    objective = SaturationTraining(weight=2, ramp=0.5)
    for progress, strength in ((0, 0), (0.25, 1), (0.5, 2), (1, 2)):
        found = value(objective, saturated, batch, progress)
        assert found == pytest.approx(clean + strength * penalty)
    assert 0 < penalty < 2


def test_saturated_units_are_not_punished(saturated, batch):
    for layer in saturated.network.layers:
        layer[1].weight.data.fill_(1e9)
    found = value(SaturationTraining(weight=5), saturated, batch)
    assert found == pytest.approx(value(Clean(), saturated, batch), abs=1e-6)


def test_descending_the_penalty_drives_units_into_saturation(saturated, batch):
    objective = SaturationTraining(weight=10)
    optimiser = torch.optim.SGD(saturated.parameters(), 0.5)

    def free() -> float:
        units = saturated.network.hidden(saturated.normalise(batch[0]))
        return sum((1 - layer.abs()).mean() for layer in units).item()

    before = free()
    for _ in range(20):
        optimiser.zero_grad()
        objective.loss(saturated, Batch(*batch, torch.Generator())).backward()
        optimiser.step()
    assert free() < 0.7 * before


def test_temperature_1_on_hard_labels_is_plain_training(model, batch):
    objective = TemperedTraining(temperature=1)
    state = {k: v.clone() for k, v in model.state_dict().items()}
    objective.begin(model)
    assert all(torch.equal(v, state[k]) for k, v in model.state_dict().items())
    assert value(objective, model, batch) == value(Clean(), model, batch)


@pytest.mark.parametrize("temperature", [1, 20, 100])
def test_a_network_begins_as_sure_at_its_temperature_as_at_1(smooth_model, batch, temperature):
    before = smooth_model(batch[0])
    objective = TemperedTraining(temperature=temperature)
    objective.begin(smooth_model)
    assert torch.allclose(smooth_model(batch[0]) / temperature, before)
    assert value(objective, smooth_model, batch) == pytest.approx(
        F.cross_entropy(before, batch[1]).item()
    )


def test_soft_labels(smooth_model, batch):
    """Probabilities of the same order at each temperature, the flatter the hotter."""
    logits = smooth_model(batch[0])
    surest = []
    for temperature in (0.01, 1, 100):
        soft = Distillation(temperature=temperature).soft_labels(smooth_model, batch[0])
        assert torch.allclose(soft, (logits / temperature).softmax(1))
        assert torch.equal(soft.argmax(1), logits.argmax(1))
        assert not soft.requires_grad
        surest.append(soft.max().item())
    assert surest == sorted(surest, reverse=True)


def test_distillation_at_1_is_self_distillation(smooth_model, batch):
    objective = Distillation(temperature=1)
    soft = objective.soft_labels(smooth_model, batch[0])
    loss = objective.loss(smooth_model, Batch(batch[0], soft, torch.Generator()))
    log = smooth_model(batch[0]).log_softmax(1)
    assert loss.item() == pytest.approx(-(soft * log).sum(1).mean().item())
    # The teacher's own weights are a minimum: nothing is left to learn.
    gradients = torch.autograd.grad(loss, list(smooth_model.parameters()))
    assert all(g.abs().max() < 1e-12 for g in gradients)
    hard = nn.functional.one_hot(batch[1], 10).double()
    assert value(objective, smooth_model, (batch[0], hard)) == pytest.approx(
        value(Clean(), smooth_model, batch)
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: GradientPenalty(eps=0.1, h=0), "h must be above 0; got 0"),
        (lambda: SaturationTraining(weight=-1), "weight must be at least 0"),
        (lambda: SaturationTraining(weight=1, ramp=2), "ramp must be from 0 to 1"),
        (lambda: Distillation(temperature=0), "temperature must be above 0; got 0"),
        (lambda: CopiesTraining(eps=2), "eps must be from 0 to 1"),
    ],
)
def test_bad_numbers(make, words):
    with pytest.raises(ValueError, match=words):
        make()
