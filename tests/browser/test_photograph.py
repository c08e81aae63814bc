"""A session with a photograph: 128 x 128 pixels from its upload to the download, on three pages."""

import io
import json
import re
import zipfile
from functools import cache

import numpy as np
from PIL import Image

from robust_core import attacks, zoo
from robust_core.dashboard.attack.depth import TABS
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.data import samples
from robust_core.data.uploads import decode_upload
from robust_core.experiment.perform import perform
from robust_core.words.models import title
from tests.browser.conftest import RESULT, go
from tests.live import fitted, native

MODEL = zoo.describe("imagenette-resnet")
SIDE = MODEL.input_size[0]
PICTURES = f"[class*=st-key-pictures_{SIDE}] img"
SAID = "a model for photographs looks at it"
EPS = EPS_CHOICES[0]
STRIP = ("jpeg", "median", "pgd-at")
"""Those of the defences that the page starts with which are quick."""
WHOLE = """() => {
  const all = [...document.querySelectorAll(".defended span:has(em)")];
  return all.length && all.every((e) => e.scrollWidth <= e.clientWidth);
}"""
DESK = {"width": 1280, "height": 720}


@cache
def photograph() -> bytes:
    """A temple, 640 x 427, as a camera saves it."""
    file = io.BytesIO()
    Image.fromarray(samples.load("china").picture.pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def core(attack: str, eps: float):
    """What the core gives alone."""
    pixels = fitted(decode_upload(photograph()).pixels, MODEL)
    return perform(zoo.load(MODEL.name, "cpu"), pixels, attacks.create(attack, eps=eps))


def assert_on_the_first_screen(*elements) -> None:
    for element in elements:
        box = element.bounding_box()
        assert min(box["x"], box["y"]) >= 0
        assert box["x"] + box["width"] <= DESK["width"]
        assert box["y"] + box["height"] <= DESK["height"]


def bring_it(lab) -> None:
    """A photograph gets the model for photographs by itself, and all that counts is in sight."""
    lab.upload("temple.jpg", photograph())
    lab.page.get_by_text(SAID).wait_for()
    lab.page.locator(PICTURES).first.wait_for()
    lab.wait_for_pictures()
    lab.wait_for_rest()
    model = lab.page.get_by_role("combobox", name="Model", exact=True)
    assert title(MODEL.name) in model.input_value()
    assert_on_the_first_screen(*lab.page.locator(PICTURES).all(), lab.page.locator(RESULT))
    assert_on_the_first_screen(*(lab.chip(f"{eps:g}") for eps in EPS_CHOICES))


def press_each_chip(lab) -> None:
    seen = []
    for eps in (*EPS_CHOICES[1:], EPS):
        lab.choose_eps(f"{eps:g}")
        lab.assert_shows(core("fgsm", eps))
        seen.append((*lab.sources, lab.sentence))
    clean, change, adversarial, said = map(set, zip(*seen, strict=True))
    assert (len(clean), len(change), len(adversarial), len(said)) == (1, 5, 5, 5)


def follow_the_strip(lab) -> None:
    """It fills to its end, and leads to Compare defences; what nobody chose is each page's own."""
    n = len(STRIP)
    told = lab.page.get_by_text(re.compile(rf"of {n} defences recovers? it; \d of {n} once the"))
    told.filter(has_not_text="so far").wait_for()
    assert_on_the_first_screen(told)
    lab.page.wait_for_function(WHOLE)  # no confidence is cut off
    lab.assert_whole_multiples(SIDE)
    lab.wait_for_rest()  # else the strip may be made again under the mouse
    strip = lab.page.locator(".defended")
    strip.scroll_into_view_if_needed()  # waits until it has stopped moving
    cell = strip.bounding_box()
    lab.page.mouse.click(cell["x"] + 80, cell["y"] + 30)  # the whole strip is the link
    lab.page.wait_for_url("**/compare_defences?**")
    lab.page.get_by_text(re.compile(rf"^Of {n} defences")).wait_for()
    lab.page.wait_for_function("location.search.includes('attack=fgsm')")  # not a default here
    lab.page.get_by_text(f"FGSM, eps {EPS}").first.wait_for()
    go(lab.page, "Attack")
    lab.page.get_by_text(f"{MODEL.name}, FGSM, eps {EPS}").first.wait_for()


def open_bim_from_compare_attacks(lab) -> None:
    go(lab.page, "Compare attacks")
    row = lab.page.locator(".st-key-row_bim")
    row.wait_for()
    expected = core("bim", EPS)
    shown = row.locator("img").first.evaluate("i => i.src")
    kept = native(shown, SIDE) == expected.pixels()[1].numpy()
    assert kept.all(), "not the uploaded picture"
    row.get_by_role("button", name="Open").click()
    lab.page.get_by_text(f"{MODEL.name}, BIM, eps {EPS}").wait_for()
    lab.wait_for_pictures()
    lab.assert_shows(expected)


def walk_through_the_tabs(lab) -> None:
    shown = {
        "Swipe": lab.page.get_by_role("slider", name="Swipe between clean and adversarial"),
        "Steps": lab.page.get_by_text("Step 10:"),
        "Equation": lab.page.locator(".katex").first,
        "Loss surface": lab.page.get_by_text("At the corner the plane promises"),
        "Why": lab.page.get_by_text("moves the last layer by").first,
        "Classics": lab.page.get_by_text("eps 0.7 = 89.3/255"),
        "Threat model": lab.page.get_by_text("white-box"),
        "Trust": lab.page.get_by_role("tabpanel").get_by_role("button").first,
        "Reproduce": lab.page.get_by_text("python -m robust_core attack").first,
    }
    assert list(shown) == list(TABS[1:])
    for tab, content in shown.items():
        lab.tab(tab)
        content.wait_for()
        if tab == "Steps":
            to_the_first_step(lab)


def to_the_first_step(lab) -> None:
    slider = lab.page.get_by_test_id("stSlider").locator("input[type=range]")

    def there() -> bool:  # a key that is pressed while the page around it is drawn may be lost
        slider.press("Home")
        return lab.page.get_by_text("Step 0:").is_visible()

    lab.until(there, "the first step")
    iterate = lab.page.locator(f"[class*=st-key-iterate_{SIDE}] img")
    assert iterate.evaluate("i => i.width") % SIDE == 0


def download_what_is_shown(lab) -> None:
    lab.wait_for_rest()
    with lab.page.expect_download() as waiting:
        lab.page.get_by_role("button", name="Download everything (ZIP)").click()
    assert waiting.value.suggested_filename == f"bim-{MODEL.name}.zip"
    with zipfile.ZipFile(waiting.value.path()) as bundle:
        assert bundle.testzip() is None
        names = ("clean.png", "perturbation.png", "adversarial.png")
        files = [np.asarray(Image.open(io.BytesIO(bundle.read(name)))) for name in names]
        delta = np.load(io.BytesIO(bundle.read("delta.npy")), allow_pickle=False)
        described = json.loads(bundle.read("experiment.json"))
    for saved, seen in zip(files, lab.pictures(SIDE), strict=True):
        assert (saved == seen).all()
    assert delta.shape == (3, SIDE, SIDE)
    assert np.abs(delta).max() <= EPS + 1e-6
    assert described["command"] in lab.page.locator("code").all_inner_texts()[0]
    assert described["success"] == ("Fooled" in lab.badge)


def test_a_session_with_a_photograph(visit):
    lab = visit(f"?source=upload&strip={','.join(STRIP)}", **DESK)
    bring_it(lab)
    press_each_chip(lab)
    follow_the_strip(lab)
    open_bim_from_compare_attacks(lab)
    walk_through_the_tabs(lab)
    download_what_is_shown(lab)
    lab.page.get_by_role("button", name="Back to ResNet-32").click()
    lab.page.locator("[class*=st-key-pictures_32] img").first.wait_for()
    lab.page.get_by_text(SAID).wait_for(state="detached")
