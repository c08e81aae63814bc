"""The two balls: steps, projections and random starts, against their definitions."""

from functools import partial

import pytest
import torch

from robust_core.attacks.balls import L2Ball, LinfBall, l2_norm, own_noise

BALLS = [LinfBall, L2Ball]


@pytest.fixture
def pictures(pictures):
    """Pictures that fill the box."""
    return partial(pictures, low=0.0, high=1.0)


def norm(ball, delta):
    return delta.flatten(1).abs().amax(1) if isinstance(ball, LinfBall) else l2_norm(delta)


@pytest.mark.parametrize("kind", BALLS)
def test_projection_is_idempotent_and_inside_both_constraints(kind, pictures, device):
    images = pictures(20).to(device)
    far = images + 3 * (pictures(20, seed=1).to(device) - 0.5)
    ball = kind(images, 0.4)
    once = ball.project(far)
    assert once.min() >= 0
    assert once.max() <= 1
    assert (norm(ball, once - images) <= 0.4 * (1 + 1e-12)).all()
    torch.testing.assert_close(ball.project(once), once, rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", BALLS)
def test_projection_leaves_what_is_inside(kind, pictures):
    images = pictures(5, low=0.3, high=0.7)
    near = images + 0.001 * (pictures(5, seed=1) - 0.5)
    torch.testing.assert_close(kind(images, 0.1).project(near), near, rtol=0, atol=1e-15)


def test_l2_projection_uses_the_whole_budget_after_clipping(pictures):
    """Clip first, then project: the other order stops short of the sphere at the faces of the box."""
    images = pictures(20)
    far = images + 5 * (pictures(20, seed=1) - 0.5)
    delta = L2Ball(images, 0.5).project(far) - images
    torch.testing.assert_close(l2_norm(delta), torch.full((20,), 0.5, dtype=torch.float64))
    clipped = far.clamp(0, 1) - images
    cosine = (delta * clipped).sum((1, 2, 3)) / (l2_norm(delta) * l2_norm(clipped))
    torch.testing.assert_close(cosine, torch.ones_like(cosine))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [1.0, 1e-3, 1e-8, 1e-20, 1e-36])
def test_l2_step_has_full_length_however_small_the_gradient(pictures, dtype, size):
    images = pictures(6, low=0.4, high=0.6, dtype=dtype)
    direction = pictures(6, seed=1, dtype=dtype) - 0.5
    gradient = direction * size * torch.tensor([1, 1e-2, 10, 1, 5, 1], dtype=dtype).view(6, 1, 1, 1)
    moved = L2Ball(images, 1.0).step(images, gradient, 0.25)
    delta = moved - images
    tolerance = 1e-5 if dtype == torch.float32 else 1e-12
    torch.testing.assert_close(
        l2_norm(delta), torch.full((6,), 0.25, dtype=dtype), rtol=tolerance, atol=0
    )
    wanted = 0.25 * direction / l2_norm(direction).view(6, 1, 1, 1)
    torch.testing.assert_close(delta, wanted, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", BALLS)
def test_a_zero_gradient_moves_nothing_and_a_zero_value_stays(kind, pictures):
    images = pictures(3)
    ball = kind(images, 0.3)
    gradient = pictures(3, seed=1) - 0.5
    gradient[1] = 0
    gradient[2, :, 0] = 0
    moved = ball.step(images, gradient, 0.1)
    torch.testing.assert_close(moved[1], images[1], rtol=0, atol=1e-16)
    torch.testing.assert_close(moved[2, :, 0], images[2, :, 0], rtol=0, atol=1e-16)
    assert not torch.allclose(moved[0], images[0])


def test_linf_step_moves_each_value_by_the_size_or_not_at_all(pictures):
    images = pictures(3, low=0.3, high=0.7)
    gradient = pictures(3, seed=1) - 0.5
    gradient[:, 0] = 0
    delta = LinfBall(images, 0.2).step(images, gradient, 0.1) - images
    torch.testing.assert_close(delta, 0.1 * gradient.sign(), rtol=0, atol=1e-15)


@pytest.mark.parametrize("kind", BALLS)
def test_rows_of_a_ball_are_the_balls_of_the_rows(kind, pictures):
    images, far = pictures(5), pictures(5, seed=1) * 3
    rows = torch.tensor([3, 0])
    assert kind(images, 0.2)[rows].project(far[rows]).equal(kind(images, 0.2).project(far)[rows])


def test_linf_start_is_uniform_in_the_cube_and_clipped_to_the_box(pictures):
    images = pictures(50, (3, 8, 8), low=0.3, high=0.7)
    delta = (LinfBall(images, 0.1).start(0, 0) - images).flatten() / 0.1
    assert delta.abs().max() <= 1 + 1e-12
    ranks = delta.sort().values
    uniform = torch.linspace(-1, 1, len(ranks), dtype=torch.float64)
    assert (ranks - uniform).abs().max() / 2 < 1.95 / len(ranks) ** 0.5  # Kolmogorov, 0.1 %
    edge = LinfBall(torch.zeros(4, 3, 8, 8), 0.1).start(0, 0)
    assert edge.min() == 0
    assert 0.4 < (edge > 0).double().mean() < 0.6


@pytest.mark.parametrize("shape", [(3, 2, 2), (1, 1, 2)])
def test_l2_start_is_uniform_in_the_ball(shape, pictures):
    """The radius of a uniform point is distributed as ``eps * u ** (1 / d)``; its direction evenly."""
    images = pictures(2000, shape, low=0.45, high=0.55)
    size = images[0].numel()
    delta = (L2Ball(images, 0.3).start(0, 0) - images).flatten(1)
    volume = ((delta.norm(dim=1) / 0.3) ** size).sort().values
    assert volume[-1] <= 1 + 1e-9
    uniform = torch.linspace(0, 1, 2000, dtype=torch.float64)
    assert (volume - uniform).abs().max() < 1.95 / 2000**0.5
    direction = delta / delta.norm(dim=1, keepdim=True)
    assert direction.mean(0).abs().max() < 4 / (2000 * size) ** 0.5
    covariance = direction.T @ direction / 2000 * size
    assert (covariance - torch.eye(size, dtype=torch.float64)).abs().max() < 0.2


@pytest.mark.parametrize("kind", BALLS)
def test_starts_are_inside_and_differ_by_draw_seed_and_picture(kind, pictures, device):
    images = pictures(4, dtype=torch.float32).to(device)
    ball = kind(images, 0.2)
    starts = [ball.start(seed, draw) for seed in (0, 1) for draw in (0, 1, 2)]
    for start in starts:
        assert start.min() >= 0
        assert start.max() <= 1
        assert (norm(ball, start.double() - images.double()) <= 0.2 * (1 + 1e-5)).all()
    assert all(not a.equal(b) for i, a in enumerate(starts) for b in starts[:i])
    assert ball.start(1, 2).equal(starts[-1])
    assert not starts[0][0].sub(images[0]).equal(starts[0][1].sub(images[1]))
    assert ball[torch.tensor([2])].start(0, 1).equal(starts[1][2:3])


def test_own_noise_depends_on_the_picture_and_not_on_its_place_or_layout(pictures):
    images = pictures(5)
    noise = own_noise(images, 3, 1)
    assert own_noise(images.flip(0), 3, 1).equal(noise.flip(0))
    assert own_noise(images.to(memory_format=torch.channels_last), 3, 1).equal(noise)
    assert noise.min() >= 0
    assert noise.max() < 1
    normal = own_noise(pictures(50), 0, 0, normal=True)
    assert normal.mean().abs() < 0.05
    assert abs(normal.std().item() - 1) < 0.05
