"""The overlap argument in the plane: areas that add up, and that a dynamic detector leaves less."""

import pytest
import torch

from robust_core.toys.overlap import NOISE, Overlap, moons, overlap

KINDS = ("static", "dynamic")


@pytest.fixture(scope="module")
def worlds() -> list[Overlap]:
    """Five seeds, the default one first."""
    return [overlap(seed) for seed in range(5)]


@pytest.fixture(scope="module")
def world(worlds) -> Overlap:
    return worlds[0]


@pytest.fixture
def small(monkeypatch):
    """``small(seed=0, eps=...)``: few points, places and rounds, where how well it learns is no matter."""
    monkeypatch.setattr("robust_core.toys.overlap.ROUNDS", 20)
    return lambda **others: overlap(points=50, grid=11, **others)


def test_the_points_are_in_the_plane_and_of_two_classes():
    points, labels = moons(200, 0)
    assert points.shape == (200, 2)
    assert points.min() > 0
    assert points.max() < 1
    assert labels.bincount().tolist() == [100, 100]
    gap = (points[labels == 0][:, None] - points[labels == 1]).abs().amax(2).min()
    assert gap > 2 * NOISE / 3, "the classes do not touch"


@pytest.mark.parametrize("kind", KINDS)
def test_what_fools_both_is_within_what_fools_each(worlds, kind):
    for world in worlds:
        watched = getattr(world, kind)
        assert torch.equal(watched.both, world.wrong & watched.unflagged)
        assert not (world.wrong & ~world.reach).any()
        assert not (watched.unflagged & ~world.reach).any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_areas_add_up(worlds, kind):
    for world in worlds:
        share = world.shares(kind)
        parts = ("both", "classifier_only", "detector_only", "neither")
        assert sum(share[part] for part in parts) == pytest.approx(1, abs=1e-6)
        assert share["both"] + share["classifier_only"] == pytest.approx(share["classifier"])
        assert share["both"] + share["detector_only"] == pytest.approx(share["detector"])


def test_reach_and_wrong_are_what_the_definition_says(world):
    """Place by place, in a loop and not by a matrix."""
    right = [
        (point, label)
        for point, label in zip(world.points, world.labels.tolist(), strict=True)
        if world.classes[tuple((point * 120).round().long().flip(0))] == label
    ]
    assert len(right) > 190
    for row in range(0, 121, 15):
        for column in range(0, 121, 15):
            place = torch.stack([world.axis[column], world.axis[row]])
            near = [label for p, label in right if (place - p).abs().max() <= world.eps]
            said = int(world.classes[row, column])
            assert bool(world.reach[row, column]) == bool(near)
            assert bool(world.wrong[row, column]) == any(label != said for label in near)


def test_the_dynamic_detector_shrinks_the_overlap(worlds):
    smaller = [w.shares("dynamic")["both"] < w.shares("static")["both"] for w in worlds]
    assert smaller[0], "at the default seed"
    assert sum(smaller) >= 3


def test_it_is_not_bought_with_false_alarms(worlds):
    """Both are set to flag the same share; 200 points scatter about it."""
    for world in worlds:
        for watched in (world.static, world.dynamic):
            assert watched.false_positives < 3 * world.false_positive_rate
    gain = sum(w.dynamic.false_positives - w.static.false_positives for w in worlds) / len(worlds)
    assert gain < 0.03


def test_lost_points_need_a_place_that_fools_both(worlds):
    for world in worlds:
        for watched in (world.static, world.dynamic):
            assert 0 <= watched.lost <= 1
            assert bool(watched.both.any()) or watched.lost == 0


def test_a_larger_radius_reaches_and_fools_more(small):
    near, far = small(eps=0.05), small(eps=0.2)
    assert torch.equal(near.classes, far.classes), "the classifier does not depend on eps"
    assert not (near.reach & ~far.reach).any()
    assert not (near.wrong & ~far.wrong).any()
    assert far.wrong.sum() > near.wrong.sum()


def test_the_seed_fixes_everything_whatever_torch_has_drawn(small):
    before = torch.random.get_rng_state()
    first = small(seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(7)
    again, other = small(seed=3), small(seed=4)
    assert torch.equal(first.static.unflagged, again.static.unflagged)
    assert torch.equal(first.dynamic.unflagged, again.dynamic.unflagged)
    assert first.dynamic.threshold == again.dynamic.threshold
    assert not torch.equal(first.points, other.points)


def test_progress_is_told_and_can_end_it(small):
    seen = []

    def stop(k, n):
        seen.append((k, n))
        if k == 20:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        small(progress=stop)
    assert [k for k, _ in seen] == list(range(21))
    assert len({n for _, n in seen}) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("seed", -1), ("eps", 0), ("eps", "x"), ("points", 10), ("grid", 2.5)]
)
def test_a_bad_argument_is_named(name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        overlap(**{name: value})


def test_a_bad_kind_is_named(world):
    with pytest.raises(ValueError, match="static or dynamic"):
        world.shares("both")
