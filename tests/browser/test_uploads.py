"""A visitor's own pictures: every hostile file gets a sentence, every honest kind is shown as decoded."""

import io

import numpy as np
import pytest
from PIL import Image

from robust_core import zoo
from robust_core.data.uploads import decode_upload
from tests.browser.conftest import Laboratory
from tests.live import fitted


def photo(seed: int) -> np.ndarray:
    """A smooth colourful picture, 96 x 64, another one for each seed."""
    y, x = np.mgrid[0:64, 0:96] / 96
    waves = [np.sin(7 * x + seed), np.cos(5 * y + 2 * seed), np.sin(9 * x * y + seed)]
    return np.rint(127.5 + 127.5 * np.stack(waves, axis=2)).astype(np.uint8)


def saved(pixels: np.ndarray, kind: str, mode: str | None = None, **options) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def sixteen_bits() -> np.ndarray:
    return photo(4)[..., 0].astype(np.uint16) * 257


def with_alpha() -> np.ndarray:
    return np.dstack([photo(5), photo(6)[..., :1]])


FILES = {
    "plain.png": saved(photo(1), "PNG"),
    "photo.jpg": saved(photo(2), "JPEG", quality=90),
    "photo.webp": saved(photo(3), "WEBP", lossless=True),
    "sixteen-bit.png": saved(sixteen_bits(), "PNG"),
    "alpha.png": saved(with_alpha(), "PNG"),
    "turned.jpg": saved(photo(7), "JPEG", exif=turned()),
    "cmyk.jpg": saved(photo(8), "JPEG", mode="CMYK"),
    "<b>*name*<b> [x](y).png": saved(photo(9), "PNG"),
    "windows.jfif": saved(photo(10), "JPEG", quality=90),
    "old.JPE": saved(photo(11), "JPEG", quality=90),
    "wrong.png": saved(photo(13), "WEBP", lossless=True),
    "without an ending": saved(photo(14), "JPEG", quality=90),
    "IMG.0042": saved(photo(15), "JPEG", quality=90),
}
SAID = {
    "turned.jpg": "Turned upright",
    "alpha.png": "Transparent parts were put on white.",
}
WATCH = """(words) => { window.seen = 0; new MutationObserver(() => {
  window.seen += document.body.textContent.includes(words);
}).observe(document.body, {subtree: true, childList: true, characterData: true}); }"""
"""Counts how often the page changes while it has those words."""
# No two in a row get the same sentence: the first would pass for the second's.
HOSTILE = {
    "text.png": (b"no picture, only words\n" * 400, "This is a text file"),
    "bomb.png": (saved(np.zeros((9000, 9000), dtype=bool), "PNG"), "9000 x 9000"),
    "cut.jpg": (saved(photo(2), "JPEG", quality=90)[:700], "damaged or cut off"),
    "words": (b"no picture, only words\n" * 400, "This is a text file"),
    "huge.png": (FILES["plain.png"] + bytes(20 * 2**20), "8"),
    "phone.heic": (bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(4000), "not allowed"),
    "phone.jpg": (bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(4000), "Export it as JPEG"),
}


def as_the_model_sees(data: bytes) -> np.ndarray:
    return fitted(decode_upload(data).pixels, zoo.describe("cifar10-resnet32"))


@pytest.fixture(scope="module")
def lab(tabs, address, tmp_path_factory):
    """The page Attack of a visitor who brings one file after the other; at first the sample is shown."""
    lab = Laboratory(tabs(1440, 900), address, tmp_path_factory.mktemp("files"))
    yield lab.open("?source=upload&strip=jpeg")
    lab.until(lambda: not lab.broken, "a page whose pictures are all loaded")
    assert lab.errors == []
    assert lab.hosts == {address}
    lab.page.close()


