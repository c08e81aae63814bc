"""Binary pixmaps: what they hold, and headers that lie."""

import io

import numpy as np
import pytest
from PIL import Image

from robust_core.data import ppm


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


def packed(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PPM")
    return buffer.getvalue()


def test_what_pillow_writes_is_read_back(pixels, tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(packed(pixels))
    assert np.array_equal(ppm.read(path), pixels)


def test_comments_and_any_blanks_are_allowed(pixels):
    header = b"P6 # by a camera\n7\t5\r\n# levels\n255 "
    assert np.array_equal(ppm.decode(header + pixels.tobytes()), pixels)
    assert np.array_equal(ppm.decode(header + pixels.tobytes() + b"\n"), pixels)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no header"),
        (b"P5\n7 5\n255\n" + bytes(105), "no header"),
        (b"P6\n-7 5\n255\n" + bytes(105), "no header"),
        (b"P6\n7\n", "no header"),
        (b"P6\n0 5\n255\n", "says 0 x 5, and 1 to 1024"),
        (b"P6\n7 1025\n255\n", "says 7 x 1025, and 1 to 1024"),
        (b"P6\n999999999 999999999\n255\n", "1 to 1024"),
        (b"P6\n7 5\n65535\n" + bytes(210), "65535 levels"),
        (b"P6\n7 5\n255\n" + bytes(104), "takes 105 bytes, and 104 follow"),
        (b"P6\n7 5\n255\n" + bytes(106), "takes 105 bytes, and 106 follow"),
        (b"P6\n7 4\n255\n" + b"a" * 105, "takes 84 bytes, and 105 follow"),
    ],
)
def test_what_is_not_as_its_header_says_is_refused(content, told):
    with pytest.raises(ValueError, match=told):
        ppm.decode(content)


def test_a_large_file_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(ppm, "MAX_BYTES", 100)
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6\n7 5\n255\n" + bytes(105))
    with pytest.raises(ValueError, match="more than 100 bytes"):
        ppm.read(path)
