"""Without a click: a finished example. Then each chip moves everything, and pixels stay pixels."""

import math

from robust_core import attacks, zoo
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.data import samples
from robust_core.experiment.perform import perform
from robust_core.words.verdict import sentence
from tests.browser.conftest import FEW_CELLS
from tests.live import fitted

FIRST = "cifar10-resnet32"


def core(eps: float):
    """What the core gives alone for the page's first example."""
    model = zoo.describe(FIRST)
    pixels = fitted(samples.load("chelsea").picture.pixels, model)
    return perform(zoo.load(model.name, "cpu"), pixels, attacks.create("fgsm", eps=eps))


def test_a_first_visit_is_a_finished_example(visit):
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


def test_each_chip_changes_the_example(visit):
    lab = visit(f"?{FEW_CELLS}")
    seen = []
    for eps in (*EPS_CHOICES[1:], EPS_CHOICES[0]):
        lab.choose_eps(f"{eps:g}")
        lab.assert_shows(core(eps))
        whole = math.floor(255 * eps)  # in 8 bits, towards the clean picture
        assert f" {whole}/255" in lab.sentence
        seen.append(lab.sources)
    clean, change, adversarial = (set(column) for column in zip(*seen, strict=True))
    assert len(clean) == 1
    assert len(adversarial) == len(EPS_CHOICES)
    assert len(change) > 1
    lab.assert_whole_multiples(zoo.describe(FIRST).input_size[0])
