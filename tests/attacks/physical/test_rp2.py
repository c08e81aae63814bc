"""RP2: the mask holds, colours become printable, and a poster beats random stickers from new places."""

import pytest
import torch
from torch import nn

from robust_core.attacks.physical.poses import DECK_001, Street, random_poses
from robust_core.attacks.physical.printing import distances
from robust_core.attacks.physical.rp2 import RP2, from_poses, random_sticker, region
from robust_core.attacks.physical.transformation import generator_of
from robust_core.data import signs

FAR = torch.full((1, 3, 8, 8), 0.4)


@pytest.fixture(scope="module")
def tiny():
    """A linear network on 16 x 16 pictures, four classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3 * 64, 4)).eval()


@pytest.fixture(scope="module")
def sign():
    """A stop sign, where it is solid, and the street that it stands in."""
    picture, outline = signs.draw("stop", 32)
    return picture, outline > 0.99, Street(outline, FAR, (16, 16))


def views_of(street, n=4, seed=0):
    poses = random_poses(n, generator_of(seed))
    return lambda x: street(x, poses)


def test_nothing_changes_off_the_area_and_the_area_is_used(tiny, sign):
    picture, solid, street = sign
    area = solid.clone()
    area[..., :16] = False
    poster = RP2(steps=8, weight=0.0, printability=0.0)(tiny, picture, area, views_of(street), 2)
    off = ~area.expand_as(picture)
    assert poster.changed[off].equal(picture[off])
    assert (poster.changed != picture)[area.expand_as(picture)].any()
    assert 0 <= poster.changed.min() <= poster.changed.max() <= 1
    assert poster.delta.equal(poster.changed - picture)
    assert poster.as_printed[off].equal(picture[off])
    assert not poster.changed.requires_grad


@pytest.mark.parametrize("targeted", [True, False])
def test_from_new_places_it_beats_random_stickers(tiny, sign, targeted):
    picture, solid, street = sign

    def new(x):
        return street(x, DECK_001)

    label = int(tiny(new(picture)).argmax(1).mode().values)
    target = (label + 1) % 4
    poster = RP2(steps=40, weight=0.0, printability=0.0)(
        tiny, picture, solid, views_of(street), target if targeted else label, targeted=targeted
    )
    goal = target if targeted else None
    found = from_poses(tiny, picture, poster.changed, new, label, goal)
    random = [
        from_poses(tiny, picture, random_sticker(picture, solid, generator_of(k)), new, label, goal)
        for k in range(5)
    ]
    assert found.rate == 1 >= max(r.rate for r in random)
    assert sum(r.rate for r in random) < 5


def test_a_large_weight_brings_the_colours_near_printable_ones(tiny, sign):
    """Towards the class that it is taken for: every step is a success, and the least loss is kept."""
    picture, solid, street = sign
    label = int(tiny(views_of(street)(picture)).argmax(1).mode().values)

    def apart(x):
        return distances(x).amin(-1)[solid[0]].mean()

    posters = [
        RP2(steps=120, weight=0.0, printability=weight, learning_rate=0.005)(
            tiny, picture, solid, views_of(street), label
        )
        for weight in (0.0, 1e6)
    ]
    assert apart(posters[1].changed) < 0.5 * apart(picture) < 0.5 * apart(posters[0].changed)
    assert apart(posters[1].as_printed) < 1e-3


def test_a_larger_weight_of_the_norm_changes_less(tiny, sign):
    picture, solid, street = sign
    sizes = [
        RP2(steps=20, weight=w, norm=norm, printability=0.0)(
            tiny, picture, solid, views_of(street), 2
        ).delta
        for norm in ("l1", "l2")
        for w in (0.1, 30.0)
    ]
    assert sizes[1].abs().mean() < sizes[0].abs().mean()
    assert sizes[3].square().mean() < sizes[2].square().mean()


def test_the_best_step_is_kept_and_the_observer_sees_all(tiny, sign):
    picture, solid, street = sign
    seen = []
    views = views_of(street)
    poster = RP2(steps=12, learning_rate=0.3)(
        tiny, picture, solid, views, 3, observer=lambda x, loss: seen.append((x, loss))
    )
    assert len(seen) == 13
    assert poster.loss.tolist() == [loss for _, loss in seen]
    fooled = [(tiny(views(x)).argmax(1) == 3).double().mean().item() for x, _ in seen]
    best = max(range(13), key=lambda i: (fooled[i], -seen[i][1]))
    assert poster.fooled == fooled[best]
    assert poster.changed.equal(seen[best][0])


def test_a_region_is_where_the_change_is_of_the_size_asked_for(sign):
    _, solid, _ = sign
    delta = torch.zeros(1, 3, 32, 32)
    delta[..., 4:10, 12:20] = 0.5
    found = region(delta, solid, 0.05)
    assert int(found.sum()) == round(0.05 * int(solid.sum()))
    assert found[..., 3:11, 10:22].sum() == found.sum()
    assert not (region(delta, solid, 1.0) ^ solid).any()
    with pytest.raises(ValueError, match="cover must be a share"):
        region(delta, solid, 0.0)


def test_success_counts_only_where_the_clean_sign_is_right():
    levels = torch.tensor([0.2, 0.5, 0.9]).view(3, 1, 1, 1)

    def model(x):
        mean = x.flatten(1).mean(1)
        return torch.stack([-(mean - c).abs() for c in (0.1, 0.3, 0.9)], 1)

    def views(x):
        return levels * x.mean()

    sign, changed = torch.full((1, 1, 4, 4), 0.5), torch.full((1, 1, 4, 4), 1.0)
    found = from_poses(model, sign, changed, views, label=1, target=2)
    assert found.right.tolist() == [False, True, True]  # 0.1, 0.25, 0.45
    assert found.fooled.tolist() == [False, False, True]  # 0.2, 0.5, 0.9
    assert found.rate == 0.5
    assert from_poses(model, sign, sign, views, label=2).rate is None


def test_it_works_on_a_real_classifier(resnet):
    picture, outline = signs.draw("no-entry", 48)
    street = Street(outline, signs.backdrop(0, 48), (32, 32))
    views = views_of(street, 3)
    label = int(resnet(views(picture)).argmax(1).mode().values)
    target = (label + 1) % 10
    poster = RP2(steps=15, learning_rate=0.1)(resnet, picture, outline > 0.99, views, target)
    assert poster.fooled == 1
    assert poster.loss[-1] < poster.loss[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sign": torch.rand(2, 3, 32, 32)}, "sign must be one picture"),
        ({"area": torch.zeros(1, 1, 32, 32)}, "the mask is empty"),
        ({"area": torch.ones(1, 1, 8, 8)}, "mask must have the shape"),
        ({"classes": 9}, "class indices from 0 to 3"),
    ],
)
def test_what_cannot_be_meant_is_refused(tiny, sign, changes, said):
    picture, solid, street = sign
    given = {"sign": picture, "area": solid, "views": views_of(street), "classes": 1} | changes
    with pytest.raises(ValueError, match=said):
        RP2(steps=1)(tiny, **given)
    with pytest.raises(ValueError, match="changed must be of the shape of sign"):
        from_poses(tiny, picture, picture[..., :8], views_of(street), 0)
