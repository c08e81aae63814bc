"""A sign in a street and from many places: what counts, and that it is what the suite counts."""

from dataclasses import replace

import pytest
import torch

from robust_core import zoo
from robust_core.attacks.physical.poses import DECK_001, Pose, poses_at
from robust_core.data import signs
from robust_core.evaluation.physical import plan, posters
from robust_core.experiment.road_signs import (
    CLEAN,
    POSTER,
    RANDOM,
    from_places,
    in_scene,
    variants,
)

MODEL = plan.SIGN_MODEL


@pytest.fixture(scope="module")
def ready():
    found = zoo.load_poster(f"{MODEL}-art")
    asked = next(poster for poster in plan.POSTERS if poster.key == "art")
    return zoo.load(MODEL, "cpu"), asked, found.poster


def test_random_colours_take_the_posters_area_alone(ready):
    _, _, poster = ready
    made = variants(poster)
    assert list(made) == [CLEAN, POSTER, RANDOM]
    outside = ~poster.area.expand_as(poster.sign)
    assert torch.equal(made[RANDOM][outside], poster.sign[outside])
    assert not torch.equal(made[RANDOM], poster.sign)
    assert list(variants(replace(poster, area=torch.zeros_like(poster.area)))) == [CLEAN]


def test_from_one_place_the_network_gets_the_cut_out_alone(ready):
    model, asked, poster = ready
    seen = in_scene(model, asked.sign, poster, Pose(distance=20.0, angle=20.0))
    for look in seen.values():
        assert look.street.shape == (400, 640, 3)
        picture = look.cut_out.permute(2, 0, 1)[None] / 255
        with torch.no_grad():
            wanted = model(picture).double().softmax(1)[0]
        assert look.said == wanted.argmax()
        assert look.shares == pytest.approx(wanted.tolist(), abs=0.02)  # 8 bits
    said = {what: look.said for what, look in seen.items()}
    label, target = (signs.get(name).gtsrb for name in (asked.sign, asked.target))
    assert (said[CLEAN], said[POSTER]) == (label, target)
    nearer = in_scene(model, asked.sign, poster, Pose(distance=8.0))[CLEAN].street
    assert not torch.equal(nearer, seen[CLEAN].street)


def test_many_places_count_as_the_suite_does(ready):
    model, asked, poster = ready
    poses = (*DECK_001, *poses_at((80, 45)))
    places = from_places(model, asked, poster, poses)
    for what, name in ((poster.changed, "fooled"), (variants(poster)[RANDOM], "random")):
        counted = posters.judge(model, asked, poster.sign, what, poses)
        assert [place.right for place in places] == counted.right.sum(1).tolist()
        assert [getattr(place, name) for place in places] == counted.fooled.sum(1).tolist()
    assert sum(place.fooled for place in places) > 0.5 * sum(place.right for place in places)
    alone = from_places(model, asked, poster, poses[3:4])[0]
    assert (alone.pose, alone.right, alone.fooled) == (
        places[3].pose,
        places[3].right,
        places[3].fooled,
    )
    assert torch.equal(alone.pixels, places[3].pixels)


def test_views_in_which_the_clean_sign_fails_do_not_count(ready):
    model, _, poster = ready
    wrong = plan.PosterPlan("live", "no-entry", "speed-80", "sign")  # it is a stop sign
    for place in from_places(model, wrong, poster, DECK_001[:1]):
        assert (place.right, place.fooled, place.random) == (0, 0, 0)


def test_a_poster_without_an_area_is_refused(ready):
    model, asked, poster = ready
    bare = replace(poster, area=torch.zeros_like(poster.area))
    with pytest.raises(ValueError, match="its area is empty"):
        from_places(model, asked, bare, DECK_001)
