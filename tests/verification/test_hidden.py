"""Bounds of hidden neurons: intersected they are never looser than CROWN alone, margin by margin."""

import pytest
import torch
from torch import nn

from robust_core import verification, zoo
from robust_core.data import digits
from robust_core.verification.crown import Rivals
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.models import compiled
from tests.verification.networks import inside, margins, perceptron, pictures, residual, seeded

ROUNDING = 1e-9


def ball_of(images, eps, norm="linf"):
    return verification.Ball(
        images.double(), torch.full((len(images),), eps, dtype=torch.float64), norm
    )


def wide_and_biased(seed):
    """Weights of an IBP-trained network's kind: most ReLUs are off, so that intervals win now and then."""

    def build():
        model = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16, 12),
            nn.ReLU(),
            nn.Linear(12, 12),
            nn.ReLU(),
            nn.Linear(12, 4),
        )
        for layer in model:
            if isinstance(layer, nn.Linear | nn.Conv2d):
                layer.weight.data.abs_().mul_(torch.randn_like(layer.weight).sign() * 1.5)
                layer.bias.data.sub_(0.3)
        return model

    return seeded(seed, build)


def networks(seed):
    yield perceptron(seed), pictures(seed, 4, 1, 1, 6)
    yield residual(seed), pictures(seed, 3, 2, 4, 4)
    yield wide_and_biased(seed), pictures(seed, 6, 1, 4, 4)


def both_ways(model, images, labels, ball):
    network = compiled(model, images).to(torch.float64)
    rivals = Rivals.of(labels, network.classes, ball.centre)
    with torch.no_grad():
        found = [hidden_bounds(network, ball, intersected=whether) for whether in (True, False)]
        return found, [one.margins(network, ball, rivals) for one in found]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_intersection_never_loses_a_margin_on_random_networks(norm):
    better = apart = 0
    for seed in range(12):
        for model, images in networks(seed):
            labels = model(images).argmax(1)
            for eps in (0.02, 0.1, 0.4):
                hidden, (inter, alone) = both_ways(
                    model, images, labels, ball_of(images, eps, norm)
                )
                assert (inter >= alone - ROUNDING).all()
                better += int((inter > alone + ROUNDING).sum())
                apart += int(hidden[0].apart.sum())
    assert better > 20
    assert apart > 20


@pytest.mark.parametrize("eps", [0.01, 0.03, 0.1])
def test_intersection_never_loses_a_margin_of_the_network_trained_with_bounds(eps):
    """Here the lines of the intersection alone would lose some: the other slope is chosen."""
    model = zoo.load("digits-mlp-ibp", "cpu")
    images, labels = (x[:200] for x in digits.load("test"))
    ball = ball_of(images, eps)
    (hidden, _), (inter, alone) = both_ways(model, images, labels, ball)
    assert (inter >= alone - ROUNDING).all()
    assert (inter > alone + ROUNDING).any()
    network = compiled(model, images)
    rivals = Rivals.of(labels, network.classes, ball.centre)
    one_set = verification.crown.margins(network, ball, rivals, hidden.relaxed)
    assert (one_set < alone - ROUNDING).any()


def test_lines_of_crown_alone_need_no_bounds_of_neurons_that_intervals_of_lines_decide():
    """They are those of every neuron's own bounds, and the pruned ones are bounds too."""
    pruned = 0
    for seed in range(8):
        for model, images in networks(seed):
            labels = model(images).argmax(1)
            (lazy, whole), _ = both_ways(model, images, labels, ball_of(images, 0.05))
            for value, lines in whole.relaxed.items():
                for name in ("lower", "upper", "shift"):
                    gap = getattr(lines, name) - getattr(lazy.alone[value], name)
                    assert gap.abs().max() < ROUNDING
                low, high = whole.known[value]
                pruned += int(((low >= 0) | (high <= 0)).sum())
    assert pruned > 100


def test_random_points_are_above_what_both_sets_of_lines_give():
    for seed in range(6):
        model, images = wide_and_biased(seed), pictures(seed, 6, 1, 4, 4)
        labels = model(images).argmax(1)
        found = verification.verify(model, images, labels, 0.2, "crown", attack=False)
        seen = margins(model, inside(images, 0.2, 500, "linf"), labels).amin(0)
        assert (found.margins <= seen).all()


def test_intersected_intervals_of_unstable_neurons_lie_within_those_of_crown_alone():
    """Of those that intervals already find stable, nothing better is asked."""
    model, images = perceptron(3), pictures(1, 5, 1, 1, 6)
    network = verification.compile_network(model, (1, 1, 6)).to(torch.float64)
    ball = verification.Ball(images.double(), torch.full((5,), 0.8, dtype=torch.float64))
    inside = hidden_bounds(network, ball).known
    alone = hidden_bounds(network, ball, intersected=False).known
    values = [list(network.values(point)) for point in (ball.low, ball.high, ball.centre)]
    tighter = 0
    for value in network.activations:
        (low, high), (under, over) = inside[value], alone[value]
        loose = (low < 0) & (high > 0)
        assert (under <= low)[loose].all()
        assert (high <= over)[loose].all()
        tighter += int(((under < low) & loose).sum())
        for seen in (known[value] for known in values):
            assert (under <= seen + 1e-12).all()
            assert (seen <= over + 1e-12).all()
    assert tighter
