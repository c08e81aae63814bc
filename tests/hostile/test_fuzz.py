"""Damaged files of every kind, from fixed seeds: a picture or a sentence, soon, and never anything else."""

import io
import random
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from robust_core.data import decoding
from robust_core.data.picture import Picture
from robust_core.data.pixels import MAX_SIDE
from robust_core.data.uploads import MAX_BYTES, UploadError, decode_file, decode_upload
from tests.hostile.bombs import SIGNATURE, chunk, saved, segment, split

SECONDS = 6.0
"""For all damaged files of one kind."""
MOST = 500
RGB = Image.effect_noise((40, 30), 90).resize((60, 44)).convert("RGB")


def scene() -> Image.Image:
    """Smooth colours, with four different corners."""
    y, x = np.mgrid[0:44, 0:60]
    return Image.fromarray(np.stack([4 * x, 5 * y, 2 * (x + y)], axis=2).astype(np.uint8))


def turned(how: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = how
    return exif


FILES = {
    "PNG": saved(scene()),
    "PNG palette": saved(scene().convert("P"), transparency=3),
    "PNG animated": saved(scene(), save_all=True, append_images=[scene().rotate(180)]),
    "JPEG": saved(scene(), "JPEG", exif=turned(6)),
    "JPEG progressive": saved(scene(), "JPEG", progressive=True, comment=b"hello"),
    "JPEG CMYK": saved(scene().convert("CMYK"), "JPEG"),
    "WebP": saved(scene(), "WEBP"),
    "GIF": saved(scene(), "GIF"),
    "BMP": saved(scene(), "BMP"),
}
"""What is damaged; lossless and transparent WebP, which takes a process each, has its own test."""


def flipped(data: bytes, chance: random.Random) -> bytes:
    bad = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
    return bytes(bad)


def cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def spliced(data: bytes, chance: random.Random) -> bytes:
    """A piece of it, or of another file, somewhere else: in, or over what was there."""
    source = chance.choice([data, *FILES.values()])
    begin = chance.randrange(len(source))
    piece = source[begin : begin + chance.choice((1, 4, 30, 400))]
    at = chance.randrange(len(data))
    return data[:at] + piece + data[at + chance.choice((0, len(piece))) :]


def repaired(data: bytes, chance: random.Random) -> bytes:
    """A PNG with odd chunks whose checksums are right; any other kind with odd lengths."""
    if not data.startswith(SIGNATURE):
        bad = bytearray(data)
        at = chance.randrange(len(bad) - 2)
        bad[at : at + 2] = chance.choice((b"\0\0", b"\xff\xff", b"\0\1", b"\x7f\xff", b"\xff\xda"))
        return bytes(bad)
    parts, place = [], len(SIGNATURE)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4], "big")
        parts.append((data[place + 4 : place + 8], data[place + 8 : place + 8 + length]))
        place += 12 + length
    chance.choice((parts.reverse, lambda: chance.shuffle(parts), lambda: parts.extend(parts)))()
    at = chance.randrange(len(parts))
    kind, body = parts[at]
    parts[at] = (kind, flipped(body, chance) if body else b"\0")
    return SIGNATURE + b"".join(chunk(kind, body) for kind, body in parts)


def survives(data: bytes) -> bool:
    """Whether a picture came of it; anything but a picture or a sentence is a failure."""
    try:
        picture = decode_upload(data)
    except UploadError as error:
        said = str(error)
    else:
        return whole(picture)
    assert said.endswith(".")
    assert "Traceback" not in said
    return False


def whole(picture: Picture) -> bool:
    """True, after a look at the picture."""
    height, width, channels = picture.pixels.shape
    assert channels == 3
    assert 8 <= min(height, width) <= max(height, width) <= MAX_SIDE
    return True


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_give_a_picture_or_a_sentence(kind, monkeypatch):
    """A flip may turn a size into one that takes a process of its own: those are left out here."""
    monkeypatch.setattr(decoding, "_apart", decoding._here)
    chance = random.Random(f"damage {kind}")
    end = time.process_time() + SECONDS
    came = total = 0
    while total < MOST and time.process_time() < end:
        damage = chance.choice((flipped, flipped, cut, spliced, repaired))
        came += survives(damage(FILES[kind], chance))
        total += 1
    assert total >= 100, "one of them took far too long"
    assert came < total
    assert (came > 0) == (kind not in ("GIF", "BMP"))


@pytest.mark.parametrize("options", [{"lossless": True}, {"quality": 50}])
def test_damaged_files_that_are_decoded_in_a_process(options):
    image = scene()
    image.putalpha(RGB.getchannel(0))
    data = saved(image, "WEBP", **options)
    chance = random.Random(5)
    damaged = [chance.choice((flipped, cut, spliced))(data, chance) for _ in range(12)]
    assert survives(data)
    assert sum(map(survives, damaged)) < 12


