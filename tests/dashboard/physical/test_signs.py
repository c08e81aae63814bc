"""The part Signs in a street: what is drawn and said follows from what the network was asked."""

import pytest
import torch

from robust_core import zoo
from robust_core.attacks.physical.poses import Pose
from robust_core.dashboard.physical import sign_making, sign_words
from robust_core.dashboard.physical.sign_charts import grid
from robust_core.dashboard.physical.sign_controls import PUT, Wish, coloured
from robust_core.dashboard.physical.sign_making import MODEL, Asked, in_frame
from robust_core.dashboard.physical.sign_markup import looks
from robust_core.evaluation.physical import plan
from robust_core.experiment.road_signs import CLEAN, POSTER, RANDOM, Look, Place

CLASSES = zoo.describe(MODEL).class_names
STOP, FIFTY = 14, 2
ASKED = Asked(plan.PosterPlan("live", "stop", "speed-50", "sign"), 30, 8)


def wish(put: str = "poster", **pose) -> Wish:
    return Wish("stop", put, ASKED if put != "nothing" else None, Pose(**pose), False)


def look(index: int, share: float = 0.8) -> Look:
    shares = torch.full((len(CLASSES),), (1 - share) / (len(CLASSES) - 1))
    shares[index] = share
    pixels = torch.zeros(32, 32, 3, dtype=torch.uint8)
    return Look(pixels, pixels, tuple(shares.tolist()))


def place(distance: float, angle: float, right: int, fooled: int, random: int = 0) -> Place:
    pixels = torch.zeros(32, 32, 3, dtype=torch.uint8)
    pose = Pose(distance=distance, angle=angle)
    return Place(pose, 3, right, fooled, random, pixels, (STOP, FIFTY), 0.7)


def test_the_headline_and_whether_it_counts():
    seen = {CLEAN: look(STOP), POSTER: look(FIFTY, 0.9)}
    assert sign_words.headline(wish(), seen, CLASSES) == (
        'With the poster the network says "speed limit 50" 90 %; without: stop 80 %.'
    )
    assert "is reached" in sign_words.counting(wish(), seen)
    still = {CLEAN: look(STOP), POSTER: look(STOP, 0.6)}
    assert "still says stop 60 %" in sign_words.headline(wish(), still, CLASSES)
    assert "is not reached" in sign_words.counting(wish(), still)
    lost = {CLEAN: look(FIFTY), POSTER: look(FIFTY)}
    assert "does not count" in sign_words.counting(wish(), lost)
    bare = {CLEAN: look(STOP)}
    assert sign_words.headline(wish("nothing"), bare, CLASSES) == "The network says stop 80 %."


def test_places_that_do_not_count_are_told_apart():
    places = [place(5, 0, 3, 3), place(10, 0, 2, 0, 1), place(40, 0, 0, 0)]
    assert sign_words.counted(places) == (
        "**3 of 5 views** (60 %) are taken for the target; with random colours in the same area 1. "
        "4 of 9 views do not count."
    )
    assert "nothing counts" in sign_words.counted(places[2:])
    assert "3 of 3 views fooled" in sign_words.of_place(places[0], CLASSES)
    assert "does not count" in sign_words.of_place(places[2], CLASSES)
    heat = grid(places).data[0]
    assert [row[0] for row in heat.text] == ["3/3", "0/2", "–"]
    assert [row[0] for row in heat.z] == [1.0, 0.0, None]


def test_each_cut_out_has_the_same_bars_with_the_signs_class_and_the_target():
    seen = [
        (CLEAN, "As it is", look(STOP)),
        (POSTER, "With it", look(FIFTY)),
        (RANDOM, "Random", look(7)),
    ]
    html = looks(seen, CLASSES, STOP, FIFTY)
    figures = html.split("<figure")[1:]
    assert [f.startswith(" class=right") for f in figures] == [True, False, False]
    for figure in figures:
        assert figure.count("(the sign)") == figure.count("(the target)") == 1
        assert CLASSES[7] in figure
        assert figure.count("<li") == 4
    assert 'style="width: 80.00%"' in figures[0]


@pytest.mark.parametrize("put", [name for name in PUT if name != "nothing"])
def test_the_ready_ones_show_at_once(put):
    from robust_core.dashboard.physical.sign_controls import AREAS

    asked = plan.PosterPlan("live", "stop", "speed-80", AREAS[put])
    found = sign_making.bundled(asked)
    assert found is not None
    assert sign_making.load(found.name) is found, "it is read once"
    other = plan.PosterPlan("live", "stop", "speed-50", AREAS[put])
    assert sign_making.bundled(other) is None
    printed = coloured(found.poster, True)
    assert torch.equal(printed.changed, found.poster.as_printed)


def test_each_step_of_a_fit_is_shown_and_both_stages_are_counted():
    class Progress:
        def __init__(self):
            self.steps, self.pictures = [], []

        def __call__(self, k, n=0):
            self.steps.append((k, n))

        def show(self, growing):
            self.pictures.append(growing)

        def notice(self, sentence):
            raise AssertionError(sentence)

    asked = Asked(plan.PosterPlan("live", "stop", "speed-50", "found"), 3, 2)
    progress = Progress()
    made = asked.work(progress)
    steps = [k for k, _ in progress.steps]
    assert steps == sorted(steps)
    assert {n for _, n in progress.steps} == {asked.total} == {6}
    assert steps[-1] == 6
    assert [len(seen.poster.loss) for seen in progress.pictures] == [1, 2, 3, 4] * 2
    assert [seen.step for seen in progress.pictures] == [0, 1, 2, 3, 3, 4, 5, 6]
    assert not progress.pictures[0].begun
    assert progress.pictures[1].begun
    for seen in progress.pictures:
        moved = seen.poster.delta.abs().sum(1, keepdim=True) > 0
        assert torch.equal(seen.poster.area, moved)
    assert made.area.any()
    assert not made.delta[~made.area.expand_as(made.sign)].any()
    framed = in_frame(progress.pictures[-1].poster.changed, "stop")
    assert framed[0, 0].tolist() == [255, 255, 255], "before white paper"
    assert framed.shape == (plan.SIDE, plan.SIDE, 3)
