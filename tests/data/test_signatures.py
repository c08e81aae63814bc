import io

import numpy as np
import pytest
from PIL import Image

from robust_core.data.signatures import PICTURES, describe

IMAGE = Image.fromarray(np.zeros((16, 16, 3), np.uint8))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("PNG", "a PNG picture"),
        ("JPEG", "a JPEG picture"),
        ("WEBP", "a WebP picture"),
        ("GIF", "a GIF picture"),
        ("TIFF", "a TIFF or raw camera picture"),
        ("BMP", "a BMP picture"),
        ("ICO", "an icon file"),
        ("PDF", "a PDF document"),
        ("AVIF", "an AVIF picture"),
    ],
)
def test_files_that_pillow_writes(kind, words):
    buffer = io.BytesIO()
    try:
        IMAGE.save(buffer, kind)
    except (KeyError, OSError):
        pytest.skip(f"this Pillow writes no {kind}")
    assert describe(buffer.getvalue()) == words
    assert (words in PICTURES) == (kind in ("PNG", "JPEG", "WEBP"))


def box(*brands: bytes) -> bytes:
    body = b"ftyp" + brands[0] + b"\0\0\0\0" + b"".join(brands[1:])
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0" * 32


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (box(b"heic", b"mif1", b"heic"), "a HEIC picture"),
        (box(b"mif1", b"heic"), "a HEIC picture"),
        (box(b"mif1", b"avif"), "an AVIF picture"),
        (box(b"isom", b"mp42"), "a video"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><title>x</title>", "a web page"),
        (b"just some words\n", "a text file"),
        ("Gr\u00fc\u00dfe ".encode() * 1000, "a text file"),
        (b"PK\x03\x04rest", "a ZIP archive or office document"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"", None),
        (bytes(range(256)), None),
        (b"\xe9\xe8\xfc" * 50, None),
    ],
)
def test_other_files(data, words):
    assert describe(data) == words
