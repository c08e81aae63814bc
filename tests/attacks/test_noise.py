"""Random noise: sizes, nesting of the draws, and how far it is from an attack."""

from itertools import pairwise

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks import FGSM, Noise


@pytest.fixture
def delta(linear, pictures):
    """``delta(kind, eps, **fields)``: the change of pictures away from the box."""
    model, images = linear(4, (3, 8, 8)), pictures(20, (3, 8, 8))

    def change(kind, eps, **fields):
        return Noise(eps=eps, kind=kind, **fields)(model, images, torch.arange(20) % 4) - images

    return change


def test_a_draw_that_reaches_the_goal_is_not_given_away():
    """Less confidence is not the same as a smaller margin: the third class may take it."""

    def model(x):  # class 0's rival is 1 where the first value is large, 2 where the second is
        a, b = x[:, 0, 0, 0], x[:, 0, 0, 1]
        zero = torch.zeros_like(a)
        return torch.stack([zero + 2, 1.9 * (a > 0.5), 1.6 * (b > 0.5), 1.6 * (b > 0.5)], 1)

    images, goal = torch.full((30, 1, 1, 2), 0.5), goals.ConfidenceReduction(threshold=0.35)
    labels = torch.zeros(30, dtype=torch.int64)
    attack = Noise(eps=0.1, draws=12)
    found = attack.run(model, images, labels, goal=goal).success
    aim = goal.bind(labels, model(images))
    any_draw = torch.stack(
        [aim.success(model((images + attack.noise(images, k)).clamp(0, 1))) for k in range(12)]
    ).any(0)
    assert any_draw.any()
    assert found.equal(any_draw)


def test_sign_noise_has_the_linf_and_l2_size_of_fgsm(linear, pictures):
    model, images, labels = linear(4), pictures(), torch.arange(6) % 4
    noise, fgsm = (a.run(model, images, labels) for a in (Noise(eps=0.1), FGSM(eps=0.1)))
    torch.testing.assert_close(noise.linf, fgsm.linf)
    torch.testing.assert_close(noise.l2, fgsm.l2)
    signs = ((noise.x_adv - images) / 0.1).round()
    assert set(signs.unique().tolist()) == {-1, 1}
    assert 0.4 < (signs > 0).double().mean() < 0.6


def test_uniform_noise_fills_the_cube(delta):
    values = delta("uniform", 0.1)
    assert 0.0999 < values.abs().max() <= 0.1 + 1e-12
    assert values.std() == pytest.approx(0.1 / 3**0.5, rel=0.05)


def test_gaussian_noise_has_the_standard_deviation_eps(delta):
    values = delta("gaussian", 0.05)
    assert values.std() == pytest.approx(0.05, rel=0.05)
    assert values.mean().abs() < 0.005
    assert values.abs().max() > 0.1  # beyond two standard deviations: no bound on a value


def test_sphere_noise_has_the_length_eps(delta):
    lengths = delta("sphere", 0.3).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((20,), 0.3).double())


def test_each_kind_has_its_own_equation():
    kinds = ("sign", "uniform", "gaussian", "sphere")
    assert len({attacks.Noise(kind=kind).equation for kind in kinds}) == len(kinds)
    assert attacks.Noise.equation == attacks.Noise(kind="sign").equation
    assert r"N(0, \varepsilon^2)" in attacks.Noise(kind="gaussian").equation
    assert r"U(-\varepsilon, \varepsilon)" in attacks.Noise(kind="uniform").equation


def test_eps_is_an_l2_radius_of_the_sphere_alone():
    norms = {kind: Noise(kind=kind).norm for kind in ("sign", "uniform", "gaussian", "sphere")}
    assert norms == {"sign": "linf", "uniform": "linf", "gaussian": "linf", "sphere": "l2"}
    assert Noise.norm == Noise().norm


@pytest.mark.parametrize("kind", ["sign", "uniform", "gaussian", "sphere"])
def test_draws_are_independent_of_each_other_and_of_their_number(delta, kind):
    attack = Noise(kind=kind)
    images = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    draws = [attack.noise(images, draw) for draw in range(4)]
    assert all(not a.equal(b) for i, a in enumerate(draws) for b in draws[:i])
    assert Noise(kind=kind, draws=50).noise(images, 2).equal(draws[2])
    assert not Noise(kind=kind, seed=1).noise(images, 2).equal(draws[2])
    assert delta(kind, 0).abs().max() == 0


def test_more_draws_never_lower_the_success(digits_model, digit_pictures):
    images, labels = digit_pictures
    runs = [Noise(eps=0.5, draws=k).run(digits_model, images, labels) for k in (1, 5, 25)]
    for fewer, more in pairwise(runs):
        assert (more.success | ~fewer.success).all()
    assert runs[-1].success.sum() > runs[0].success.sum()
    assert [r.queries_forward.unique().tolist() for r in runs] == [[0], [5], [25]]
    assert [r.iterations.unique().tolist() for r in runs] == [[1], [5], [25]]
    assert not any(r.queries_backward.any() for r in runs)


def test_the_draw_closest_to_the_goal_is_kept(digits_model, digit_pictures):
    images, labels = (x[:10] for x in digit_pictures)
    attack = Noise(eps=0.3, draws=6)
    draws = torch.stack([(images + attack.noise(images, k)).clamp(0, 1) for k in range(6)])
    own = torch.stack([digits_model(d).gather(1, labels[:, None])[:, 0] for d in draws])
    best_other = torch.stack(
        [digits_model(d).scatter(1, labels[:, None], -torch.inf).amax(1) for d in draws]
    )
    for goal, gain in (
        (goals.Untargeted(), best_other - own),
        (goals.Targeted(), own - best_other),
    ):
        kept = attack.run(digits_model, images, labels, goal).x_adv
        assert kept.equal(draws[gain.argmax(0), torch.arange(10)])


def test_noise_asks_for_no_gradient(digits_model, digit_pictures):
    images, labels = digit_pictures

    def without(x):
        assert not x.requires_grad
        assert not torch.is_grad_enabled()
        return digits_model(x)

    for draws in (1, 3):
        Noise(draws=draws)(without, images, labels)


def test_noise_is_far_from_an_attack(digits_model, digits_test):
    """At least 30 points between noise and FGSM of the same size."""
    images, labels = digits_test
    rate = {
        name: attacks.create(name, eps=0.3)
        .run(digits_model, images, labels)
        .success.double()
        .mean()
        for name in ("noise", "fgsm")
    }
    assert rate["fgsm"] - rate["noise"] >= 0.3
    assert rate["noise"] < 0.3
