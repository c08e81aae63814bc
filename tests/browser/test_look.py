"""Where it is shown: a projector, a phone, in the dark, and by keyboard alone."""

import numpy as np
import pytest

from robust_core import imaging, zoo
from robust_core.dashboard import style
from robust_core.dashboard.attack.depth import TABS
from robust_core.dashboard.controls import EPS_CHOICES
from tests.browser.conftest import BADGE, FEW_CELLS, RESULT, Laboratory
from tests.live import PHONE, assert_fits

PICTURES = "[data-testid=stImage] img"
CONTRAST = """(element) => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const layers = [];
  for (let e = element; e; e = e.parentElement ?? e.getRootNode().host) {
    layers.push(parse(getComputedStyle(e).backgroundColor));
  }
  const over = (top, under) => {
    const a = top[3] ?? 1;
    return [0, 1, 2].map((i) => a * top[i] + (1 - a) * under[i]);
  };
  const ground = layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  const [a, b] = [light(over(parse(getComputedStyle(element).color), ground)), light(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""
TEXTS = (
    RESULT,
    "[data-testid=stMetricValue]",
    "[data-testid=stMetricLabel] p",
    "[data-testid=stMain] [role=radio][aria-checked=true]",
    "[data-testid=stMain] [role=tab] p",
    BADGE,
    "[data-testid=stCaptionContainer] p",
)


@pytest.fixture(scope="module")
def example(tabs, address, tmp_path_factory):
    """The first example, for tests that only look at it: each chooses the size of the window."""
    lab = Laboratory(tabs(1440, 900), address, tmp_path_factory.mktemp("example"))
    lab.open(f"?{FEW_CELLS}")
    yield lab
    assert lab.errors == []
    lab.page.close()


# For imagenette-resnet see test_photograph.py.
@pytest.mark.parametrize("model", [n for n in zoo.UNDEFENDED if n != "imagenette-resnet"])
def test_on_a_projector_the_essentials_are_on_the_first_screen(visit, model):
    lab = visit(f"?model={model}&{FEW_CELLS}", width=1280, height=720)
    essentials = [lab.chip(f"{eps:g}") for eps in EPS_CHOICES]
    essentials += [*lab.page.locator(PICTURES).all()[-3:], lab.page.locator(RESULT)]
    for element in essentials:
        box = element.bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 720
    lab.assert_whole_multiples(zoo.describe(model).input_size[0])


@pytest.fixture(scope="module")
def sheet(chromium):
    """``sheet(dots)``: an empty page of a screen with so many dots to a pixel."""
    pages = {}

    def page(dots: int):
        if dots not in pages:
            pages[dots] = chromium.new_page(device_scale_factor=dots)
        return pages[dots]

    yield page
    for each in pages.values():
        each.close()


@pytest.mark.parametrize(
    ("native", "room", "dots", "side"),
    [
        *[(224, 200, 1, 224), (224, 447, 1, 224), (224, 447, 2, 336), (224, 456, 1, 448)],
        *[(128, 100, 1, 128), (128, 297, 1, 256), (128, 358, 2, 320), (128, 400, 1, 384)],
    ],
)
def test_large_pictures_take_the_largest_exact_size_that_fits(sheet, native, room, dots, side):
    page = sheet(dots)
    sent = imaging.enlarge(np.zeros((native, native, 3), np.uint8), style.side_shown(native))
    wide = min(room, len(sent))  # Streamlit makes no picture wider than its file
    for place in ("pictures", "iterate"):
        page.set_content(
            f"{style.sheet()}<div class=st-key-{place}_{native}><p style='width:{wide}px'><img>"
        )
        assert page.eval_on_selector("img", "e => e.getBoundingClientRect().width") == side


def test_with_the_camera_open_the_chips_are_on_the_first_screen(visit):
    lab = visit(f"?source=camera&{FEW_CELLS}", width=1280, height=720)
    lab.page.get_by_role("button", name="Take Photo").wait_for()
    for eps in EPS_CHOICES:
        box = lab.chip(f"{eps:g}").bounding_box()
        assert box["y"] + box["height"] <= 720
        assert box["x"] + box["width"] <= 1280 / 3


def test_on_a_phone_the_result_comes_right_after_eps(example):
    lab = example
    lab.page.set_viewport_size(PHONE)
    lab.wait_for_pictures()
    chip, result = lab.chip("0.7").bounding_box(), lab.page.locator(RESULT).bounding_box()
    goal = lab.page.get_by_role("combobox", name="Make the model say").bounding_box()
    last = lab.page.locator(PICTURES).last.bounding_box()
    assert chip["y"] < result["y"] < last["y"] < goal["y"]
    assert result["y"] + result["height"] < 640, "the sentence is far down"
    assert lab.page.locator(PICTURES).first.bounding_box()["y"] < 700


def test_a_phone_never_scrolls_sideways(visit):
    lab = visit(f"?attack=pgd&depth={TABS[-1]}&{FEW_CELLS}", width=390, height=844)
    opened = lab.page.get_by_role("tab", name=TABS[-1], exact=True).bounding_box()
    assert opened["x"] + opened["width"] <= 390, "the tab of the link is out of sight"
    lab.page.get_by_text("Advanced parameters").click()
    for tab in TABS:
        lab.tab(tab)
        assert_fits(lab.page, f"in {tab}")
    lab.tab("Confidence")
    lab.page.locator(".bartext").first.wait_for()
    chart = lab.page.locator(".js-plotly-plot").first.bounding_box()
    for element in lab.page.locator(".bartext").all():
        box = element.bounding_box()
        assert box["x"] + box["width"] <= chart["x"] + chart["width"], "a label is cut off"
    for image in lab.page.locator(PICTURES).all():
        box = image.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def brightness(lab) -> int:
    ground = lab.page.eval_on_selector(
        "[data-testid=stApp]", "e => getComputedStyle(e).backgroundColor"
    )
    return sum(int(v) for v in ground[ground.index("(") + 1 : -1].split(",")[:3])


def test_text_can_be_read_by_day_and_by_night(example):
    lab = example
    lab.page.set_viewport_size({"width": 1440, "height": 900})
    lab.page.add_style_tag(content="* { transition: none !important }")
    for scheme in ("light", "dark"):
        lab.page.emulate_media(color_scheme=scheme)
        lab.until(lambda s=scheme: (brightness(lab) < 200) == (s == "dark"), f"a {scheme} page")
        for selector in TEXTS:
            count = lab.page.locator(selector).count()
            assert count, selector
            for element in lab.page.locator(selector).all():
                contrast = element.evaluate(CONTRAST)
                assert contrast >= 4.5, f"{selector} {element.inner_text()!r}: {contrast:.1f}"


def tab_to(page, label: str) -> None:
    """Press Tab until the focus is on what is called so, round after round: some of it is drawn late."""
    for _ in range(150):
        page.keyboard.press("Tab")
        name = page.evaluate(
            """() => { let e = document.activeElement;
              while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
              return e?.ariaLabel || e?.innerText || e?.labels?.[0]?.innerText || ''; }"""
        )
        if name.startswith(label):
            return
    raise AssertionError(f"Tab never reaches {label}")


def test_by_keyboard_alone_a_chip_is_pressed_and_a_picture_chosen(example):
    lab = example  # the last to look at it: from here on it is another one
    lab.page.set_viewport_size({"width": 1440, "height": 900})
    lab.page.emulate_media(color_scheme="light")
    lab.page.evaluate("document.activeElement?.blur()")
    tab_to(lab.page, "0.01")
    lab.page.keyboard.press("ArrowRight")
    lab.until_changed(lambda: lab.page.keyboard.press("Enter"))
    assert "25/255" in lab.sentence
    tab_to(lab.page, "Chelsea the cat")
    lab.until_changed(lambda: lab.page.keyboard.press("ArrowRight"))
    first = lab.sources
    lab.until_changed(lambda: lab.page.keyboard.press("ArrowRight"))
    lab.until_changed(lambda: lab.page.keyboard.press("ArrowLeft"))
    assert lab.sources == first
    lab.page.wait_for_function("location.search.includes('picture_cifar10')")
