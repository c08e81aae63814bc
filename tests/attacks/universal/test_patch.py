"""The patch attack: what it gains, what it leaves alone, how it is placed."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.universal.adam import Adam
from robust_core.attacks.universal.patch import inside
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.goals import Targeted, Towards

QUICK = {"steps": 60, "batch": 8, "scale": 0.5}


@pytest.fixture
def bright(pictures):
    """A model that says 1 of green pictures, 2 of red ones, else 0; pictures of which it says 0."""

    def model(x):
        red, green = x[:, 0].mean((1, 2)), x[:, 1].mean((1, 2))
        return torch.stack([torch.full_like(red, 0.45), green, red], 1) * 50

    return model, pictures(20, (3, 12, 12), low=0.1, high=0.4), torch.zeros(20, dtype=torch.int64)


def test_the_best_patch_of_a_linear_model_is_found(bright):
    """As green, and as little red, as can be, or the reverse; blue does not count and stays grey."""
    model, images, labels = bright
    attack = attacks.create("patch", rotation=0, resize=0, learning_rate=0.1, clamp=1e6, **QUICK)
    for target, colour in ((1, [0, 1, 0.5]), (2, [1, 0, 0.5])):
        found = attack.fit(model, images, labels, Towards(target))
        on = found.mask.bool()[0, 0]
        expected = torch.tensor(colour)[:, None].expand(3, int(on.sum()))
        torch.testing.assert_close(found.delta[0][:, on], expected)
        assert (model(found.apply(images)).argmax(1) == target).all()
        assert found.record["curve"][-1] == 1.0


def test_untargeted_it_leaves_the_model_s_own_answer(bright):
    model, images, _ = bright
    found = attacks.create("patch", **QUICK).fit(model, images, torch.ones(20, dtype=torch.int64))
    assert (model(found.apply(images)).argmax(1) != 0).all()
    assert found.record["goal"] == "untargeted"


def test_pictures_of_the_target_class_take_no_part(bright):
    model, images, labels = bright
    marked = labels.clone()
    marked[10:] = 1
    shown = []

    def watching(x):
        shown.append(x.detach())
        return model(x)

    # A marked picture is recognised by its last pixel, which the patch in the middle leaves alone.
    images = images.clone()
    images[10:, :, -1, -1] = 0.0
    images[:10, :, -1, -1] = 0.25
    attack = attacks.create("patch", steps=30, batch=8, scale=0.05, rotation=0)
    attack.fit(watching, images, marked, Towards(1))
    fitting = torch.cat([x for x in shown if x.requires_grad or len(x) == 8])
    last = fitting[..., -1, -1]
    assert (last != 0).any(1).all()
    with pytest.raises(ValueError, match="all images are of the target class"):
        attack.fit(model, images, torch.ones(20, dtype=torch.int64), Towards(1))


def test_each_step_has_a_gradient_of_its_own(bright):
    """On identical steps Adam's moments stay those of one gradient; accumulated ones would grow."""
    gradient = torch.tensor([0.5, -2.0, 0.0])
    adam = Adam(gradient)
    for _ in range(4):
        torch.testing.assert_close(adam.rise(gradient), gradient.sign(), rtol=0, atol=1e-5)
    torch.testing.assert_close(adam.mean / (1 - 0.9**4), gradient)
    model, images, labels = bright
    # Plain steps of a linear model are equal in length: 0.1 each, from grey to white in five.
    lengths = []
    attack = attacks.create(
        "patch", steps=4, batch=20, scale=0.3, learning_rate=0.1, rotation=0, resize=0, clamp=1e6
    )
    attack.fit(
        model, images, labels, Towards(1), observer=lambda p, _: lengths.append(p.max().item())
    )
    assert lengths == pytest.approx([0.6, 0.7, 0.8, 0.9], abs=1e-3)


def test_the_patch_is_in_the_box_and_its_rim_is_grey(bright):
    model, images, labels = bright
    found = attacks.create("patch", **QUICK).fit(model, images, labels, Towards(2))
    assert isinstance(found, PatchUniversal)
    assert 0 <= found.delta.min() <= found.delta.max() <= 1
    off = ~found.mask.bool().expand_as(found.delta)
    assert off.any()
    assert (found.delta[off] == 0.5).all()
    assert found.record["scale"] == found.scale == pytest.approx(0.5, abs=0.06)


def test_on_a_batch_it_lies_in_the_middle(bright):
    model, images, labels = bright
    attack = attacks.create("patch", **QUICK)
    record = attack.run(model, images, torch.full_like(labels, 2), Targeted())
    found = attack.fit(model, images, torch.full_like(labels, 2), Targeted())
    torch.testing.assert_close(record.x_adv, found.apply(images), rtol=0, atol=1e-6)
    assert record.success.all()
    assert (record.l0 == int(found.mask.sum())).all()


def test_pictures_without_height_are_refused(linear, pictures):
    with pytest.raises(ValueError, match=r"images of patch must be \[N, C, H, W\]"):
        attacks.create("patch").fit(linear(2, (7,)), pictures(3, (7,)), torch.zeros(3).long())


@pytest.mark.parametrize("shape", ["round", "square"])
def test_random_places_lie_within_the_picture(shape):
    draw = torch.Generator().manual_seed(0)
    attack = attacks.create("patch", shape=shape, rotation=180, resize=0.3)
    place = attack.place(500, 9, (32, 24), draw)
    assert (place.zoom.square().min() - 0.7).abs() < 0.02
    assert (place.zoom.square().max() - 1.3).abs() < 0.02
    assert place.angle.abs().max() > 170
    half = place.zoom * 4.5
    if shape == "square":
        turn = torch.deg2rad(place.angle)
        half = half * (turn.cos().abs() + turn.sin().abs())
    for centre, side in ((place.row, 32), (place.column, 24)):
        assert (centre >= half - 1e-9).all()
        assert (centre <= side - half + 1e-9).all()
        assert centre.min() < half.min() + 2
        assert centre.max() > side - half.max() - 2


def test_one_that_is_too_large_lies_in_the_middle():
    one = torch.ones(1, dtype=torch.float64)
    place = inside(one * 5, one * 0, one * 0.9, one * 0.1, 9, "round", (32, 24))
    assert (place.row.item(), place.column.item()) == (16, 12)
