"""The page Detectors with a reconstruction detector: what it says of itself, deflected attacks."""

import json
import re
from functools import partial

import pytest
import torch
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.dashboard.detectors import deflected
from robust_core.dashboard.detectors.deflected_markup import table
from robust_core.data import digits
from robust_core.experiment import deflection
from robust_core.experiment.deflection import BOTH, Deflection, deflect
from tests import visiting
from tests.visiting import bodies, ran, text

NEAREST = partial(deflection.nearest_class, digits.RECORD)
NAME = "digits-cnn-reconstruction"
CLASSES = tuple("0123456789")


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, nothing_kept):
    """Quick attacks, nothing in the cache."""
    monkeypatch.setattr(deflection, "RESTARTS", 1)
    monkeypatch.setattr(deflection, "STEPS", 10)


@pytest.fixture(scope="module")
def found() -> Deflection:
    detector = zoo.load_detector(NAME, "cpu")
    images, labels = deflection.pictures_of(digits.RECORD, 60)
    return deflect(detector, images, labels, target=3, eps=0.5, resembles=NEAREST)


def visit(**query: str) -> AppTest:
    return ran(visiting.visit("pages/detectors.py", **query))


def test_digits_have_a_detector_that_reads_no_attachment_point():
    page = visit(model="digits-cnn", digits_eps255="38.25")
    assert "its reconstruction under the predicted class" in text(page)
    assert "point" not in page.session_state
    assert not bodies(page, "chain")
    (panel,) = bodies(page, "panel")
    assert ">Reconstruction<" in panel
    assert "Marked" not in text(page)
    assert "No detectors are bundled" not in text(page)
    assert page.selectbox(key="duel").value == NAME
    assert not bodies(page, "deflected"), "only on demand"


def test_the_gallery_is_computed_on_demand_and_follows_its_settings():
    page = visit(model="digits-cnn", deflect_target="7", deflect_eps="0.7")
    page.button(key="deflect").click()
    ran(page.run())
    (gallery,) = bodies(page, "deflected")
    assert gallery.count("<img") == 27
    detector = zoo.load_detector(NAME, "cpu")
    images, labels = deflection.pictures_of(digits.RECORD)
    expected = deflect(detector, images, labels, target=7, eps=0.7, resembles=NEAREST)
    assert gallery.endswith(table(expected, CLASSES))
    assert deflected.sentence(expected, CLASSES) in text(page)
    assert "eps 0.7 (178.5/255)" in text(page)
    ran(page.selectbox(key="deflect_target").set_value("1").run())
    assert bodies(page, "deflected") != [gallery]
    assert page.query_params["deflect_target"] == "1"


def test_a_model_without_one_gets_the_bundled_one_of_another():
    of_cifar10 = "cifar10-resnet32-reconstruction"
    assert deflected.detectors_for("digits-cnn") == [NAME, of_cifar10]
    assert deflected.detectors_for("cifar10-resnet32") == [of_cifar10, NAME]
    assert set(deflected.detectors_for("imagenette-resnet")) == {NAME, of_cifar10}
    page = visit(model="digits-cnn", deflect_eps="9", deflect_target="cat")
    assert "On digits-cnn. Takes some seconds." in text(page)
    assert page.selectbox(key="deflect_target").value == "0"
    assert "deflect_target" not in page.query_params


def test_without_its_pictures_a_data_set_is_named_and_digits_take_its_place(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    page = visit(model="cifar10-resnet32", deflect_target="cat")
    assert "test pictures of CIFAR-10. No CIFAR-10 in" in text(page)
    assert f"Until then, this is **{NAME}**." in text(page)
    assert "On digits-cnn. Takes some seconds." in text(page)
    assert page.selectbox(key="deflect_target").options == list(CLASSES)


def test_without_any_it_says_how_to_make_one(weights_folder):
    page = visit()
    assert "train reconstruction --install" in text(page)
    assert "deflect_target" not in page.session_state


def test_the_table_says_what_was_found(found):
    body = table(found, CLASSES)
    assert re.findall(r"alt='clean (\d)'", body) == [str(i) for i in found.labels]
    assert body.count(f"<b>{BOTH}</b>") == found.outcomes.count(BOTH)
    for error in found.errors.tolist():
        assert f"</span>{error:.3f}<" in body
    widths = [float(w) for w in re.findall(r"width:([\d.]+)%", body)]
    expected = (50 * found.errors / found.error_threshold).clamp_max(100)
    torch.testing.assert_close(torch.tensor(widths), expected, atol=0.06, rtol=0)


def test_the_histogram_has_all_errors_and_the_threshold(found):
    figure = deflected.error_histogram(found)
    for bars, errors in zip(figure.data, (found.own, found.wrong, found.plain), strict=True):
        assert list(bars.x) == errors.tolist()
        assert bars.xbins.end >= max(bars.x, default=0)
        assert f"n: {len(errors)}" in bars.hovertemplate
    assert len({(bars.marker.color, bars.marker.pattern.shape) for bars in figure.data}) == 3
    (line,) = json.loads(figure.to_json())["layout"]["shapes"]
    assert line["x0"] == line["x1"] == found.error_threshold


def test_the_sentence_counts(found):
    said = deflected.sentence(found, CLASSES)
    assert said.startswith(f"{found.outcomes.count(BOTH)} of 9 attacks pass both tests.")
    assert f"{found.deflected} of these" in said
    assert 'a "3".' in said
