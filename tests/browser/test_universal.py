"""The sticker on the page: dragged, moved with keys, scaled; the probabilities follow."""

import re

from robust_core import zoo
from robust_core.dashboard.components.sticker import Place
from robust_core.dashboard.universal.sticking import work
from robust_core.data import samples
from robust_core.words.numbers import percent
from tests.browser.conftest import AT_REST
from tests.live import fitted

MODEL = "imagenette-resnet"


class Quiet:
    def __call__(self, *step):
        pass

    def notice(self, sentence):
        pass


def told(page) -> dict[str, str]:
    """The classes beside the bars, and their probabilities in words."""
    words = page.locator(".bars > span").all_inner_texts()
    return dict(zip(words[::2], words[1::2], strict=True))


def expected(place: Place) -> dict[str, str]:
    (name,) = zoo.universals(MODEL, "patch")
    model = zoo.describe(MODEL)
    pixels = fitted(samples.load("china").picture.pixels, model)
    shares = work(zoo.load_universal(name), MODEL, pixels, place, Quiet())
    return dict(zip(model.class_names, map(percent, shares), strict=True))


def wait_until_told(page, place: Place) -> None:
    wanted = expected(place)
    for _ in range(150):
        found = told(page)
        if found and all(wanted[name] == words for name, words in found.items()):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{told(page)} instead of {wanted}")


def test_the_probabilities_follow_the_sticker(opening):
    page = opening(f"universal?model={MODEL}&shared=patch", ".bars b", 1280, 900)
    page.wait_for_function(AT_REST)
    (name,) = zoo.universals(MODEL, "patch")
    area = zoo.load_universal(name).scale
    wait_until_told(page, Place(area=area))
    patch = page.get_by_role("img", name=re.compile("The sticker: drag it"))
    for _ in range(3):
        patch.press("ArrowRight")
    wait_until_told(page, Place(column=0.5 + 3 * 0.03, area=area))
    page.get_by_role("slider", name="Turn of the sticker in degrees").fill("90")
    wait_until_told(page, Place(column=0.5 + 3 * 0.03, area=area, angle=90))
    page.get_by_role("slider", name="Size of the sticker in percent of the area").fill("1")
    wait_until_told(page, Place(column=0.5 + 3 * 0.03, area=0.01, angle=90))
    box = patch.bounding_box()
    frame = page.locator(".frame").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(frame["x"] + 20, frame["y"] + 20, steps=5)
    page.mouse.up()
    moved = patch.bounding_box()
    assert moved["x"] + moved["width"] / 2 < frame["x"] + 30
    assert moved["y"] + moved["height"] / 2 < frame["y"] + 30
