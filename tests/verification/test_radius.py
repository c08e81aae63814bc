"""Radii: certified below, an attack's above, and one radius for each picture."""

import math

import pytest
import torch

from robust_core import verification
from tests.verification.networks import inside, margins, perceptron, pictures, residual


@pytest.mark.parametrize(
    ("method", "norm"),
    [("ibp", "linf"), ("crown", "linf"), ("crown", "l2"), ("crown-optimised", "linf")],
)
def test_what_is_certified_lies_below_what_an_attack_needs(method, norm):
    model, images = residual(3), pictures(3, 5, 2, 4, 4)
    labels = model(images).argmax(1)
    found = verification.radii(model, images, labels, method, norm=norm)
    assert (found.lower > 0).all()
    assert (found.lower <= found.upper).all()
    assert found.upper.isfinite().any()
    for k in range(5):  # what is certified holds at random points
        points = inside(images[k : k + 1], found.lower[k].item(), 300, norm)
        assert (margins(model, points, labels[k : k + 1]) > 0).all()


def test_exact_radii_meet_from_both_sides():
    model, images = perceptron(1), pictures(1, 4, 1, 1, 6)
    labels = model(images).argmax(1)
    found = verification.radii(model, images, labels, "milp", steps=8)
    there = found.upper.isfinite()
    assert there.any()
    assert (found.upper - found.lower)[there].max() < 0.01


def test_tighter_methods_certify_more_and_progress_counts_the_steps():
    model, images = perceptron(2), pictures(2, 4, 1, 1, 6)
    labels = model(images).argmax(1)
    seen = []
    ibp, crown, milp = (
        verification.radius(
            model, images, labels, method, steps=8, progress=lambda *p: seen.append(p)
        )
        for method in ("ibp", "crown", "milp")
    )
    assert (ibp <= crown + 1e-9).all()
    assert (crown <= milp + 5e-3).all()
    assert (ibp < milp).any()
    assert seen[0] == (0, 8)
    assert seen[-1] == (8, 8)


def test_steps_out_of_range_are_refused():
    model, images = perceptron(0), pictures(0, 1, 1, 1, 6)
    with pytest.raises(ValueError, match="steps must be a whole number from 1 to 50"):
        verification.radius(model, images, torch.tensor([0]), steps=0)


def test_each_picture_has_its_own_radius():
    model, images = perceptron(0), pictures(0, 3, 1, 1, 6)
    labels = model(images).argmax(1)
    eps = torch.tensor([0.0, 0.05, 0.2])
    found = verification.verify(model, images, labels, eps, "crown")
    for k, one in enumerate(eps.tolist()):
        alone = verification.verify(model, images[k : k + 1], labels[k : k + 1], one, "crown")
        assert alone.lower.item() == pytest.approx(found.lower[k].item())
    assert found.lower[0] == pytest.approx((found.clean - found.outward)[0].item(), abs=1e-5)


@pytest.mark.parametrize("method", ["ibp", "crown"])
def test_layers_are_bounded_and_crown_is_no_looser(method):
    model, images = residual(4), pictures(4, 2, 2, 4, 4)
    layers = verification.layer_bounds(model, images, 0.05, method)
    compiled = verification.compile_network(model, (2, 4, 4))
    for points in inside(images, 0.05, 200, "linf"):
        values = list(compiled.values(points))
        for layer, k in zip(layers, compiled.activations, strict=True):
            assert (layer.lower <= values[k] + 1e-9).all()
            assert (values[k] <= layer.upper + 1e-9).all()
    loosest = verification.layer_bounds(model, images, 0.05, "ibp")
    assert all((a.unstable <= b.unstable).all() for a, b in zip(layers, loosest, strict=True))
    assert math.isfinite(sum(layer.upper.sum().item() for layer in layers))


def test_only_two_methods_bound_layers():
    with pytest.raises(ValueError, match="method must be ibp or crown, which bound layers"):
        verification.layer_bounds(perceptron(0), pictures(0, 1, 1, 1, 6), 0.1, "milp")
