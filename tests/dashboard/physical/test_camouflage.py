"""The part Camouflage: one click, what it says of the style alone, and the weights."""

import torch
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.attacks.physical.camouflage import Camouflage
from robust_core.classifier import Guess
from robust_core.dashboard import lab
from robust_core.dashboard.physical import camouflage_words as words
from robust_core.dashboard.physical.camouflage import work
from robust_core.dashboard.subject import Subject
from robust_core.data import samples
from robust_core.experiment.camouflaged import Worn
from tests.dashboard.conftest import chosen
from tests.visiting import bodies, ran, text

CLASSES = ("cat", "dog", "ship")
CAT, DOG, SHIP = (Guess(k, name, 0.9) for k, name in enumerate(CLASSES))


class Reporting:
    """Of work that nobody waits for."""

    def __call__(self, *step):
        pass

    def show(self, so_far):
        pass

    def notice(self, sentence):
        raise AssertionError(sentence)


def page(model, picture) -> None:
    from robust_core.dashboard.physical import camouflage

    camouflage.draw(model, picture, "crop")


def visit(**state) -> AppTest:
    shown = (zoo.describe("digits-cnn"), chosen("digits-test-3"))
    test = AppTest.from_function(page, default_timeout=60, args=shown)
    for key, value in ({"camouflage_steps": 50} | state).items():
        test.session_state[key] = value
    return ran(test.run())


def worn(after: Guess, by_style: Guess, *, before: Guess = CAT, target: int | None = None) -> Worn:
    success = after.index != 0 if target is None else after.index == target
    pixels = torch.zeros(8, 8, 1, dtype=torch.uint8)
    terms = {"style": (1.0, 0.1), "content": (0.0, 0.2), "smooth": (0.1, 0.1), "attack": (0.0, 0.0)}
    return Worn(0, target, pixels, pixels, pixels, before, after, by_style, success, terms, 0.5)


def test_one_click_shows_the_picture_the_style_and_both_results():
    test = visit()
    assert not bodies(test, "seen")
    test = ran(test.button(key="start_camouflage").click().run())
    (row,) = bodies(test, "seen")
    for head in ("Picture", "Style", "Style alone", "Camouflage"):
        assert f"<b>{head}</b>" in row
    assert len(test.get("plotly_chart")) == 1
    assert "50 steps of Adam on digits-cnn" in text(test)
    assert "rougher than the paper" in text(test)
    test = ran(test.select_slider(key="camouflage_attack").set_value(0.0).run())
    (other,) = bodies(test, "seen")
    alone, worn_ = (part.split("</figure>")[0] for part in other.split("<figure")[3:])
    assert alone.split("base64,")[1].split('"')[0] == worn_.split("base64,")[1].split('"')[0]


def test_it_can_be_stopped_and_is_offered_again(monkeypatch):
    monkeypatch.setattr(lab, "_wait", lambda ticket, slot, what, *rest: lab._stop(*what))
    test = visit(camouflage_content=3.0)
    test = ran(test.button(key="start_camouflage").click().run())
    test = ran(test.run())
    assert "Run it again" in [button.label for button in test.button]


def test_a_picture_is_not_its_own_style():
    options = visit().selectbox(key="style_digits").options
    assert len(options) == 9
    assert not any("9" in option for option in options)


def test_the_headline_says_what_the_style_does_alone():
    def said(*answers, **given) -> str:
        return words.headline(worn(*answers, **given), CLASSES)

    assert said(DOG, CAT) == "With the style, cat becomes dog; by the style alone it stays cat."
    assert said(DOG, DOG).endswith("the style alone does that, without any attack.")
    assert said(DOG, SHIP).endswith("the style alone makes it ship.")
    assert said(CAT, CAT) == "It does not reach its aim: the model says cat."
    assert said(SHIP, CAT, target=1) == "It does not reach its aim dog: the model says ship."
    assert "wrong before anything is changed" in said(DOG, CAT, before=SHIP)


def test_a_term_without_weight_is_not_drawn():
    figure = words.term_curves(worn(DOG, CAT))
    assert [line.name for line in figure.data] == ["style", "content", "smooth"]
    assert figure.data[1].y == (words.LEAST, 0.2)
    assert figure.data[1].customdata == (0.0, 0.2)
    assert len({line.line.dash for line in figure.data}) == 3


def test_the_chosen_area_is_all_that_changes():
    subject = Subject(zoo.describe("digits-cnn"), chosen("digits-test-3"), "crop")
    style = samples.load("digits-test-0")
    found = work(subject, style, Camouflage(steps=5), None, "border", Reporting())
    middle = (slice(1, 7), slice(1, 7))
    for pixels in (found.worn, found.alone):
        assert pixels[middle].equal(found.clean[middle])
        assert not pixels.equal(found.clean)
