"""Natural robustness without a browser: a picture, a text, a signal."""

import pytest

from robust_core.dashboard.natural_robustness import picture, record, signal, text
from robust_core.evaluation.natural import results
from robust_core.natural import bundle
from robust_core.natural.changes import CHANGES
from tests.visiting import bodies, ran, visit
from tests.visiting import text as written

DIGITS = {"model": "digits-cnn"}


def test_a_picture_is_swept_and_the_first_flip_named():
    page = ran(visit("natural_robustness", change="rotation", **DIGITS))
    assert "stable to small variations" in written(page)
    (strip,) = bodies(page, "seen")
    assert strip.count("<figure") == 6
    headline = next(m.value for m in page.markdown if m.value.startswith("## "))
    assert "From " in headline or "at every strength, up to rotation 30°" in headline
    assert "450 test pictures" in written(page)
    before = strip
    ran(page.segmented_control(key="change").set_value("fog").run())
    assert bodies(page, "seen")[0] != before
    assert page.query_params["change"] == "fog"


@pytest.mark.parametrize("change", ["curvature", "jpeg"])
def test_a_link_opens_a_change(change):
    page = ran(visit("natural_robustness", change=change, **DIGITS))
    assert page.session_state["change"] == change
    assert CHANGES.get(change).at(CHANGES.get(change).strengths[0]).split()[0] in written(page)


def test_without_figures_it_says_how_to_make_them(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FILE", tmp_path / "natural.json")
    said = written(ran(visit("natural_robustness", **DIGITS)))
    assert "python -m robust_core evaluate --suite natural" in said


def test_a_text_is_misspelt_and_edited():
    page = ran(visit("natural_robustness", vary="text"))
    said = written(page)
    assert "turn Positive into Negative" in said
    entry = bundle.entry_of(bundle.REPORTS)
    assert f"right on {entry['right']:,} of {entry['n_held_out']:,}" in said
    misspelt, original, theirs = bodies(page, "report")
    assert "<b>" in misspelt
    assert record.ORIGINAL in original
    assert "<b>calcifcaton</b>" in theirs
    ran(page.slider(key="misspelt_words").set_value(0).run())
    assert "Positive, nothing misspelt." in written(page)
    area = page.text_area(key="report_text_A mass")
    ran(area.set_value("There is <b>a simple cyst</b> behind the nipple.").run())
    assert "Negative, nothing misspelt." in written(page)
    assert "&lt;b&gt;a simple" in bodies(page, "report")[0], "what a visitor writes is no HTML"
    ran(page.text_area(key="report_text_A mass").set_value("").run())
    assert ran(page)


def test_a_text_survives_another_part_and_another_report():
    page = ran(visit("natural_robustness", vary="text"))
    ran(page.text_area(key="report_text_A mass").set_value("A small mass.").run())
    ran(page.selectbox(key="report").set_value("The deck's record").run())
    assert page.text_area(key="report_text_The deck's record").value == record.ORIGINAL
    ran(page.segmented_control(key="vary").set_value("signal").run())
    ran(page.segmented_control(key="vary").set_value("text").run())
    ran(page.selectbox(key="report").set_value("A mass").run())
    assert page.text_area(key="report_text_A mass").value == "A small mass."


def test_a_signal_is_attacked():
    page = ran(visit("natural_robustness", vary="signal"))
    said = written(page)
    assert f"Of {signal.COUNT} held-out beats at eps 0.03" in said
    assert "simulated" in said
    assert len(page.get("plotly_chart")) == 2
    ran(page.segmented_control(key="signal_eps").set_value(0.1).run())
    assert "at eps 0.1: right after FGSM 0.0 %" in written(page)
    assert page.query_params["signal_eps"] == "0.1"


def test_every_example_report_flips_within_the_most_words():
    from robust_core.experiment.misspelt import misspell

    for name, report in text.REPORTS.items():
        if report != record.ORIGINAL:
            assert misspell(bundle.reader(), report, text.MOST).flipped, name


def test_the_deck_has_two_misspelt_words():
    pairs = zip(record.ORIGINAL.split(), record.misspelt().split(), strict=True)
    assert [b for a, b in pairs if a != b] == ["tisue", "calcifcaton"]
    assert "a text" in picture.THREE
