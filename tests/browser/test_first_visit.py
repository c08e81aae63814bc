"""Without a click: a finished example. Then each chip moves everything, and pixels stay pixels."""

import math

import pytest

from robust_core import attacks, zoo
from robust_core.dashboard.attack.depth import TABS
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.views import Views
from robust_core.data import samples
from robust_core.experiment.perform import perform
from robust_core.words.verdict import sentence
from tests.live import fitted


def core(eps: float):
    """What the core gives alone for the page's first example."""
    model = zoo.describe("cifar10-resnet32")
    pixels = fitted(samples.load("chelsea").picture.pixels, model)
    return perform(zoo.load(model.name, "cpu"), pixels, attacks.create("fgsm", eps=eps))


def test_a_first_visit_is_a_finished_example_whose_pictures_have_words(visit):
    lab = visit()
    assert lab.sentence == sentence(core(0.01), "linf")
    assert lab.page.get_by_text("FGSM, eps 0.01 (2.6/255)").is_visible()
    lab.page.locator(".js-plotly-plot").wait_for()
    images = lab.page.locator("img").evaluate_all(
        "all => all.map((i) => [i.alt, i.closest('button')?.ariaLabel ?? ''].join(''))"
    )
    assert len(images) >= 3
    assert all(images)
    figure = lab.page.get_by_role("figure", name="Confidence before and after")
    assert figure.count() == 1


def test_each_chip_changes_picture_perturbation_and_sentence(visit):
    lab = visit("?eps=0.7")
    seen = []
    for eps in EPS_CHOICES:
        lab.choose_eps(f"{eps:g}")
        expected = core(eps)
        lab.page.get_by_text(sentence(expected, "linf")).wait_for()
        whole = math.floor(255 * eps)  # in 8 bits, towards the clean picture
        assert f" {whole}/255" in lab.sentence
        views = Views.of(expected)
        wanted = (views.clean, views.change, views.adversarial)
        for shown, pixels in zip(lab.pictures(), wanted, strict=True):
            assert (shown == pixels).all()
        seen.append(lab.sources)
    clean, change, adversarial = (set(column) for column in zip(*seen, strict=True))
    assert len(clean) == 1
    assert len(adversarial) == len(EPS_CHOICES)
    assert len(change) > 1


@pytest.mark.parametrize("model", zoo.UNDEFENDED)
def test_pictures_are_enlarged_by_a_whole_factor_with_square_pixels(visit, model):
    lab = visit(f"?model={model}")
    side = zoo.describe(model).input_size[0]
    for room in (1440, 1280, 390):
        lab.page.set_viewport_size({"width": room, "height": 900})
        for image in lab.page.locator("[data-testid=stImage] img").all()[-3:]:
            width, height, *natural = image.evaluate(
                "i => [i.width, i.height, i.naturalWidth, i.naturalHeight]"
            )
            assert natural[0] == natural[1] >= width == height
            assert width % side == natural[0] % side == 0, "pixels of different sizes"
            assert width > 250, "small, though there is room"
            assert image.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"


def test_each_tab_opens(visit):
    lab = visit("?attack=bim&eps=0.1")
    shown = {
        "Swipe": lab.page.get_by_role("slider", name="Swipe between clean and adversarial"),
        "Steps": lab.page.get_by_text("Step 10:"),
        "Equation": lab.page.locator(".katex").first,
        "Classics": lab.page.get_by_text("eps 0.7 = 89.3/255"),
        "Threat model": lab.page.get_by_text("white-box"),
        "Reproduce": lab.page.get_by_text("python -m robust_core attack").first,
    }
    assert list(shown) == list(TABS[1:])
    for tab, content in shown.items():
        lab.tab(tab)
        content.wait_for()