def test_a_hostile_file_gets_a_sentence_and_the_result_stays(lab):
    sentence, sources = lab.sentence, lab.sources
    for name, (data, words) in HOSTILE.items():
        lab.upload(name, data)
        uploader = lab.page.get_by_test_id("stFileUploader")
        said = lab.page.get_by_test_id("stAlert").or_(uploader).filter(has_text=words)
        said.first.wait_for()
        assert lab.sentence == sentence
        assert lab.sources == sources
        assert not lab.page.get_by_test_id("stException").count()
    lab.until_changed(lambda: lab.upload("photo.jpg", FILES["photo.jpg"]))


def test_every_honest_kind_of_picture_is_attacked(lab):
    said = "Meanwhile the sample picture is used."
    lab.wait_for_rest()  # what the test before was told is there until its last run ends
    assert not lab.page.get_by_text(said).count()
    lab.page.evaluate(WATCH, said)
    for name, data in FILES.items():
        lab.upload(name, data)
        expected = as_the_model_sees(data)
        lab.until(lambda e=expected: (lab.clean() == e).all(), name)
        lab.wait_for_rest()
        lab.wait_for_pictures()
        lab.page.get_by_text("the model's own prediction").wait_for()
        if name in SAID:
            lab.page.get_by_text(SAID[name]).wait_for()
        assert not lab.page.get_by_test_id("stException").count()
    assert not lab.page.evaluate("window.seen"), "between two files the sample was attacked"


def test_after_a_hostile_file_the_last_good_one_is_used(lab):
    good, (data, words) = FILES["photo.webp"], HOSTILE["cut.jpg"]
    expected = as_the_model_sees(good)
    lab.upload("photo.webp", good)
    lab.until(lambda e=expected: (lab.clean() == e).all(), "the good picture")
    lab.upload("cut.jpg", data)
    lab.page.get_by_test_id("stAlert").filter(has_text=words).wait_for()
    lab.page.get_by_text("Meanwhile your last picture is used.").wait_for()
    lab.wait_for_rest()
    lab.wait_for_pictures()
    assert (lab.clean() == expected).all()


def test_the_last_picture_stays_until_it_is_forgotten(lab):
    expected = as_the_model_sees(FILES["photo.webp"])
    forget = lab.page.get_by_role("button", name="Forget it", exact=True)
    assert not forget.count()
    remove = lab.page.get_by_test_id("stFileUploader").get_by_role("button", name="Remove")
    while listed := remove.count():  # what the browser refused is listed as well
        remove.first.click()
        lab.until(lambda n=listed: remove.count() < n, "one file less")
    forget.wait_for()
    lab.wait_for_rest()
    assert (lab.clean() == expected).all()
    lab.until_changed(forget.click)
    lab.page.get_by_text("Meanwhile the sample picture is used.").wait_for()
    forget.wait_for(state="detached")  # the button goes when the run ends, after the new picture


def test_phones_are_asked_for_pictures_that_they_convert(lab):
    offered = lab.page.get_by_test_id("stFileUploaderDropzoneInput").get_attribute("accept")
    assert {"image/png", "image/jpeg", "image/webp"} <= set(offered.split(","))
    assert not [kind for kind in ("heic", "heif", "image/*") if kind in offered]


PLAYING = """() => {
    const video = document.querySelector('video');
    return video && video.readyState >= 3 && video.videoWidth > 0 && video.currentTime > 0.3;
}"""


def test_the_camera_gives_a_picture(visit):
    from playwright.sync_api import TimeoutError as PlaywrightTimeout  # not there without a browser

    lab = visit("?source=camera&strip=jpeg", permissions=("camera",))
    lab.page.wait_for_function(PLAYING)
    photo = lab.page.locator('[data-testid="stCameraInput"] img')

    def shoot():
        """Streamlit drops a shot whose frame is not there yet, so it is taken until it holds."""
        for _ in range(6):
            lab.page.get_by_test_id("stCameraInputButton").click()
            try:
                return photo.wait_for(timeout=6_000)
            except PlaywrightTimeout:
                continue
        raise AssertionError("the camera gave no photograph")

    lab.until_changed(shoot)
    lab.page.get_by_text("the model's own prediction").wait_for()
    lab.page.get_by_text("a model for photographs looks at it").wait_for()
