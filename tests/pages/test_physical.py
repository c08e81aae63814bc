"""Physical world without a browser: each part, the camera's tally, and figures from the committed rows."""

import json

import pytest

from robust_core.dashboard.physical import camera, parts, plausible
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.published import RP2
from robust_core.paths import ASSETS
from tests.visiting import ran, text, visit

MODEL = {"model": "digits-cnn"}


@pytest.mark.parametrize("part", parts.TITLES)
def test_each_part_opens_by_its_link(part):
    page = ran(visit("physical", part=part, **MODEL))
    assert [each.value for each in page.title] or page.markdown
    assert text(page)


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


def test_a_photograph_is_answered_and_counted_once(nothing_kept):
    page = ran(visit("physical", part="camera", model="cifar10-resnet32"))
    assert "Nothing is counted yet." in text(page)
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
    assert "Nothing is counted yet." in text(page)


def test_the_tally_follows_the_object():
    seen = {"a": (camera.WITHOUT, 3), "b": (camera.WITHOUT, 5), "c": (camera.WITH, 5)}
    for thing, right in ((3, [1, 0]), (5, [1, 1]), (0, [0, 0])):
        rows = camera.rows(seen, thing)
        assert [row["Right"] for row in rows] == right
        assert [row["Counted"] for row in rows] == [2, 1]
        assert all(row["Right"] + row["Wrong"] == row["Counted"] for row in rows)
