"""Verify: the line and the sandwich at once, programs when asked, presets, links, without a browser."""

from dataclasses import replace

import pytest

from robust_core import zoo
from robust_core.dashboard import lab, own_model_form
from robust_core.dashboard.verify import choice, doubled, running, shown, whole
from robust_core.experiment import verifiable
from robust_core.experiment.doubling import Doubling, Point
from tests.visiting import bodies, ran, text, visit


def headlines(page) -> list[str]:
    return [m.value for m in page.markdown if m.value.startswith("## ")]


def press(page, label: str):
    (button,) = (each for each in page.button if each.label == label)
    return ran(button.click().run())


def test_the_page_opens_with_what_pgd_misses_and_the_solver_finds():
    page = ran(visit("verify"))
    (line,) = bodies(page, "zones")
    for word in ("proved", "broken", "Optimised CROWN", "MILP’s counterexample", "DeepFool"):
        assert word in line
    told = "\n".join(headlines(page))
    assert "the gap is closed" in told
    assert "PGD finds nothing. The solver does: a picture that it calls" in told
    assert "Undecided at eps 0.15:" in told
    (pictures,) = bodies(page, "found")
    assert pictures.count("<img") == 4
    said = text(page)
    assert "Sent towards each class in turn, PGD finds one too" in said
    assert "proves nothing" in said
    assert "python -m robust_core verify sample:digits-test-30" in page.code[0].value
    assert "Reluplex" in said


def test_dear_programs_wait_for_their_buttons(monkeypatch):
    monkeypatch.setattr(shown, "QUICK", 0)
    lab.engine().forget()
    page = ran(visit("verify"))
    assert "MILP" not in bodies(page, "zones")[0]
    assert bodies(page, "found")[0].count("<img") == 2
    page = press(page, "Ask the solver")
    assert "The solver does" in "\n".join(headlines(page))
    page = press(page, "Close the gap with integer programs")
    assert "MILP’s counterexample" in bodies(page, "zones")[0]
    assert "the gap is closed" in headlines(page)[0]


def test_what_is_stopped_keeps_its_line(stopping):
    page = ran(visit("verify"))
    with stopping("Integer programs"):
        page = ran(page.run())
    page = ran(page.run())
    (line,) = bodies(page, "zones")
    assert "Optimised CROWN" in line
    assert "MILP’s" not in line
    assert "Stopped." in text(page)
    lab.engine().forget()


def test_a_preset_sets_network_picture_and_eps(monkeypatch):
    monkeypatch.setattr(shown, "QUICK", 0)
    page = ran(visit("verify", verify_eps="0.02", verify_model="digits-mlp"))
    page = press(page, "Undefended: broken early")
    assert page.query_params["verify_eps"] == "0.06"
    assert page.query_params["verify_model"] == "digits-mlp"
    assert page.query_params["picture_digits"] == "digits-test-5"
    page = press(page, "A solver finds what untargeted PGD misses")
    assert not {"verify_eps", "verify_model", "picture_digits"} & set(page.query_params)


def test_wrong_when_clean_is_said():
    page = ran(visit("verify", verify_model="digits-mlp-ibp", picture_digits="digits-test-12"))
    assert "Wrong when clean" in headlines(page)[0]


def test_the_set_names_its_networks_and_adds_up():
    page = ran(visit("verify"))
    said = text(page)
    assert said.count("right when clean") == len(whole.networks())
    assert "The first 4 test pictures" in said


def test_networks_come_from_the_zoo_and_open_on_a_picture_that_is_right():
    page = ran(visit("verify"))
    (network,) = (box for box in page.selectbox if box.label == "Network")
    assert network.value == choice.FIRST
    assert len(network.options) == len(verifiable.networks()) + 1  # and one of the visitor's own
    page = ran(network.set_value("digits-mlp-pgd-at").run())
    assert page.session_state["picture_digits"] == choice.PICTURE
    assert "Wrong when clean" not in headlines(page)[0]


