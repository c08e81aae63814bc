"""The part Turning: one click, and what is said follows from the lines that are drawn."""

from dataclasses import replace

import pytest
import torch
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.dashboard.physical import turning
from robust_core.dashboard.physical.turning_charts import curves, value_words
from robust_core.experiment.turning import SWEEPS, Line, Turned
from tests.dashboard.conftest import chosen
from tests.visiting import ran, text

CLASSES = ("zero", "one", "two")


def page(model, picture) -> None:
    from robust_core.dashboard.physical import turning

    turning.draw(model, picture, "crop")


def visit(model: str = "digits-cnn", sample: str = "digits-test-3", **state) -> AppTest:
    shown = (zoo.describe(model), chosen(sample))
    test = AppTest.from_function(page, default_timeout=60, args=shown)
    for key, value in state.items():
        test.session_state[key] = value
    return ran(test.run())


def line(attack: str, said: list[int]) -> Line:
    share = tuple(float(k == 1) for k in said)
    pixels = torch.zeros(len(said), 8, 8, 1, dtype=torch.uint8)
    return Line(attack, pixels, share, share, tuple(said), sum(share) / len(said), 0)


def turned(pgd: int, eot: int) -> Turned:
    n = 19
    made = [line(a, [1] * k + [0] * (n - k)) for a, k in (("clean", 0), ("pgd", pgd), ("eot", eot))]
    return Turned(0, 1, 0.1, 40, 16, tuple(made))


def test_one_click_leads_to_the_curves_and_from_then_on_they_follow():
    test = visit(turn_any_eps=True, turn_eps255=64.0)
    assert not test.get("plotly_chart")
    test = ran(test.button(key="start_turn").click().run())
    assert len(test.get("plotly_chart")) == 2
    said = text(test)
    assert "16 views, so it costs 16 passes: 640 gradients, where PGD took 40" in said
    test = ran(test.segmented_control(key="turn_draws").set_value(8).run())
    assert "320 gradients" in text(test)
    test = ran(test.selectbox(key="turn_target_digits").set_value("3").run())
    assert 'Confidence in "3"' in text(test)
    test = ran(test.segmented_control(key="turn_by").set_value("zoom").run())
    assert test.select_slider(key="turn_at_zoom").value == 1.4


def test_its_own_class_as_a_target_is_refused_in_a_sentence():
    test = visit(turn_target_digits="9")
    test = test.button(key="start_turn").click().run()
    assert not test.exception
    assert "another class than the picture's own, 9" in test.error[0].value


def test_the_headline_counts_the_views():
    assert turning.headline(turned(3, 12), CLASSES) == (
        "It says one in 12 of 19 views after EOT, in 3 after PGD, in 0 when clean."
    )
    assert "neither attack" in turning.headline(turned(0, 0), CLASSES)


@pytest.mark.parametrize("what", SWEEPS)
def test_a_line_for_each_picture_over_what_eot_drew_from(what):
    sweep = SWEEPS[what]
    found = turned(3, 12)
    found = replace(
        found, lines=tuple(replace(x, target=x.target[: len(sweep.at)]) for x in found.lines)
    )
    figure = curves(found, sweep, what, target=True, reach=sweep.reach, here=sweep.at[2])
    assert [trace.name for trace in figure.data] == ["clean", "PGD", "EOT"]
    assert len({(t.line.dash, t.marker.symbol) for t in figure.data}) == 3
    band, here = figure.layout.shapes
    assert (band.x0, band.x1, here.x0) == (*sweep.reach, sweep.at[2])


def test_values_have_units():
    assert value_words("rotation", -20.0) == "-20°"
    assert value_words("zoom", 1.3) == "1.3 times"
    assert [value_words("brightness", v) for v in (0.2, 0.0)] == ["+0.2", "0"]


def test_what_was_measured_is_there_for_models_that_were():
    said = text(visit("imagenette-resnet", "china"))
    assert "evaluate --suite physical --part rotation" not in said  # not before the picture's own
    shown = turning.measured("imagenette-resnet")
    assert "evaluate --suite physical --part rotation" in shown
    assert "EOT" in shown
    assert turning.measured("digits-cnn") == ""
