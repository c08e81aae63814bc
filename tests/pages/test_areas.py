"""Where an attack may change the picture, on the three pages that attack one."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.areas import MOST
from robust_core.dashboard import compared_defense, request
from tests.pages.test_attack import conditions, finished, pictures
from tests.visiting import go_to, ran, visit

MODEL = {"model": "digits-cnn"}
LABEL = "It may change the picture"
FIELDS = ("x", "y", "Width", "Height")


def choose(page: AppTest, words: str) -> AppTest:
    box = next(each for each in page.selectbox if each.label == LABEL)
    return ran(box.select(words).run())


def fields(page: AppTest) -> list[int]:
    found = {each.label: each for each in page.number_input}
    return [int(found[name].value) for name in FIELDS]


def press(page: AppTest, label: str) -> AppTest:
    return ran(next(each for each in page.button if each.label == label).click().run())


def test_an_area_is_chosen_by_name_and_kept_in_the_link():
    page = finished(visit(**MODEL))
    everywhere = pictures(page)
    page = finished(choose(page, "centre"))
    assert pictures(page)[0] == everywhere[0]
    assert pictures(page)[2] != everywhere[2]
    assert "16 of 64 pixels may change." in conditions(page)
    assert page.query_params["area"] in ("centre", ["centre"])
    assert pictures(finished(visit(**MODEL, area="centre"))) == pictures(page)
    page = finished(choose(page, ""))
    assert pictures(page) == everywhere
    assert "area" not in page.query_params


def test_own_rectangles_are_typed_added_and_removed():
    page = finished(choose(visit(**MODEL), "own"))
    assert fields(page) == [2, 2, 4, 4]  # it begins with the centre
    field = next(each for each in page.number_input if each.label == "Width")
    page = finished(ran(field.set_value(6).run()))
    assert page.query_params["area"] in ("25%,25%,75%,50%", ["25%,25%,75%,50%"])
    assert "24 of 64 pixels may change." in conditions(page)
    field = next(each for each in page.number_input if each.label == "x")
    page = finished(ran(field.set_value(7).run()))
    assert fields(page) == [7, 2, 1, 4]  # what does not fit any more is cut off
    page = finished(press(page, "Add one"))
    assert fields(page) == [0, 0, 2, 2]
    assert "8 of 64 pixels may change." in conditions(page)
    page = finished(press(page, "Remove it"))
    page = finished(press(page, "Remove it"))
    assert "area" not in page.query_params
    assert "may change." not in conditions(page)
    assert any("Until then any pixel may change" in each.value for each in page.caption)


def test_there_is_a_most_number_of_rectangles():
    page = visit(**MODEL, area=";".join(["0%,0%,25%,25%"] * MOST))
    assert next(each for each in page.button if each.label == "Add one").disabled


def test_what_a_link_brings_is_checked():
    everywhere = pictures(visit(**MODEL))
    for bad in ("nonsense", "1,2,3", ";".join(["0%,0%,9%,9%"] * (MOST + 1)), "nan,0,1,1"):
        page = finished(visit(**MODEL, area=bad))
        assert pictures(page) == everywhere
        assert any("which is not part of a picture" in each.value for each in page.info)
    page = visit(**MODEL, area="0.1%,0.1%,0.1%,0.1%")
    assert "holds no pixel of a picture of 8 x 8 pixels" in page.error[0].value


@pytest.mark.parametrize("name", ["compare_attacks", "compare_defences"])
def test_the_comparisons_have_the_same_area(name, monkeypatch, nothing_kept):
    seen = []

    def watched(true):
        def run(*args, **options):
            seen.append(options["mask"])
            return true(*args, **options)

        return run

    for module, called in ((request, "perform"), (compared_defense, "trial")):
        monkeypatch.setattr(module, called, watched(getattr(module, called)))
    page = ran(go_to(visit(**MODEL, area="centre", defenses="jpeg", attacks="fgsm"), name))
    assert page.query_params["area"] in ("centre", ["centre"])
    assert next(each for each in page.selectbox if each.label == LABEL).value == "centre"
    assert seen
    assert {int(mask.sum()) for mask in seen} == {16}
