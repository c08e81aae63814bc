"""uap-sgd by closed forms: on a linear model every step is known."""

import pytest
import torch

from robust_core import attacks


def test_with_two_classes_v_is_the_corner_of_the_cube(linear, pictures):
    """The optimum of the linear program: eps times the sign of the weights' difference."""
    model, images = linear(2), pictures(20)
    labels = model(images).argmax(1)
    same = labels == labels[0]
    way = (model.weight[1 - labels[0]] - model.weight[labels[0]]).detach().view(3, 5, 7)
    attack = attacks.create("uap-sgd", eps=0.01, passes=2, batch=4, step_size=0.01, clamp=1e6)
    found = attack.fit(model, images[same], labels[same])
    torch.testing.assert_close(found.delta[0].double(), 0.01 * way.sign(), rtol=1e-6, atol=0)


def test_a_step_is_a_tenth_of_the_radius(linear, pictures):
    """More where there are so few that a tenth each would not reach the rim: 2.5 eps in all, as PGD."""
    attack = attacks.create("uap-sgd", eps=0.1)
    assert attack.size(80) == pytest.approx(0.01)
    assert attack.size(8) == pytest.approx(0.1 * 2.5 / 8)
    assert attacks.UAPSGD(step_size=0.5).size(8) == 0.5


def test_a_single_picture_s_perturbation_fills_the_ball(linear, pictures):
    model, images = linear(2), pictures(1)
    attack = attacks.create("uap-sgd", eps=0.1, clamp=1e6)
    found = attack.fit(model, images, model(images).argmax(1))
    torch.testing.assert_close(found.delta.abs(), torch.full_like(found.delta, 0.1))


def test_the_clamp_lets_the_one_that_holds_decide():
    """After one step one picture is across and beyond the clamp: only the other one moves v then."""
    weight = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)

    def model(x):  # class 0 by the larger of two weighted pixels against a constant
        z = x.flatten(1) @ (20 * weight)
        return torch.stack([z[:, 0], z[:, 1]], 1)

    images = torch.tensor([[0.60, 0.58], [0.9, 0.2]], dtype=torch.float64).view(2, 1, 1, 2)
    labels = torch.tensor([0, 0])
    attack = attacks.create("uap-sgd", eps=0.4, step_size=0.02, passes=20, clamp=0.5)
    found = attack.fit(model, images, labels)
    assert found.record["curve"][0] == 0.5
    assert found.record["curve"][-1] == 1.0
    assert found.delta.flatten()[0] < 0 < found.delta.flatten()[1]


def test_of_several_passes_the_best_is_returned(digits_model, digits_test):
    images, labels = (x[:60] for x in digits_test)
    found = attacks.create("uap-sgd", eps=0.2, passes=6, batch=7).fit(digits_model, images, labels)
    clean = digits_model(images).argmax(1)
    rate = (digits_model(found.apply(images)).argmax(1) != clean).double().mean().item()
    assert rate == pytest.approx(max(found.record["curve"]))
