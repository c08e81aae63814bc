"""Compare defences in a browser: exact pictures, cells that fill, settings, a stop, and a phone."""

import re
import zipfile
from itertools import pairwise

from robust_core import attacks, defenses, zoo
from robust_core.data import fitting, samples
from robust_core.data.fitting import to_pixels
from robust_core.experiment.defended import Attacker, trial
from tests.live import PHONE, assert_fits, native

PAGE = "compare_defences?model=digits-cnn&picture_digits=digits-test-3&eps=0.15"
QUICK = f"{PAGE}&pgd.steps=5&smoothing.n=60&smoothing.draws=2"
CELLS = "[class*=st-key-cell_]"


def cells(lab) -> list[str]:
    """The finished cells, row by row, each by its outcome, its defence and its attacker."""
    names = "all => all.map((e) => e.className.match(/st-key-cell_([\\w-]+)/)[1])"
    return lab.page.eval_on_selector_all(CELLS, names)


def wait_for_summary(lab, count: int) -> None:
    lab.page.get_by_text(re.compile(rf"^Of {count} defence")).wait_for()


def test_cells_show_the_pictures_exactly_as_each_defence_sees_them(visit):
    lab = visit(f"{QUICK}&defenses=jpeg,bit-depth,smoothing")
    wait_for_summary(lab, 3)
    assert len(cells(lab)) == 1 + 2 * 3
    sample = samples.load("digits-test-3")
    model = zoo.load("digits-cnn", "cpu")
    pixels = fitting.fit(
        sample.picture.pixels, size=model.input_size, resize=model.resize, channels=1, how="crop"
    )
    attack = attacks.create("pgd", eps=0.15, steps=5)
    label = model.class_names.index(sample.label)
    for name in ("jpeg", "bit-depth"):
        for attacker in Attacker:
            expected = trial(
                model, pixels, attack, defenses.create(name), attacker=attacker, label=label
            )
            cell = lab.page.locator(f"[class*=st-key-cell_][class*='_{name}_{attacker}']")
            shown = cell.locator("img").get_attribute("src")
            assert (native(shown, 8)[..., None] == to_pixels(expected.after.seen)[0]).all()
            assert expected.outcome.value in cell.inner_text()
    lab.page.locator(".js-plotly-plot .main-svg").first.wait_for()


def test_a_setting_acts_live_and_stays_in_the_address(visit):
    lab = visit(f"{QUICK}&defenses=jpeg")
    wait_for_summary(lab, 1)
    source = lab.page.locator(f"{CELLS} img").nth(1).get_attribute("src")
    lab.page.get_by_role("button", name="Settings").click()
    field = lab.page.get_by_role("spinbutton", name="Quality")
    field.fill("5")
    field.press("Enter")
    lab.page.wait_for_function("location.search.includes('jpeg.quality=5')")
    lab.until(
        lambda: lab.page.locator(f"{CELLS} img").nth(1).get_attribute("src") != source,
        "another picture",
    )


def test_a_long_cell_shows_progress_and_can_be_stopped(visit):
    lab = visit(f"{PAGE}&defenses=jpeg,smoothing&smoothing.n=100000")
    lab.page.get_by_text(re.compile(r"[Vv]ote \d|Clean picture: \d")).first.wait_for()
    assert len(cells(lab)) == 3
    lab.stop()
    assert len(cells(lab)) == 3


def test_a_phone_stacks_the_cells_and_never_scrolls_sideways(visit):
    lab = visit(
        f"{QUICK}&defenses=jpeg,lambda-at,smoothing",
        **PHONE,
        color_scheme="dark",
    )
    wait_for_summary(lab, 2)
    lab.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    assert_fits(lab.page)
    head = lab.page.locator(".st-key-defended_head")
    above, below = (head.locator(part).bounding_box() for part in ("img", "h2"))
    assert above["y"] + above["height"] <= below["y"], "the sentence is squeezed beside the picture"
    boxes = [cell.bounding_box() for cell in lab.page.locator(CELLS).all()]
    assert len(boxes) == 5
    for above, below in pairwise(boxes):
        assert below["y"] >= above["y"] + above["height"]
        assert below["x"] + below["width"] <= 390
    said = lab.page.locator("[class*=st-key-who_]").filter(visible=True)
    assert said.count() == 5, "each cell says whose it is"


def test_all_numbers_and_the_way_to_repeat_them_are_below_the_cells(visit):
    lab = visit(f"{QUICK}&defenses=jpeg,smoothing")
    wait_for_summary(lab, 2)
    lab.page.get_by_test_id("stDataFrame").first.wait_for()
    lab.wait_for_rest()
    with lab.page.expect_download() as csv:
        lab.page.get_by_role("button", name="Download the table (CSV)").click()
    assert csv.value.path().read_text().startswith("Defence,Attacker,Outcome,")
    lab.tab("Reproduce")
    lab.page.get_by_text("--defense smoothing:n=60,draws=2 --adaptive").wait_for()
    lab.wait_for_rest()
    with lab.page.expect_download() as archive:
        lab.page.get_by_role("button", name="Download everything (ZIP)").click()
    assert zipfile.is_zipfile(archive.value.path())
