"""Physical world without a browser: each part, the camera's tally, and figures from the committed rows."""

import json

import pytest
import torch

from robust_core import zoo
from robust_core.dashboard.physical import camera, parts, plausible, printing, sign_making
from robust_core.dashboard.physical.sign_making import Growing
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.published import RP2
from robust_core.experiment import camouflaged
from robust_core.paths import ASSETS
from tests.visiting import bodies, ran, text, visit

MODEL = {"model": "digits-cnn"}


@pytest.mark.parametrize("part", parts.TITLES)
def test_each_part_opens_by_its_link(part):
    page = ran(visit("physical", part=part, **MODEL))
    assert [each.value for each in page.title] or page.markdown
    assert text(page)


def test_the_signs_show_at_once_and_follow_the_camera(nothing_kept):
    page = ran(visit("physical"))
    said = text(page)
    assert 'With the two bars the network says "speed limit 80"' in said
    assert "This place counts" in said
    assert "views** (" in said
    assert len(page.get("plotly_chart")) == 1
    assert not page.get("selectbox") or {box.key for box in page.selectbox} == {
        "sign",
        "sign_target_stop",
    }
    ran(page.slider(key="sign_feet").set_value(75).run())
    assert "75 feet (22.9 m) away, straight ahead" in page.get("image")[0].proto.imgs[0].caption
    ran(page.segmented_control(key="sign_put").set_value("nothing").run())
    assert "The network says stop" in text(page)
    assert not page.get("plotly_chart")
    assert page.query_params == {"sign_feet": "75", "sign_put": "nothing"}


def test_a_poster_is_made_here_stopped_and_made_again(nothing_kept, stopping):
    link = {"sign_put": "bars", "sign_target_stop": "speed-50", "sign_steps": "30"}
    ready = zoo.load_poster("gtsrb-cnn-art").poster  # stands for one that is half made
    with stopping("Making it for 8 random places", Growing(ready, 12, 30)):
        page = visit("physical", **link, sign_places="8")
        assert not page.exception
    page = ran(page.run())
    assert "What 12 of 30 steps have made stays on the sign" in text(page)
    street = page.get("image")[0].proto.imgs[0].caption
    assert "unfinished: 12 of 30 steps, for 8 random places" in street
    assert "views** (" in text(page), "what it does stands there, too"
    again = next(button for button in page.button if button.label == "Run it again")
    page = ran(again.click().run())
    assert (
        "made here on gtsrb-cnn: 30 steps, for 8 random places"
        in page.get("image")[0].proto.imgs[0].caption
    )
    assert "This place counts" in text(page)


def test_of_a_making_that_has_not_begun_the_street_stays(nothing_kept, stopping):
    sign = sign_making.bare("stop").sign
    nothing = Growing(sign_making.unfinished(sign, sign, [2.5]), 0, 60)
    with stopping("Making it for 12 random places", nothing):
        page = visit("physical", sign_put="bars", sign_target_stop="speed-50")
    page = ran(page.run())
    assert "Nothing has been changed yet." in text(page)
    assert "The network says stop" in text(page)


def test_of_a_camouflage_that_is_stopped_the_last_picture_stays(nothing_kept, stopping):
    page = ran(visit("physical", part="camouflage", camouflage_steps="50", **MODEL))
    half = camouflaged.Growing(12, torch.zeros(8, 8, 1, dtype=torch.uint8), 1.0)
    with stopping("Disguising, then the same style without an attack", half):
        page.button(key="start_camouflage").click().run()
    page = ran(page.run())
    assert "Below is the picture after step 12 of 50" in text(page)
    (row,) = bodies(page, "seen")
    assert "After step 12" in row


def test_the_discussion_has_our_figures_beside_the_published_ones():
    report = results.report()
    said = text(ran(visit("physical", part="plausible", **MODEL)))
    assert results.COMMAND in said
    for sentence in (plausible.photographed, plausible.turned, plausible.stuck):
        assert sentence(report) in said
    rows = plausible.signs(report)
    assert [row["Poster"] for row in rows] == [one.title for one in RP2.values()]
    views = [row for row in report.signs if row.poster == "poster"]
    fooled, right = (sum(getattr(row, name) for row in views) for name in ("fooled", "right"))
    assert rows[0]["Finer grid"] == f"{fooled} of {right}"


def test_without_figures_it_says_how_to_make_them(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FILE", tmp_path / "physical.json")
    assert results.COMMAND in text(ran(visit("physical", part="plausible", **MODEL)))
    (tmp_path / "physical.json").write_text(json.dumps({"parts": 3}))
    assert "is damaged" in text(ran(visit("physical", part="plausible", **MODEL)))


def test_a_sticker_is_offered_where_one_is_bundled():
    page = ran(visit("physical", part="print", model="cifar10-resnet32"))
    assert [button.label for button in page.get("download_button")] == [
        "Download the PDF",
        "Download the PNG",
    ]
    assert "There is one for" in text(ran(visit("physical", part="print", **MODEL)))


def test_a_sign_is_printed_without_and_with_a_poster():
    page = ran(visit("physical", part="print", model="gtsrb-cnn"))
    first = page.get("image")[0].proto.imgs[0].url
    ran(page.selectbox(key="print_gtsrb").set_value("stop").run())
    assert page.get("image")[0].proto.imgs[0].url != first
    assert page.query_params["print_gtsrb"] == "stop"


def test_a_round_sticker_is_shown_on_white_paper(monkeypatch):
    """The sheet's corners within the frame, where the sticker is not."""
    shown = []
    sheet = printing.sheet
    monkeypatch.setattr(printing, "sheet", lambda *a: shown.append(sheet(*a)) or shown[-1])
    ran(visit("physical", part="print", model="imagenette-resnet"))
    left, upper, right, lower = shown[0].sticker
    for x in (left + 3, right - 3):
        for y in (upper + 3, lower - 3):
            assert shown[0].image.getpixel((x, y)) == (255, 255, 255)
    inside = shown[0].image.crop(shown[0].sticker)
    assert len(inside.getcolors(2**20)) > 100, "the sticker itself is there"


def test_a_photograph_is_answered_and_counted_once(nothing_kept):
    page = ran(visit("physical", part="camera", model="cifar10-resnet32"))
    assert "Nothing has been counted yet." in text(page)
    file = ASSETS / "icon.png"
    uploader = next(u for u in page.get("file_uploader") if u.key == "physical_file")
    uploader.upload(file.name, file.read_bytes(), "image/png")
    ran(page.run())
    assert "It says" in text(page)
    for kind in (camera.WITHOUT, camera.WITH):
        ran(page.button(key=f"count_{kind}").click().run())
    shown = page.dataframe[0].value
    assert shown["Counted"].tolist() == [0, 1]
    ran(page.button(key="tally_clear").click().run())
    assert "Nothing has been counted yet." in text(page)


def test_the_tally_follows_the_object():
    seen = {"a": (camera.WITHOUT, 3), "b": (camera.WITHOUT, 5), "c": (camera.WITH, 5)}
    for thing, right in ((3, [1, 0]), (5, [1, 1]), (0, [0, 0])):
        rows = camera.rows(seen, thing)
        assert [row["Right"] for row in rows] == right
        assert [row["Counted"] for row in rows] == [2, 1]
        assert all(row["Right"] + row["Wrong"] == row["Counted"] for row in rows)
