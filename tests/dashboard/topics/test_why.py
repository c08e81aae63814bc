"""Sentences and charts of the inside of a network: pure functions of what was found."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from robust_core import zoo
from robust_core.classifier import Guess
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DETECTOR
from robust_core.dashboard.topics import why_charts, why_looks, why_words
from robust_core.experiment.inside import Crossing, Curve, Depth, Looks
from robust_core.inside import ClassMaps
from tests.letters import small_letters

CAT, DOG = Guess(0, "cat", 0.9), Guess(1, "dog", 0.8)


@pytest.fixture
def found() -> Depth:
    return Depth(
        layers=("picture", "stem.0", "stage1.0", "stage1.1", "dense"),
        kinds=("", "Conv2d", "Block", "Block", "Linear"),
        adversarial=Curve((0.02, 0.05, 0.2, 0.5, 1.5), 0.55, 0.01, (DOG,)),
        noise=Curve((0.02, 0.02, float("nan"), 0.0, 0.04), 0.55, 0.01, (CAT, CAT, CAT, DOG)),
        filtered=Curve((0.1, 0.1, 0.1, 0.1, 0.1), 2.0, 0.3, (CAT,)),
        detectors={"AD(2)": 3},
    )


@pytest.fixture
def across() -> Crossing:
    return Crossing(
        source="6 pictures",
        size=64,
        fitted=5,
        explained=(0.5, 0.2),
        places=torch.arange(12.0).view(6, 2),
        answers=torch.tensor([0, 0, 1, 2, 1, 0]),
        way=torch.tensor([[0.0, 0.0], [1.0, 2.0], [3.0, 3.0]]),
        steps=("clean", "step 1", "the result"),
        said=(CAT, CAT, DOG),
        recorded=True,
        seen=0.6,
    )


def test_lines_over_the_layers(found):
    figure = why_charts.over_layers(found)
    assert [line.name for line in figure.data] == [
        "attack",
        "noise of the same size",
        "filtered picture",
    ]
    assert list(figure.data[0].y) == [0.02, 0.05, 0.2, 0.5, 1.5]
    assert list(figure.data[1].y) == [0.02, 0.02, None, None, 0.04]
    assert figure.data[0].customdata[1] == "stem.0, Conv2d"
    (line,) = figure.layout.shapes
    assert (line.x0, line.line.color) == (3, DETECTOR)
    assert not list(small_letters(figure.to_plotly_json(), "layers"))


@pytest.mark.parametrize(
    ("layers", "places", "words"),
    [
        (["picture", "layers.1", "layers.2"], [0, 1, 2], ["picture", "1", "2"]),
        (
            ["picture", *(f"stage{k}.{n}" for k in (1, 2) for n in range(9)), "dense"],
            [1, 10, 19],
            ["stage1", "stage2", "dense"],
        ),
        (
            ["picture", *(f"net.part{k}.{n}" for k in (1, 2) for n in range(9))],
            [1, 10],
            ["net.part1", "net.part2"],
        ),
        ([str(k) for k in range(40)], list(range(0, 40, 4)), [str(k) for k in range(0, 40, 4)]),
    ],
)
def test_names_on_the_axis_are_few(layers, places, words):
    assert why_charts.ticks(layers) == (places, words)


def test_the_map_marks_start_change_and_end(across):
    figure = why_charts.over_features(across)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["said: cat"].x) == [0, 2, 10]
    assert list(by_name["said: dog"].x) == [4, 8]
    assert list(by_name["said: another class"].x) == [6]
    assert (by_name["clean"].x[0], by_name["clean"].marker.color) == (0, CLEAN)
    assert (by_name["adversarial"].x[0], by_name["adversarial"].marker.color) == (3, ADVERSARIAL)
    assert by_name["answer changes"].x[0] == 3
    assert figure.layout.xaxis.title.text == "component 1: 50% of the variance"
    stays = replace(across, said=(CAT, CAT, CAT))
    names = [trace.name for trace in why_charts.over_features(stays).data]
    assert "answer changes" not in names
    assert "said: dog" not in names
    assert not list(small_letters(figure.to_plotly_json(), "features"))


def test_sentences_have_the_numbers_found(found, across):
    attack = SimpleNamespace(judged=SimpleNamespace(linf=2 / 255))
    assert "moves by more than 2/255" in why_words.see_features(across, attack)
    assert why_words.amplified(found) == (
        "A change of 2.0 % of the picture moves the last layer by 150.0 %; random noise of the same size "
        "moves it by 4.0 %"
    )
    assert why_words.crossed(across) == "From cat to dog: the answer changes at the result"
    assert "never changes" in why_words.crossed(replace(across, said=(CAT, CAT, CAT)))
    back = why_words.crossed(replace(across, said=(CAT, DOG, CAT)))
    assert back == "From cat to dog: the answer changes at step 1, and back in the end"
    assert "70 % of the variance" in why_words.see_features(across, attack)
    assert "a straight line" in why_words.see_features(replace(across, recorded=False), attack)


def test_what_to_see_depends_on_what_was_found(found):
    model = zoo.describe("cifar10-resnet32")
    told = why_words.see_layers(found, model)
    assert "the two lines part" in told
    assert "hardly notices 2.6/255" in told
    plain = replace(found, adversarial=replace(found.adversarial, linf=0.1))
    assert "notices 25.5/255, too" in why_words.see_layers(plain, model)
    assert "3 × 32 × 32 = **3,072 dimensions**" in told
    assert "at AD(2) it is given a change of 50.0 %" in told
    quiet = replace(found, adversarial=found.noise, detectors={})
    told = why_words.see_layers(quiet, model)
    assert "stay together" in told
    assert "detector" not in told


def test_where_it_looks_is_compared_by_the_cosine():
    values = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]], [[1.0, 1.0]]])
    found = Looks((CAT, DOG), ClassMaps("conv", 8, False, values))
    assert why_words.where(found).endswith("the places where it looks are 71 % alike")
    assert "Before, it sees cat; after, dog" in why_words.where(found)
    nothing = Looks((CAT, DOG), ClassMaps("conv", 8, False, torch.zeros(4, 1, 2)))
    assert "Nothing in the picture speaks" in why_words.where(nothing)
    assert "cat, as before" in why_words.where(Looks((CAT,), ClassMaps("c", 8, False, values[::3])))
    assert why_looks.caption("cat", 0.5, True) == "cat 50 %"
    assert "nothing speaks for it" in why_looks.caption("cat", 0.5, False)
