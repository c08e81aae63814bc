"""Curves and marks as rows and forms, and the bill: pure functions of what was found."""

import math

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.attacks.ledger import DISTANCE, MARGIN
from robust_core.classifier import Guess
from robust_core.dashboard.black_box import charts, costs, markup, words
from robust_core.dashboard.request import Request
from robust_core.experiment.queried import Look, Queried
from robust_core.experiment.with_gradients import Mark

PICTURE = torch.zeros(2, 2, 3, dtype=torch.uint8)
CAT, DOG = Guess(0, "cat", 0.9), Guess(1, "dog <b>", 0.1)


def look(points, queries=100, first=None) -> Look:
    return Look(queries, points, first, PICTURE, PICTURE, (CAT, DOG))


def found(points, what, queries=100, first=None, success=True) -> Queried:
    return Queried(
        queries, points, first, PICTURE, PICTURE, (CAT,), what, success, CAT, DOG, 1.0, 0.1, 2.0,
        "labels", (),
    )  # fmt: skip


def request(name: str, shown_eps: float = 0.1) -> Request:
    return Request(
        None, "crop", zoo.describe("digits-cnn"), attacks.create(name), shown_eps=shown_eps
    )


def test_distances_in_other_norms_get_charts_of_their_own():
    names = ("boundary", "hopskipjump-linf", "surfree")
    made = charts.charts_of(names, DISTANCE, 1000)
    assert [(each.names, each.norm) for each in made] == [
        (("boundary", "surfree"), "l2"),
        (("hopskipjump-linf",), "linf"),
    ]
    (one,) = charts.charts_of(("square", "simba"), MARGIN, 1000)
    assert one.names == ("square", "simba")


def test_a_row_for_each_improvement_one_for_now_and_the_marks():
    (chart,) = charts.charts_of(("boundary", "surfree"), DISTANCE, 1000)
    marks = {
        "near": Mark(attacks.create("deepfool"), 0.25, (3, 3)),
        "other norm": Mark(attacks.create("deepfool-linf"), 0.5, (3, 3)),
        "nothing found": Mark(attacks.create("cw-l2"), None, (3, 3)),
    }
    rows = charts.rows(chart, {"boundary": look(((2, 5.0), (9, 0.0)))}, marks)
    curve = rows[rows.kind == "curve"]
    assert list(zip(curve["query"], curve["value"], strict=True)) == [(2, 5.0), (9, charts.LEAST)]
    now = rows[rows.kind == "now"]
    assert list(zip(now["query"], now["value"], strict=True)) == [(100, charts.LEAST)]
    assert list(rows[rows.kind == "mark"].value) == [0.25]
    assert charts.rows(chart, {}, {}).empty


def test_a_margin_is_measured_only_against_gradients_within_the_same_norm():
    pgd = {"linf": Mark(attacks.create("pgd"), 3.0, (10, 10))}
    (by_eps,) = charts.charts_of(("square", "simba"), MARGIN, 1000)
    (free,) = charts.charts_of(("simba",), MARGIN, 1000)
    assert list(charts.rows(by_eps, {}, pgd).kind) == ["mark"]
    assert charts.rows(free, {}, pgd).empty


@pytest.mark.parametrize("what", [DISTANCE, MARGIN])
def test_no_line_is_told_from_another_by_its_colour_alone(what):
    by = {DISTANCE: "labels", MARGIN: "scores"}[what]
    names = [n for n in attacks.local_names() if attacks.get(n).knowledge == by]
    for chart in charts.charts_of(names, what, 1000):
        layers = charts.form(chart)["layer"]
        curve = next(each for each in layers if each["mark"]["type"] == "line")
        dashes = curve["encoding"]["strokeDash"]["scale"]["range"]
        assert len({tuple(dash) for dash in dashes}) == len(chart.names)
        assert all("y" in layer["encoding"] for layer in layers)


def test_the_bill_is_of_the_queries_until_success():
    terms = costs.Terms(price=2.0, rate=60)
    row = costs.row(found(((1, -3.0), (80, 0.5)), MARGIN, 80, first=80), request("square"), terms)
    assert row["Queries until the answer changes"] == "80"
    assert row["Money"] == "$0.16"
    assert row["Time"] == "1.3 minutes"
    vain = found(((1, -3.0),), MARGIN, 1000, success=False)
    row = costs.row(vain, request("square"), terms)
    assert row["Queries until the answer changes"] == costs.MISSING
    assert (row["Money"], row["Time"]) == ("more than $2.00", "more than 17 minutes")


def test_an_attack_by_labels_has_to_come_within_eps_first():
    near = 0.1 * math.sqrt(64)
    asked = request("boundary")
    assert costs.within_of(asked) == pytest.approx(near)
    assert costs.within_of(request("hopskipjump-linf")) == 0.1
    points = ((2, 9.0), (50, near * 1.01), (70, near * 0.99), (90, 0.1))
    row = costs.row(found(points, DISTANCE, first=2), asked, costs.Terms(1.0, 1))
    assert row["Queries until within eps"] == "70"


def test_headlines_say_what_was_reached():
    by_labels = {
        "boundary": found(((2, 2.0), (90, 0.5)), DISTANCE, first=2),
        "surfree": found(((2, 2.0), (90, 0.75)), DISTANCE, first=2),
    }
    marks = {"l2": Mark(attacks.create("deepfool"), 0.25, (3, 3))}
    said = words.headline("labels", by_labels, marks)
    assert "Boundary attack turns" in said
    assert "0.5 in L2; gradients reach 0.25 in L2." in said
    by_scores = {
        "square": found(((1, -3.0),), MARGIN, 1000, success=False),
        "simba": found(((1, -3.0), (80, 0.5)), MARGIN, 80, first=80),
    }
    said = words.headline("scores", by_scores, {})
    assert "1 of 2 attacks" in said
    assert "SimBA after 80 queries" in said
    wrong = {"boundary": found(((1, 0.0),), DISTANCE, 1, first=1)}
    assert "wrong before any attack" in words.headline("labels", wrong, {})
    vain = {"square": by_scores["square"]}
    assert "none of 1 attacks reaches the goal within 1,000 queries" in words.headline(
        "scores", vain, {}
    )


def test_the_stage_shows_no_more_than_comes_through_and_escapes_it():
    card = markup.Card("NES", "#123456", PICTURE.numpy(), True, "margin +1", "3 queries")
    one = (Guess(0, "cat", math.nan),)
    html = markup.stage(PICTURE.numpy(), CAT, "net <x>", "one label", 1234, one, [card])
    assert "1,234" in html
    assert "nan" not in html
    assert "net &lt;x&gt;" in html
    scores = markup.stage(PICTURE.numpy(), None, "net", "scores", 1, (CAT, DOG), [])
    assert "dog &lt;b&gt;" in scores
    assert "90 %" in scores
