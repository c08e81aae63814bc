"""The part Through a photograph: the strip, the words of the verdict, the published figures beside ours."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.classifier import Guess
from robust_core.dashboard.physical import photograph_words as words
from robust_core.dashboard.physical import photographs
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.published import KURAKIN
from robust_core.experiment.photographed import Photographs, Print, Stage
from tests.dashboard.conftest import chosen
from tests.visiting import bodies, ran, text

RIGHT, WRONG, OTHER = (Guess(k, str(k), 0.9) for k in range(3))


def page(model, picture) -> None:
    from robust_core.dashboard.physical import photographs

    photographs.draw(model, picture, "crop")


def visit(model: str = "digits-cnn", sample: str = "digits-test-3") -> AppTest:
    shown = (zoo.describe(model), chosen(sample))
    return ran(AppTest.from_function(page, default_timeout=60, args=shown).run())


def found(clean: Guess, attacked: Guess, right: int = 3) -> Photographs:
    prints = (Print("clean", 0, None, clean, 10), Print("fgsm", 1, None, attacked, right))
    return Photographs(0, 8 / 255, prints, [None] * 12)


def told(clean: Guess, attacked: Guess, last: Guess) -> str:
    made = found(clean, attacked)
    return words.outcome(made, made.prints[1], Stage("jpeg", None, last))


def test_one_click_shows_four_rows_of_stages_and_the_camera_can_be_switched_off():
    test = visit("imagenette-resnet", "china")
    assert not bodies(test, "seen")
    test = ran(test.button(key="start_photo").click().run())
    rows = bodies(test, "seen")
    assert [row.count("<figure") for row in rows] == [6] * 4
    assert "+ perspective" in rows[0]
    assert "photographs, this many destroy the attack: FGSM" in text(test)
    one = rows[-1]
    test = ran(test.slider(key="photo_number").set_value(2).run())
    assert bodies(test, "seen")[-1] != one
    test = ran(test.slider(key="photo_strength").set_value(0).run())
    assert [row.count("<figure") for row in bodies(test, "seen")] == [1] * 4
    assert "FGSM 0, BIM 0, Least likely 0" in text(test)


def test_the_verdict_of_one_photograph():
    assert told(RIGHT, WRONG, RIGHT) == "destroyed here; 3 of 12 photographs destroy it"
    assert told(RIGHT, WRONG, WRONG).startswith("survives here")
    assert told(RIGHT, WRONG, OTHER).startswith("survives as another class here")
    assert told(RIGHT, RIGHT, WRONG) == "does not count: the model is not fooled"
    assert told(WRONG, WRONG, RIGHT) == "does not count: it is wrong when clean"
    clean = found(RIGHT, WRONG)
    seen = words.outcome(clean, clean.prints[0], Stage("jpeg", None, WRONG))
    assert seen == "wrong without any attack; right in 10 of 12 photographs"


def test_the_headline_says_where_nothing_counts():
    assert words.headline(found(RIGHT, WRONG)) == (
        "Of 12 photographs, this many destroy the attack: FGSM 3."
    )
    assert "none fools the model" in words.headline(found(RIGHT, RIGHT))
    assert "wrong on the clean picture" in words.headline(found(WRONG, WRONG))


def test_ours_stand_beside_the_published_ones():
    report = results.report()
    for model in report.models("destruction"):
        rows = words.rows(report, model)
        assert [row["Published"] for row in rows] == [f"{p.destruction:g} %" for p in KURAKIN]
        assert {"Blur", "Light", "Noise", "JPEG", "Photo", "Counted"} < rows[0].keys()
        bars = words.bars(report, model)
        assert [b for _, _, b in bars] == [p.destruction / 100 for p in KURAKIN]
        figure = photographs.chart(bars)
        assert [bar.name for bar in figure.data] == ["ours, simulated", "published, printed"]
        assert "evaluate --suite physical --part destruction" in photographs.conditions(
            report, model
        )


def test_the_lesson_holds_in_every_column():
    """FGSM survives best, what aims at the least likely class worst."""
    report = results.report()
    for model in report.models("destruction"):
        ours, theirs = zip(*(rates for _, *rates in words.bars(report, model)), strict=True)
        for rates in (ours, theirs):
            for first in (0, 1):  # of each eps
                assert list(rates[first::2]) == sorted(rates[first::2])


@pytest.mark.parametrize("lacking", [True, False])
def test_figures_of_another_model_are_shown_under_its_name(monkeypatch, lacking):
    if lacking:
        monkeypatch.setattr(results, "report", lambda: results.Report("Make it."))
    said = text(visit())
    assert ("Make it." in said) == lacking
    assert ("Ours: cifar10-resnet32" in said) != lacking
