"""Taking a result along by its link, and leaving a run that takes long. The ZIP: test_photograph.py."""

import re

from tests.browser.conftest import RESULT


def test_a_link_restores_settings_and_result(visit):
    lab = visit("?model=digits-cnn&attack=pgd&strip=jpeg")
    lab.choose_eps("0.15")
    lab.page.wait_for_function("location.search.includes('eps=0.15')")
    lab.tab("Reproduce")
    shown = lab.page.get_by_text("eps=0.15")
    shown.wait_for()
    assert shown.inner_text().strip() == lab.page.url
    other = visit("?" + lab.page.url.partition("?")[2])
    assert other.sentence == lab.sentence
    for here, there in zip(lab.pictures(8), other.pictures(8), strict=True):
        assert (here == there).all()
    assert other.chip("0.15").get_attribute("aria-checked") == "true"


def test_a_broken_link_shows_the_first_example(visit):
    lab = visit(
        "?eps=99&attack=%3Cscript%3E&model=x&pgd.steps=nan&target_cifar10=unicorn&strip=jpeg"
    )
    assert lab.page.get_by_text("FGSM, eps 0.01 (2.6/255)").is_visible()


def test_a_long_run_shows_progress_and_can_be_stopped(visit):
    lab = visit("?strip=jpeg")
    sentence = lab.sentence
    lab.page.get_by_role("combobox", name="Attack").click()
    lab.page.get_by_role("option", name="PGD", exact=True).click()
    lab.page.get_by_text("cifar10-resnet32, PGD").wait_for()
    before = lab.sentence
    lab.page.get_by_text("Advanced parameters").click()
    place = lab.page.locator(RESULT).bounding_box()
    lab.set_steps(10_000)
    lab.page.get_by_text(re.compile(r"PGD: step [\d,]+ of 10,000")).wait_for()
    assert lab.page.locator(RESULT).bounding_box() == place, "the bar pushes the result away"
    lab.stop()
    assert lab.sentence == before != sentence


def test_a_newer_choice_abandons_a_long_run(visit):
    lab = visit("?attack=pgd&eps=0.1&strip=jpeg")
    lab.page.get_by_text("Advanced parameters").click()
    lab.set_steps(10_000)
    lab.page.get_by_text(" of 10,000").wait_for()
    lab.set_steps(7)
    lab.page.get_by_text("7 steps").wait_for()
    lab.page.get_by_role("button", name="Stop", exact=True).wait_for(state="detached")
