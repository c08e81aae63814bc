"""Links: whatever cannot be had here is replaced on every page, and a note at its top says by what."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from tests.visiting import visit

DIGITS = {"model": "digits-cnn", "attacks": "fgsm", "defenses": "median"}
"""A model that answers in milliseconds."""


def notes(page: AppTest) -> list[str]:
    """The sentences of the note."""
    assert not page.exception
    told = [each.value for each in page.info if each.value.startswith("The link asked")]
    return "  \n".join(told).split("  \n") if told else []


@pytest.mark.parametrize(
    ("page", "query", "sentence"),
    [
        (None, {"attack": "foo"}, "attack `foo`, which is not available here; FGSM is used"),
        (
            None,
            {"model": "nope"},
            "model `nope`, which is not available here; ResNet-32 — CIFAR-10",
        ),
        (None, {"eps": "99"}, "epsilon `99`, which is not available here; 0.01 (2.6/255) "),
        (
            None,
            {"picture_cifar10": "cifar10-test-0"},
            "picture `cifar10-test-0`, which is not among the pictures on this computer; ",
        ),
        (
            None,
            {"target_cifar10": "unicorn"},
            "goal `unicorn`, which is not available here; any other",
        ),
        (
            None,
            {"attack": "pgd", "pgd.steps": "-1"},
            "steps (pgd) `-1`, which is not a whole number from 1",
        ),
        (
            None,
            {"any_eps": "True", "eps255": "65"},
            "epsilon in 255ths `65`, which is not a number from 0 to 64; 8.0 is used",
        ),
        (
            None,
            {"detector": "foo"},
            "detector `foo`, which is not available here; AD(2), BIM 2/255",
        ),
        (
            "compare_attacks",
            DIGITS | {"attacks": "fgsm,foo"},
            "attacks `foo`, which is not available",
        ),
        (
            "compare_defenses",
            DIGITS | {"attack": "foo"},
            "attack `foo`, which is not available here; PGD",
        ),
        ("compare_defenses", DIGITS | {"defenses": "median,foo"}, "defences `foo`, which is not"),
        (
            "compare_defenses",
            DIGITS | {"median.width": "4"},
            "width (median) `4`, which is not available",
        ),
        (
            "detectors",
            {"model": "digits-cnn", "detect": "foo"},
            "attack `foo`, which is not available",
        ),
        ("live_training", {"live_method": "foo"}, "method `foo`, which is not available here"),
        (
            "live_training",
            {"live_seed": "1e9"},
            "seed `1e9`, which is not a whole number from 0 to 999",
        ),
        (
            "live_training",
            {"live_shown": "foo"},
            "training `foo`, which is no longer kept; nothing",
        ),
        (
            "evaluate",
            DIGITS | {"evaluate_n": "7"},
            "how many `7`, which is not available here; 100 is used",
        ),
        (
            "evaluate",
            DIGITS | {"evaluate_attacks": "fgsm,foo", "evaluate_eps": "0.1"},
            "attacks `foo`, which is not available here; it is left out.",
        ),
        ("verify", {"verify_model": "foo"}, "network `foo`, which is not available here"),
        ("verify", {"verify_eps": "0.3"}, "eps `0.3`, which is not a number from 0 to 0.2"),
        (
            "first_principles",
            {"idea": "foo"},
            "idea `foo`, which is not available here; Being evil",
        ),
        (
            "first_principles",
            {"idea": "one-pixel", "model": "digits-cnn", "pixel_row": "8"},
            "row `8`, which is not available here; auto",
        ),
        ("robustness_report", {"report": "foo"}, "model `foo`, which is not available here"),
    ],
)
def test_what_is_not_to_be_had_is_replaced_and_said_at_the_top(page, query, sentence):
    shown = visit(page and f"pages/{page}.py", **query)
    (told,) = notes(shown)
    assert next(each.type for each in shown.main if each.type != "main") == "info"
    assert told.startswith(f"The link asked for {sentence}")
    assert told.endswith((" is used instead.", "it is left out."))


@pytest.mark.parametrize(
    ("page", "query"),
    [
        (None, {}),
        (None, {"model": "digits-cnn", "attack": "pgd", "eps": "0.15", "pgd.steps": "3"}),
        ("compare_attacks", DIGITS),
        ("compare_defenses", DIGITS),
        ("live_training", {"live_method": "pgd"}),
        ("robustness_report", {}),
    ],
)
def test_an_ordinary_visit_and_a_link_that_can_be_had_have_no_note(page, query):
    assert not notes(visit(page and f"pages/{page}.py", **query))


def test_the_note_goes_with_the_first_change_of_a_setting():
    page = visit(attack="foo", model="digits-cnn")
    assert len(notes(page)) == 1
    assert notes(page.run()), "nothing was changed"
    page.segmented_control(key="eps").set_value(0.1).run()
    assert not notes(page)


def test_the_menu_of_models_has_titles_and_the_size_of_each_download():
    page = visit(model="digits-cnn")
    options = page.selectbox(key="model").options
    assert "ResNet-32 — CIFAR-10, 32 px" in options
    assert "VGG-16 — ImageNet, 528 MB download" in options
    assert not set(options) & set(zoo.names())


def test_a_heading_in_the_menu_of_models_stands_for_the_first_one_below_it():
    page = visit(model="digits-cnn")
    menu = page.selectbox(key="model")
    menu.select_index(menu.options.index("CIFAR-10: 32 px, 10 classes, bundled")).run()
    assert page.selectbox(key="model").value == "cifar10-resnet32"
    assert not page.query_params.get("model")
