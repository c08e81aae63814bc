"""Compare attacks in a browser: exact pictures, rows that fill, filters, a phone, and both pages."""

import io
import re
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from robust_core import attacks, imaging, zoo
from robust_core.dashboard.compare_attacks.depth import TABS
from robust_core.dashboard.compare_attacks.selection import QUICK
from robust_core.data import samples
from robust_core.experiment.perform import perform
from tests.browser.conftest import go
from tests.live import PHONE, assert_fits, fitted, native

playwright = pytest.importorskip("playwright.sync_api")

ROWS = "[class*=st-key-row_]"
PAGE = "compare_attacks"


def rows(lab) -> list[str]:
    """The attacks of the finished rows, from top to bottom."""
    names = "all => all.map((e) => e.className.match(/st-key-row_([\\w-]+)/)[1])"
    return lab.page.eval_on_selector_all(ROWS, names)


def wait_for_rows(lab, *names: str) -> None:
    lab.until(lambda: rows(lab) == list(names), f"rows {names}")


def choose(lab, control: str, option: str) -> None:
    """Pick from a select box in view; while the page around it moves, its popup may not open, or close."""
    box = lab.page.get_by_role("combobox", name=control)
    wanted = lab.page.get_by_role("option", name=option, exact=True)

    def chosen() -> bool:
        with suppress(playwright.TimeoutError):
            if box.get_attribute("aria-expanded") != "true":
                box.click(timeout=3000)
            wanted.click(timeout=3000)
            return True
        return False

    lab.until(chosen, f"{option} of {control}")


def test_a_first_visit_fills_the_rows_with_exact_pictures(visit):
    lab = visit(PAGE)
    wait_for_rows(lab, *(name for name in attacks.local_names() if name in QUICK))
    lab.page.get_by_text(re.compile(rf"\d of {len(QUICK)} attacks reached the goal")).wait_for()
    said = lab.page.get_by_text("Perturbations ×").inner_text()
    factor = float(re.search(r"× ([\d.]+) around", said)[1])
    model = zoo.describe("cifar10-resnet32")
    pixels = fitted(samples.load("chelsea").picture.pixels, model)
    expected = perform(zoo.load(model.name, "cpu"), pixels, attacks.create("fgsm", eps=0.01))
    shown = lab.page.eval_on_selector_all(
        ".st-key-row_fgsm img", "all => all.map((image) => image.src)"
    )
    adversarial = native(shown[0], 32)
    change = native(shown[1], 32)
    assert (adversarial == expected.pixels()[1].numpy()).all()
    delta = (expected.adversarial - expected.clean)[0].permute(1, 2, 0).numpy()
    assert (change == imaging.show_change(delta, factor)).all()


def test_sorting_filtering_and_a_link(visit):
    query = f"{PAGE}?model=digits-cnn&eps=0.15&attacks=noise,fgsm,bim-l2,deepfool"
    lab = visit(query, height=1800)
    wait_for_rows(lab, "noise", "fgsm", "bim-l2", "deepfool")
    choose(lab, "Sort by", "queries")
    wait_for_rows(lab, "noise", "fgsm", "deepfool", "bim-l2")
    lab.page.get_by_text("Only attacks with this threat model").click()
    choose(lab, "Distance", "L2")
    wait_for_rows(lab, "deepfool", "bim-l2")
    lab.page.wait_for_function("location.search.includes('only_distance=L2')")
    other = visit(f"{PAGE}?" + lab.page.url.partition("?")[2])
    wait_for_rows(other, *rows(lab))


def test_looking_elsewhere_loses_nothing(visit):
    lab = visit("?model=digits-cnn&eps=0.15&source=upload&strip=jpeg")
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (24, 24), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    lab.until_changed(lambda: lab.upload("noise.png", file.getvalue()))
    lab.wait_for_rest()
    before, sentence = lab.sources[2], lab.sentence
    go(lab.page, "Compare attacks")
    wait_for_rows(lab, *(name for name in attacks.local_names() if name in QUICK))
    assert lab.chip("0.15").get_attribute("aria-checked") == "true"
    lab.page.locator(".st-key-row_fgsm").get_by_role("button", name="Open").click()
    lab.until(lambda: lab.sources[2:] == [before], "the former result")
    assert lab.sentence == sentence


def test_a_long_row_shows_progress_and_can_be_stopped(visit):
    lab = visit(f"{PAGE}?attacks=fgsm,pgd&pgd.steps=10000")
    lab.page.get_by_text(re.compile(r"PGD: step \d")).wait_for()
    assert rows(lab) == ["fgsm"]
    lab.stop()
    assert rows(lab) == ["fgsm"]


def test_a_phone_never_scrolls_sideways(visit):
    lab = visit(
        f"{PAGE}?model=digits-cnn&eps=0.15&attacks=fgsm,bim-l2,deepfool",
        **PHONE,
        color_scheme="dark",
    )
    wait_for_rows(lab, "fgsm", "bim-l2", "deepfool")
    chips = lab.page.locator(".st-key-attacks [role=toolbar]").bounding_box()
    assert chips["height"] < 60, "the chips push the results down"
    assert 0 < lab.page.locator("h2").first.bounding_box()["y"] - chips["y"] < 300, (
        "they are far apart"
    )
    for tab in TABS:
        lab.tab(tab)
        if tab != TABS[0]:
            lab.page.locator(".js-plotly-plot .main-svg").first.wait_for()
        assert_fits(lab.page, f"in {tab}")
    for image in lab.page.locator(f"{ROWS} img").all():
        box = image.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_a_finger_reaches_every_page_and_every_tab(visit):
    lab = visit(
        f"{PAGE}?model=digits-cnn&eps=0.15&attacks=fgsm,deepfool",
        width=390,
        height=844,
        has_touch=True,
        is_mobile=True,
    )
    wait_for_rows(lab, "fgsm", "deepfool")
    for tab in TABS[::-1]:  # the table and its toolbar are there at first
        lab.tab(tab, finger=True)
    go(lab.page, "Attack", finger=True)
    lab.page.get_by_role("combobox", name="Attack").wait_for()
    go(lab.page, "Compare attacks", finger=True)
    wait_for_rows(lab, "fgsm", "deepfool")
    assert lab.page.get_by_test_id("stSidebar").filter(visible=True).count() == 0
