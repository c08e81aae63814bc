"""UAP by closed forms: on a linear model DeepFool's ways are known, and so is what they add up to."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks import DeepFool
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.universal.balls import length, project
from robust_core.attacks.universal.base import shuffled
from robust_core.goals import Untargeted


@pytest.fixture
def two(linear, pictures):
    """Two classes, pictures well inside the box, all of the class that the model says."""
    model, images = linear(2), pictures(30, low=0.45, high=0.55)
    model.weight.data /= 10
    weight = (model.weight[1] - model.weight[0]).detach()
    labels = model(images).argmax(1)
    same = labels == labels[0]
    return model, images[same], labels[same], weight if labels[0] == 0 else -weight


def test_with_two_classes_v_points_along_the_one_way_out(two):
    model, images, labels, way = two
    found = attacks.create("uap-l2", eps=100, fooling=1.0).fit(model, images, labels)
    v = found.delta.double().flatten()
    assert torch.cosine_similarity(v, way, dim=0) == pytest.approx(1, abs=1e-6)
    # As long as the deepest picture needs, and no longer than overshoot and the pictures' sum allow.
    needed = ((model(images)[:, 0] - model(images)[:, 1]).abs() / way.norm()).max().item()
    assert v.norm() >= needed * (1 - 1e-6)
    assert found.record["curve"][-1] == 1.0


def test_one_at_a_time_it_is_the_sum_of_the_ways_of_those_that_still_hold(two):
    """The paper's loop, written out for a linear model: margin over norm, 2 % further each time."""
    model, images, labels, way = two
    lacks = (model(images)[:, 0] - model(images)[:, 1]).abs().detach() / way.norm()
    reached = 0.0
    for i in shuffled(len(images), 0, 0, torch.device("cpu")).tolist():
        if lacks[i] > reached:
            reached += 1.02 * (lacks[i] - reached).item()
    found = attacks.create("uap-l2", eps=100, batch=1, passes=1).fit(model, images, labels)
    assert found.delta.double().norm().item() == pytest.approx(reached, rel=1e-4)


def test_a_small_ball_is_filled_along_the_way(two):
    model, images, labels, way = two
    for name, eps in (("uap-l2", 0.01), ("uap", 1e-4)):
        found = attacks.create(name, eps=eps).fit(model, images, labels)
        assert length(found.delta, found.record["norm"]) == pytest.approx(eps, rel=1e-5)
        if name == "uap":
            strong = way.abs() > way.abs().median()
            assert found.delta.flatten()[strong].sign().equal(way[strong].sign().float())


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_projection_is_the_nearest_point_and_leaves_what_is_inside(norm, pictures):
    v = pictures(1, low=-0.5, high=0.5)
    inside = 2 * length(v, norm)
    assert project(v, inside, norm).equal(v), "not blown up to the radius"
    eps = length(v, norm) / 3
    shrunk = project(v, eps, norm)
    assert length(shrunk, norm) == pytest.approx(eps, rel=1e-9)
    expected = v.clamp(-eps, eps) if norm == "linf" else v / 3
    torch.testing.assert_close(shrunk, expected)
    assert project(v, 0, norm).abs().max() == 0
    assert not project(torch.zeros_like(v), 0, norm).any()


def test_a_way_that_did_not_arrive_is_not_added():
    """A model whose answer never changes: DeepFool walks on and on, and v stays 0."""

    def stubborn(x):
        z = x.flatten(1).sum(1, keepdim=True)
        return torch.cat([1000 + 0 * z, z], 1)

    images = torch.rand(6, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    found = attacks.create("uap", eps=0.1, passes=1, steps=3).fit(
        stubborn, images, torch.zeros(6, dtype=torch.int64)
    )
    assert not found.delta.any()
    assert found.record["gradients"] > 0


def test_arrived_is_said_only_of_what_was_seen_across(linear, pictures):
    """A linear model takes one step; the look after it needs a second."""
    model, images = linear(10), pictures(20, low=0.45, high=0.55)
    model.weight.data /= 10
    labels = model(images).argmax(1)
    aim = Untargeted().bind(labels, None)
    for steps, arrives in ((1, False), (2, True)):
        x, way, there = DeepFool(steps=steps).walk(Oracle(model, images), images, aim)
        assert there.equal(torch.full_like(there, arrives))
        torch.testing.assert_close(x, (images + way).clamp(0, 1))
        assert (model(x).argmax(1) != labels).all()


def test_the_passes_end_at_the_wanted_share(two):
    model, images, labels, _ = two
    enough = attacks.create("uap-l2", eps=100, fooling=0.5, passes=9).fit(model, images, labels)
    assert enough.record["curve"][-1] >= 0.5
    assert all(rate < 0.5 for rate in enough.record["curve"][:-1])
    none = attacks.create("uap-l2", eps=1e-6, fooling=0.5, passes=3).fit(model, images, labels)
    assert len(none.record["curve"]) == 3


def test_the_paper_s_radii_are_the_defaults():
    assert attacks.UAP().eps == pytest.approx(10 / 255)
    assert attacks.UAPL2().eps == pytest.approx(2000 / 255)
    assert attacks.UAP().overshoot == 0.02
    assert (attacks.UAP().steps, attacks.UAP().candidates, attacks.UAP().fooling) == (10, 10, 0.8)
