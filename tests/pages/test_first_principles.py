"""First principles: each idea by its link with a first result, without a browser."""

import pytest

from robust_core.dashboard.first_principles import boundary
from robust_core.dashboard.first_principles.ideas import IDEAS
from tests.visiting import bodies, ran, text, visit

PAGE = "first_principles"
DIGITS = {"model": "digits-cnn", "eps": "0.15"}


def headline(page) -> str:
    return next(m.value for m in page.markdown if m.value.startswith("## "))


def charts(page) -> int:
    return len(page.get("plotly_chart"))


def test_it_opens_with_the_learner_and_the_attacker_moves_the_point():
    page = ran(visit(PAGE))
    assert "the line moves, the mean loss fell from 6.21" in headline(page)
    assert charts(page) == 4
    (table,) = bodies(page, "slopes")
    assert all(name in table for name in ("dl/da", "dl/db", "dl/dx"))
    assert "smooth enough" in text(page)
    page = ran(page.segmented_control(key="evil_side").set_value("attacker").run())
    assert "The line stays, point 10 moves" in headline(page)
    assert page.query_params["evil_side"] == "attacker"
    (link,) = (each for each in page.get("page_link") if "FGSM" in each.proto.label)
    assert link.proto.query_string == "attack=fgsm"
    page = ran(page.button(key="evil_to_fgsm").click().run())
    assert "along the signs" in headline(page)


@pytest.mark.parametrize(
    ("idea", "said", "drawn"),
    [
        ("fgsm", "One step of 0.15 along the signs", 2),
        ("one-pixel", "the loss goes from", 1),
        ("two-pixels", "in the corner", 1),
        ("all-pixels", "values move, each by at most 0.15", 0),
        ("surface", "0.15 along FGSM's direction takes the loss from", 1),
        ("layers", "of the picture moves the last layer by", 1),
    ],
)
def test_the_ideas_on_a_picture_are_about_the_one_of_the_link(idea, said, drawn):
    page = ran(visit(PAGE, idea=idea, **DIGITS))
    assert said in headline(page)
    assert charts(page) == drawn
    assert "digits-cnn" in text(page)
    if idea == "all-pixels":
        assert len(bodies(page, "grids")) == 2
    if idea == "fgsm":
        (frames,) = bodies(page, "frames")
        assert frames.count("<figure>") == 6


def test_the_plane_and_its_fields():
    page = ran(visit(PAGE, idea="boundary", edge_across="0.2", edge_up="0.72"))
    assert "wrong here before anyone attacks" in headline(page)
    page.number_input(key="edge_across").set_value(boundary.START[0])
    page = ran(page.number_input(key="edge_up").set_value(boundary.START[1]).run())
    assert "The nearest adversarial point is 0.1" in headline(page)
    assert "DeepFool, by the network alone" in text(page)
    for name in ("D_real", "D_train", "D_adv"):
        assert name in bodies(page, "frames")[0]


def test_dimension_says_where_2352_stands():
    page = ran(visit(PAGE, idea="dimension"))
    assert headline(page).startswith("## 2,352 inputs, each moved by 0.01")
    page = ran(page.select_slider(key="dimension_n").set_value(150_528).run())
    assert headline(page).startswith("## 150,528 inputs")


def test_a_pixel_that_is_named_is_the_one_that_is_drawn():
    page = ran(
        visit(PAGE, idea="one-pixel", pixel_row="3", pixel_column="6", pixel_loss="ce", **DIGITS)
    )
    (where,) = bodies(page, "frames")
    assert "row 3, column 6, grey" in where
    assert "Loss: cross-entropy." in text(page)


def test_what_cannot_be_drawn_is_said():
    page = visit(PAGE, idea="two-pixels", model="digits-cnn", any_eps="True", eps255="0.0")
    assert not page.exception
    assert [error.value for error in page.error] == [
        "Eps must be above 0: a square without sides has no corner"
    ]


def test_picture_and_model_are_those_of_attack_and_stay_from_idea_to_idea():
    page = ran(visit(PAGE, idea="fgsm", model="digits-cnn", picture_digits="digits-test-5"))
    for idea in ("all-pixels", "evil", "one-pixel"):
        page = ran(page.segmented_control(key="idea").set_value(idea).run())
    assert page.selectbox(key="model").value == "digits-cnn"
    assert page.selectbox(key="picture_digits").value == "digits-test-5"
    assert list(IDEAS) == [
        "evil",
        "fgsm",
        "one-pixel",
        "two-pixels",
        "all-pixels",
        "dimension",
        "boundary",
        "surface",
        "layers",
    ]
