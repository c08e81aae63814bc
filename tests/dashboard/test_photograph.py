"""A visitor's own photograph changes the model to one for photographs, unless the model was chosen."""

import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from robust_core import zoo
from robust_core.dashboard import photograph
from robust_core.dashboard.picture_input import STARTED
from tests.visiting import ran, text, visit

SMALL_MODEL, PHOTO_MODEL = "cifar10-resnet32", "imagenette-resnet"
SAID = "More than 64 pixels a side"


def upload(page: AppTest, height: int, width: int) -> AppTest:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    page.file_uploader(key=f"upload_{STARTED}").upload("a.png", buffer.getvalue(), "image/png")
    return ran(page.run())


def model(page: AppTest) -> str:
    return page.selectbox(key="model").value


def test_a_photograph_gets_a_model_for_photographs_and_one_click_undoes_it():
    page = upload(visit(source="upload"), 65, 90)
    assert model(page) == PHOTO_MODEL
    assert SAID in text(page)
    assert page.query_params["model"] == PHOTO_MODEL
    (back,) = (button for button in page.button if button.label == "Back to ResNet-32 — CIFAR-10")
    back.click()
    assert model(ran(page.run())) == SMALL_MODEL
    assert SAID not in text(page)
    assert model(upload(page, 70, 80)) == SMALL_MODEL, "the visitor has chosen"


@pytest.mark.parametrize(
    ("link", "size"),
    [({"model": SMALL_MODEL}, (100, 100)), ({}, (64, 200)), ({"model": "digits-cnn"}, (100, 100))],
)
def test_a_link_and_a_small_picture_leave_the_model_as_it_is(link, size):
    page = upload(visit(source="upload", **link), *size)
    assert model(page) == link.get("model", SMALL_MODEL)
    assert SAID not in text(page)


def test_a_page_that_needs_a_detector_takes_no_model_without_one(monkeypatch):
    assert photograph.better_model(detected=False) == PHOTO_MODEL
    monkeypatch.setattr(zoo, "default_detector", lambda model: None)
    assert photograph.better_model(detected=True) is None


def test_the_choice_in_the_menu_wins():
    page = visit(source="upload")
    page.selectbox(key="model").set_value("digits-cnn").run()
    page.selectbox(key="model").set_value(SMALL_MODEL).run()
    assert model(upload(page, 100, 100)) == SMALL_MODEL


def test_a_sample_never_changes_the_model():
    page = visit()
    page.selectbox(key="picture_cifar10").set_value("coffee").run()
    assert model(ran(page)) == SMALL_MODEL
    assert SAID not in text(page)