def test_the_first_picture_that_is_right_is_computed(monkeypatch):
    """A network that gets the wanted picture wrong opens on another."""
    monkeypatch.setattr(verifiable, "first_right", lambda name, wanted: "digits-test-2")
    monkeypatch.setattr(shown, "QUICK", 0)
    page = ran(visit("verify"))
    assert page.session_state["picture_digits"] == "digits-test-2"


def test_programs_are_offered_only_where_they_can_help(monkeypatch):
    monkeypatch.setattr(shown, "QUICK", 0)
    with monkeypatch.context() as patch:
        patch.setattr("robust_core.experiment.verified.MOST_UNSTABLE", 3)
        lab.engine().forget()
        page = ran(visit("verify"))
        assert not any("Close the gap" in button.label for button in page.button)
        assert "Integer programs cannot help" in text(page)
    lab.engine().forget()
    page = ran(visit("verify"))
    assert any("Close the gap" in button.label for button in page.button)
    assert "5 s of programs each: up to 35 s" in text(page)


def test_what_doubling_costs_is_measured_when_asked(monkeypatch):
    monkeypatch.setattr("robust_core.experiment.doubling.COUNTS", (2, 4, 6, 8))
    page = ran(visit("verify"))
    assert "Doubling the work" in "\n".join(headlines(page))
    assert "undecided ReLUs at eps" not in text(page)
    page = press(page, "Measure it on this picture")
    assert "8 undecided ReLUs at eps" in text(page)
    monkeypatch.setattr(doubled, "MOST", 10)
    assert "too large to measure this" in text(ran(page.run()))


def test_what_was_seen_growing_is_drawn_once_at_its_end(monkeypatch):
    def at_once(subject, watch):
        found = Doubling("3", (Point(0.01, 2, 1, 0.1, True), Point(0.02, 4, 3, 0.2, True)))
        watch(replace(found, points=found.points[:1]))
        watch(found)
        return found

    monkeypatch.setattr(running, "doubled", at_once)
    monkeypatch.setattr(running, "wanted", lambda *given: True)
    assert "4 undecided ReLUs at eps" in text(ran(visit("verify")))


@pytest.fixture
def brought(monkeypatch, request):
    """The model that the visitor has brought, in place of the form; results are kept under its name."""
    name = f"mine-{request.node.name}"

    def bring(model):
        zoo.admit(zoo.Guest(name, model, "Your model: mine", ("--model", "mine.onnx")))
        monkeypatch.setattr(own_model_form, "choose", lambda instead: name)

    yield bring
    zoo.dismiss(name)


def test_a_model_of_the_visitor_is_verified(brought, monkeypatch):
    monkeypatch.setattr(shown, "QUICK", 0)
    brought(zoo.load("digits-mlp-pgd-at", "cpu"))
    page = ran(visit("verify", verify_model="own"))
    assert page.query_params["verify_model"] == "own"
    assert "Proved up to eps" in headlines(page)[0]
    assert "--model mine.onnx --eps 0.15" in page.code[0].value


def test_bounds_of_a_large_model_wait_for_a_button(brought, monkeypatch):
    monkeypatch.setattr(shown, "PATIENCE", 0.0)
    brought(zoo.load("digits-mlp", "cpu"))
    page = ran(visit("verify", verify_model="own"))
    assert "This network has 200 ReLUs. Bounds at one radius may take up to about" in text(page)
    assert not bodies(page, "zones")
    page = press(page, "Bound this network")
    assert bodies(page, "zones")


def test_a_model_that_does_not_compile_is_refused_by_its_layer(brought, monkeypatch):
    monkeypatch.setattr(shown, "QUICK", 0)
    brought(zoo.untrained("cifar10-resnet32-saturated"))
    page = visit("verify", verify_model="own")
    assert not page.exception
    (said,) = (error.value for error in page.error)
    assert "cannot be verified here" in said
    assert "(Tanh" in said
    assert "What follows is about another network" in said
    assert bodies(page, "zones")
