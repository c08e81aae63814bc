"""Poses: what a camera sees of a sign from where it stands."""

import pytest
import torch

from robust_core.attacks.physical.poses import (
    DECK_001,
    FILL,
    GRID,
    Pose,
    Street,
    cut_out,
    in_street,
    poses_at,
    random_poses,
)
from robust_core.attacks.physical.transformation import generator_of

OUTLINE = torch.ones(1, 1, 64, 64)
WHITE = torch.ones(1, 3, 64, 64)
NIGHT = torch.zeros(1, 3, 32, 32)


def seen(sign=WHITE, size=64, **pose):
    return Street(OUTLINE, NIGHT, (size, size))(sign, [Pose(**pose)])[0, 0]


def widths(picture):
    """Width and height of what is bright, in shares."""
    return (picture[len(picture) // 2].mean().item(), picture[:, len(picture) // 2].mean().item())


def test_the_five_places_of_the_deck_and_a_finer_grid():
    assert [(p.distance, p.angle) for p in DECK_001] == [
        (5, 0),
        (5, 15),
        (10, 0),
        (10, 30),
        (40, 0),
    ]
    places = {(p.distance, p.angle) for p in GRID}
    assert len(places) == len(GRID) > 40
    assert {(p.distance, p.angle) for p in DECK_001} <= places


@pytest.mark.parametrize("distance", [5.0, 40.0])
def test_from_the_front_the_sign_takes_its_share_at_every_distance(distance):
    assert widths(seen(distance=distance)) == pytest.approx((FILL, FILL), abs=0.02)


@pytest.mark.parametrize("angle", [15.0, 45.0, -45.0])
def test_from_aside_it_is_as_narrow_as_its_cosine(angle):
    wide, high = widths(seen(distance=200.0, angle=angle))
    assert wide == pytest.approx(FILL * torch.tensor(angle).deg2rad().cos().item(), abs=0.03)
    assert high == pytest.approx(FILL, abs=0.03)


def test_near_and_aside_the_nearer_edge_is_higher():
    near, far = (seen(distance=d, angle=40.0) for d in (5.0, 100.0))
    assert near[:, 16].mean() > near[:, 44].mean() + 0.1
    assert far[:, 16].mean().item() == pytest.approx(far[:, 44].mean().item(), abs=0.02)
    other = seen(distance=5.0, angle=-40.0)
    torch.testing.assert_close(other, near.flip(1), atol=1e-4, rtol=0)


def test_distance_costs_detail():
    stripes = (torch.arange(64) // 4 % 2).float().expand(1, 3, 64, 64)
    detail = [seen(stripes, distance=d).diff(dim=1).abs().mean() for d in (5.0, 40.0, 150.0, 600.0)]
    assert detail == sorted(detail, reverse=True)
    assert detail[3] < 0.2 * detail[0]
    assert (Pose(distance=5.0).pixels, Pose(distance=40.0).pixels) == (346, 43)


def test_light_and_shift():
    assert seen(light=0.5).max() == pytest.approx(0.5, abs=1e-5)
    moved = seen(across=0.1)
    assert moved[32, :10].max() == 0
    assert moved[32, 14:].min() > 0.9


def test_behind_the_sign_is_the_backdrop_and_gradients_reach_the_sign_alone():
    outline = torch.zeros(1, 1, 64, 64)
    outline[..., 16:48, 16:48] = 1
    sign = torch.rand(1, 3, 64, 64, generator=generator_of(0)).requires_grad_()
    backdrops = torch.stack([torch.full((3, 8, 8), v) for v in (0.2, 0.4)])
    street = Street(outline, backdrops, (32, 32))
    pictures = street(sign, DECK_001)
    assert pictures.shape == (5, 3, 32, 32)
    assert pictures[:, 0, 0, 0].tolist() == pytest.approx([0.2, 0.4, 0.2, 0.4, 0.2])
    (gradient,) = torch.autograd.grad(pictures.sum(), sign)
    assert (gradient[outline.expand_as(sign) == 0] == 0).all()
    assert (gradient[..., 20:44, 20:44] > 0).all()


def test_random_poses_are_those_of_the_generator_and_no_place_of_a_test():
    poses = random_poses(50, generator_of(3))
    assert poses == random_poses(50, generator_of(3)) != random_poses(50, generator_of(4))
    assert 5 <= min(p.distance for p in poses) < 8
    assert 25 < max(p.distance for p in poses) <= 40
    assert not {(p.distance, p.angle) for p in poses} & {(p.distance, p.angle) for p in GRID}


def test_in_the_street_its_size_is_inverse_to_the_distance():
    scene = torch.zeros(1, 3, 120, 160)
    lit = [
        in_street(WHITE, OUTLINE, scene, p)[0, 0].gt(0.75).sum().item()
        for p in poses_at((10, 0), (20, 0))
    ]
    assert lit[0] / lit[1] == pytest.approx(4, rel=0.15)
    below = in_street(WHITE, OUTLINE, scene, Pose(distance=20.0))[0, 0, :, 79:81]
    assert below[75:90].min() > 0.2, "a pole carries it"
    assert below[115:].max() == 0, "which ends at the ground"


@pytest.mark.parametrize("distance", [5.0, 20.0, 80.0])
def test_the_cut_out_of_a_street_holds_the_sign_as_large_as_from_anywhere(distance):
    pose = Pose(distance=distance)
    whole = in_street(WHITE, OUTLINE, torch.zeros(1, 3, 400, 640), pose)
    cut = cut_out(whole, pose, (64, 64))
    assert cut.shape == (1, 3, 64, 64)
    wide = cut[0, 0, 20].mean().item()  # above the middle there is no pole
    assert wide == pytest.approx(FILL, abs=0.06)
    assert cut[0, 0, :, 32].gt(0.75).double().mean().item() == pytest.approx(FILL, abs=0.06)


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match="cut-out of 346 pixels to fit into the picture of 640 by 300"
    ):
        cut_out(torch.zeros(1, 3, 300, 640), Pose(distance=5.0), (32, 32))
    with pytest.raises(ValueError, match=r"sign must be of shape \[1, 3, 64, 64\]"):
        Street(OUTLINE, NIGHT, (32, 32))(torch.ones(1, 1, 64, 64), DECK_001)
    with pytest.raises(ValueError, match="distance must be"):
        Pose(distance=0.0)
