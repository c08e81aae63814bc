"""Evaluate in a browser: a visitor's model and pictures, both made here, measured and fetched."""

import io
import json
import zipfile

from robust_core import imaging, zoo
from robust_core.data import digits
from robust_core.data.fitting import to_pixels
from tests.onnx_files import exported


def packed(count: int) -> bytes:
    """A ZIP file of the first test digits, one of them damaged."""
    images, labels = digits.load("test")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{int(labels[0])}/broken.png", b"no picture")
        for k in range(count):
            data = imaging.png(to_pixels(images[k : k + 1])[0])
            archive.writestr(f"{int(labels[k])}/{k}.png", data)
    return content.getvalue()


def test_a_model_and_pictures_of_ones_own_are_measured(opening, tmp_path):
    query = "?model=own&evaluate_data=zip&evaluate_n=20&evaluate_attacks=fgsm&evaluate_eps=0.1"
    page = opening(f"evaluate{query}", "h2", 1440, 1400)
    model = tmp_path / "mine.onnx"
    model.write_bytes(exported(zoo.load("digits-cnn", "cpu").network, (1, 8, 8)))
    form = page.get_by_test_id("stForm")
    form.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(model)
    form.get_by_text("mine.onnx").first.wait_for()
    page.get_by_label("Class names, in the order of the outputs").fill("digits")
    page.get_by_role("button", name="Use this model").click()
    page.get_by_text("In use: 8 x 8 grey, 10 classes").wait_for()
    pictures = tmp_path / "pictures.zip"
    pictures.write_bytes(packed(12))
    bring = page.locator("[class*=st-key-evaluate_zip]")
    bring.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(pictures)
    page.get_by_text("12 pictures of").wait_for()
    page.get_by_text("1 file left out").wait_for()
    page.get_by_text("it is right on").filter(has_text="of your 12 pictures").wait_for()
    page.get_by_role("button", name="Evaluate: 1 to run").click()
    page.get_by_role("heading", name="The model gets").wait_for()
    page.get_by_text("--data pictures.zip --limit 20").first.wait_for()
    page.get_by_text("not your pictures").wait_for()
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Download everything (JSON)").click()
    (result,) = json.loads(fetched.value.path().read_text())["results"]
    assert result["n"] == 12
    assert 0 <= result["rows"][0]["top1"] < result["clean_top1"] <= 1
    assert "--model mine.onnx" in result["command"]
