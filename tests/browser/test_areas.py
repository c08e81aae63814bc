"""Where an attack may change the picture: drawn with the mouse, typed, and kept in the link."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import torch

from robust_core import attacks, zoo
from robust_core.areas import Area
from robust_core.data import samples
from robust_core.experiment.perform import perform
from tests.live import fitted

OWN = "in rectangles of your own"


def area(lab) -> str:
    return parse_qs(urlsplit(lab.page.url).query).get("area", [""])[0]


def open_painter(lab):
    """The canvas for the mouse, once the page is at rest around it."""
    lab.page.get_by_role("combobox", name="It may change the picture").click()
    lab.page.get_by_role("option", name=OWN).click()
    canvas = lab.page.locator("[class*=st-key-area_painter] canvas").last
    canvas.wait_for()
    lab.wait_for_rest()
    canvas.scroll_into_view_if_needed()
    return canvas


def drag(lab, canvas, *shares: float) -> None:
    """From one corner to the other, in shares of the canvas."""
    box = canvas.bounding_box()
    x0, y0, x1, y1 = shares
    mouse = lab.page.mouse
    mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
    mouse.down()
    mouse.move(box["x"] + x1 * box["width"], box["y"] + y1 * box["height"], steps=4)
    mouse.up()


def result(model: str, sample: str, words: str):
    pixels = fitted(samples.load(sample).picture.pixels, zoo.describe(model))
    mask = torch.from_numpy(Area.read(words).mask(*pixels.shape[:2]))[None, None]
    return perform(zoo.load(model, "cpu"), pixels, attacks.create("fgsm", eps=0.1), mask=mask)


@pytest.mark.parametrize(
    ("model", "sample"), [("cifar10-resnet32", "chelsea"), ("imagenette-resnet", "china")]
)
def test_an_area_is_drawn_typed_and_linked(visit, model, sample):
    lab = visit(f"?model={model}&eps=0.1&area=centre&strip=jpeg")
    lab.assert_shows(result(model, sample, "centre"))
    canvas = open_painter(lab)
    lab.until_changed(lambda: drag(lab, canvas, 0, 0, 0.25, 0.5))
    lab.until(lambda: area(lab) == "25%,25%,50%,50%;0%,0%,25%,50%", "the rectangle in the link")
    lab.assert_shows(result(model, sample, area(lab)))
    lab.until_changed(lambda: type_width(lab, 1))
    side = zoo.describe(model).input_size[0]
    lab.until(lambda: area(lab).endswith(f";0%,0%,{round(100 / side, 2):g}%,50%"), "the width")
    expected = result(model, sample, area(lab))
    assert int(expected.mask.sum()) == side * side // 4 + side // 2
    lab.assert_shows(expected)
    change = lab.pictures(side)[1]
    outside = ~expected.mask[0, 0].numpy()
    assert (change[outside] == change[-1, -1]).all(), "changed outside"
    assert len(np.unique(change[~outside])) > 1
    told = lab.page.get_by_text(re.compile(r"[\d,]+ of [\d,]+ pixels may change\."))
    assert told.count() == 1
    again = visit(urlsplit(lab.page.url).query and f"?{urlsplit(lab.page.url).query}")
    again.assert_shows(expected)


def type_width(lab, pixels: int) -> None:
    lab.wait_for_rest()
    field = lab.page.get_by_role("spinbutton", name="Width")
    field.fill(str(pixels))
    field.press("Enter")