def test_bytes_that_only_start_like_a_picture():
    chance = random.Random(7)
    starts = (SIGNATURE, b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"BM\0\0\0\0\0\0\0\0")
    assert not any(
        survives(start + chance.randbytes(length)) for start in starts for length in (0, 3, 9, 5000)
    )


# Sound but odd: exactly what Pillow shows.


def odd() -> dict[str, bytes]:
    grey = Image.fromarray(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16)
    frames = {"save_all": True, "append_images": [scene().rotate(180)]}
    rgb = scene()
    files = {
        "16 bits": saved(grey),
        "palette": saved(rgb.convert("P")),
        "two colours": saved(rgb.convert("1")),
        "grey and alpha": saved(rgb.convert("LA")),
        "CMYK": saved(rgb.convert("CMYK"), "JPEG"),
        "grey JPEG": saved(rgb.convert("L"), "JPEG"),
        "4:4:4": saved(rgb, "JPEG", subsampling=0),
        "RGB JPEG": saved(rgb, "JPEG", keep_rgb=True),
        "progressive": saved(rgb, "JPEG", progressive=True),
        "restarts": saved(rgb, "JPEG", restart_marker_blocks=2),
        "profile": saved(rgb, "JPEG", icc_profile=bytes(200_000), comment=b"x" * 60_000),
        "animated PNG": saved(rgb, **frames),
        "animated WebP": saved(rgb, "WEBP", lossless=True, **frames),
        "lossless": saved(rgb, "WEBP", lossless=True),
        "interlaced": interlaced(rgb),
    }
    for how in range(1, 9):
        files[f"turned {how}"] = saved(rgb, "JPEG", exif=turned(how))
        files[f"turned {how}, PNG"] = saved(rgb, exif=turned(how))
    return files


def interlaced(image: Image.Image) -> bytes:
    """An Adam7 PNG, which Pillow reads and does not write."""
    pixels = np.asarray(image)
    steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    rows = b""
    for top, left, down, right in [*steps, (1, 0, 2, 1)]:
        for row in pixels[top::down, left::right]:
            rows += b"\0" + row.tobytes() if row.size else b""
    head = image.width.to_bytes(4, "big") + image.height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 1])
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return SIGNATURE + b"".join(parts)


@pytest.mark.parametrize(("name", "data"), odd().items(), ids=odd())
def test_a_sound_odd_picture_is_what_pillow_shows(name, data):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode == "I;16":
        shown = np.rint(np.asarray(image) / 257).astype(np.uint8)[..., None].repeat(3, axis=2)
    else:
        shown = np.asarray(image.convert("RGB"))
    assert np.array_equal(decode_upload(data).pixels, shown)


# At the end of the file, and at the limit of its size.


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("kind", ["JPEG", "JPEG progressive", "JPEG CMYK"])
def test_a_jpeg_without_its_last_bytes_is_a_picture(kind, missing):
    whole = FILES[kind]
    short = decode_upload(whole[:-missing])
    assert np.array_equal(short.pixels, decode_upload(whole).pixels)


def test_a_jpeg_without_more_than_that_is_not():
    noise = saved(Image.effect_noise((64, 64), 90), "JPEG")
    for missing in (8, 40, 400):
        assert not survives(noise[:-missing])


def test_a_png_whose_pixels_fail_their_checksum_is_no_picture():
    whole = FILES["PNG"]
    at = whole.index(b"IDAT") + 4
    length = int.from_bytes(whole[at - 8 : at - 4], "big")
    bad = bytearray(whole)
    bad[at + length] ^= 1
    assert not survives(bytes(bad))
    assert survives(whole[: at + length + 4]), "only the end of the file is missing"


def test_one_byte_too_many_makes_sense():
    with pytest.raises(UploadError, match=r"has 8,388,609 bytes; at most 8,388,608 bytes are"):
        decode_upload(bytes(MAX_BYTES + 1))
    with pytest.raises(UploadError, match=r"has 8\.1 MB; at most 8 MB are"):
        decode_upload(bytes(MAX_BYTES + 2**20 // 10))


def test_segments_after_the_first_scan_are_counted():
    head, rest = split(FILES["JPEG"])
    assert survives(head + segment(0xE1, b"Exif\0\0") * 3 + rest)
    assert not survives(head + rest[:-2] + segment(0xFE, b"") * 2000 + rest[-2:])


@pytest.mark.parametrize("title", ["../../etc/passwd", "/etc/passwd", "a\0b", "..\\..\\x", "~"])
def test_a_title_is_never_a_path(title):
    assert decode_upload(FILES["PNG"], title).title == title


def test_a_file_s_title_has_no_folders(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "a.png").write_bytes(FILES["PNG"])
    assert decode_file(tmp_path / "in" / ".." / "a.png").title == "a.png"
