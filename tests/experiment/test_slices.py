"""The slice: an orthonormal plane through both pictures, and the true border of a linear model."""

import pytest
import torch

from robust_core import attacks
from robust_core.experiment.slices import axes, plane, regions


@pytest.fixture
def pair(pictures):
    """A clean picture away from 0 and 1, and another one near it."""
    clean = pictures(1)
    return clean, clean + 0.02 * (pictures(1, seed=1) - 0.5)


def test_the_axes_are_orthonormal_and_reach_both_pictures(pair):
    clean, adversarial = pair
    cut = plane(clean, adversarial)
    dot = (cut.u * cut.v).sum().item()
    assert (cut.u.norm().item(), cut.v.norm().item()) == pytest.approx((1, 1))
    assert dot == pytest.approx(0, abs=1e-14)
    assert cut.length == pytest.approx((adversarial - clean).norm().item())
    coordinates, off = cut.project(torch.cat([clean, adversarial]))
    assert coordinates[0].tolist() == [0, 0]
    assert coordinates[1].tolist() == pytest.approx([cut.length, 0], abs=1e-12)
    assert off.tolist() == pytest.approx([0, 0], abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_point_of_the_plane_is_its_picture(pair, dtype):
    clean, adversarial = (x.to(dtype) for x in pair)
    cut = plane(clean, adversarial)
    a, b = torch.tensor([0, cut.length, 0.03]), torch.tensor([0, 0, -0.04])
    shown, outside = cut.pictures(a, b)
    assert shown.dtype == dtype
    assert torch.equal(shown[:1], clean)
    torch.testing.assert_close(shown[1:2], adversarial)
    assert outside.tolist() == [0, 0, 0]
    coordinates, _ = cut.project(shown)
    torch.testing.assert_close(coordinates, torch.stack([a, b], 1).double(), atol=1e-6, rtol=1e-5)


def test_how_far_off_the_plane_a_picture_is(pair):
    clean, adversarial = pair
    cut = plane(clean, adversarial)
    other = plane(clean, adversarial, seed=1)
    away = clean.double() + 0.1 * other.v
    coordinates, off = cut.project(away)
    assert coordinates.norm().item() ** 2 + off.item() ** 2 == pytest.approx(0.01)
    assert off.item() > 0.09, "in many dimensions two random directions are nearly orthogonal"


def test_the_seed_draws_the_second_direction_alone(pair):
    first, same, other = (plane(*pair, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.v, same.v)
    assert torch.equal(first.u, other.u)
    assert not torch.allclose(first.v, other.v)


def test_the_border_of_a_linear_model_is_the_straight_line(linear, pictures):
    model, clean = linear(), pictures(1)
    label = model(clean).argmax(1)
    cut = plane(clean, attacks.DeepFool(overshoot=0.5)(model, clean, label))
    a, b = axes(cut.length, 41)
    seen = regions(model, cut, a, b)
    assert seen.outside.max() == 0, "the closed form below holds inside the box"
    slope = (model.weight[0] - model.weight[1]).detach().view(cut.u.shape)
    margin = (
        (slope * clean[0]).sum()
        + a[None, :] * (slope * cut.u).sum()
        + b[:, None] * (slope * cut.v).sum()
    )
    assert torch.equal(seen.classes == 0, margin > 0)
    assert len(seen.classes.unique()) == 2
    torch.testing.assert_close(seen.confidence, torch.sigmoid(margin.abs()))


def test_clean_and_adversarial_are_on_the_grid_and_what_the_model_says_of_them(
    digits_model, digit_pictures
):
    clean, labels = (x[:1] for x in digit_pictures)
    adversarial = attacks.PGD(eps=0.3)(digits_model, clean, labels)
    cut = plane(clean, adversarial)
    a, b = axes(cut.length, 9)
    seen = regions(digits_model, cut, a, b, batch=7)
    row = b.tolist().index(0)
    column = min(range(len(a)), key=lambda i: abs(a[i] - cut.length))
    assert a[column].item() == pytest.approx(cut.length)
    for picture, i in ((clean, a.tolist().index(0)), (adversarial, column)):
        confidence, winner = digits_model(picture).double().softmax(1).max(1)
        assert seen.classes[row, i] == winner
        assert seen.confidence[row, i].item() == pytest.approx(confidence.item(), abs=1e-5)


def test_values_outside_the_box_are_clipped_and_counted(linear):
    clean = torch.zeros(1, 1, 4, 4)
    cut = plane(clean, clean + 0.1)
    shown, outside = cut.pictures(torch.tensor([-1.0, 1.0, 8.0]), torch.zeros(3))
    assert outside.tolist() == [1, 0, 1]
    assert shown[0].abs().max() == 0
    assert shown[2].min() == 1


def test_progress_counts_every_point_and_can_stop(linear, pair):
    cut, seen = plane(*pair), []
    a, b = axes(cut.length, 5)
    regions(linear(), cut, a, b, batch=8, progress=lambda k, n: seen.append((k, n)))
    assert seen == [(8, 25), (16, 25), (24, 25), (25, 25)]

    def stop(k, n):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        regions(linear(), cut, a, b, progress=stop)


@pytest.mark.parametrize(("side", "most"), [(8, 25), (128, 21), (224, 6)])
def test_large_pictures_are_asked_about_a_few_at_a_time(pictures, side, most):
    def model(images):
        asked.append(len(images))
        return images.mean((2, 3)).cumsum(1)

    asked = []
    cut = plane(*(pictures(1, (3, side, side), torch.float32, seed=seed) for seed in (0, 1)))
    seen = regions(model, cut, *axes(cut.length, 5))
    assert (sum(asked), max(asked)) == (25, most)
    assert seen.classes.shape == (5, 5)


def test_what_has_no_plane_is_refused(pair):
    clean, _ = pair
    with pytest.raises(ValueError, match="adversarial"):
        plane(clean, clean)
    with pytest.raises(ValueError, match="two values"):
        plane(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1, 1))
    for points in (4, 3, 8):
        with pytest.raises(ValueError, match="points"):
            axes(1.0, points)
