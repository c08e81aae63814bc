import io
import random
import time
import warnings

import numpy as np
import pytest
from PIL import Image

from robust_core.data import decoding
from robust_core.data.uploads import (
    MAX_BYTES,
    MAX_PIXELS,
    MAX_SIDE,
    UploadError,
    decode_file,
    decode_upload,
)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Large pictures take their time on a busy machine; tests/hostile/ watches the clock."""
    monkeypatch.setattr(decoding, "SECONDS", 60)


def encoded(image, kind="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(height=48, width=64) -> np.ndarray:
    """Smooth colours, four different corners: every turn and mirror of it is another picture."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 255 // (width - 1), y * 255 // (height - 1), (x + y) * 200 // (height + width)]
    return np.stack(planes, axis=2).astype(np.uint8)


def refusal(data: bytes) -> str:
    with pytest.raises(UploadError) as caught:
        decode_upload(data)
    message = str(caught.value)
    assert message.endswith(".")
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_lossless_kinds_keep_every_pixel(kind, options):
    picture = decode_upload(encoded(scene(), kind, **options), "holiday")
    assert np.array_equal(picture.pixels, scene())
    assert (picture.title, picture.notes) == ("holiday", ())


def test_jpeg_is_close():
    picture = decode_upload(encoded(scene(), "JPEG", quality=95))
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 3


def test_the_hash_is_of_the_pixels_not_of_the_file():
    plain, squeezed = encoded(scene(), compress_level=0), encoded(scene(), compress_level=9)
    assert plain != squeezed
    assert decode_upload(plain).sha256 == decode_upload(squeezed).sha256


# What is not taken


def test_empty_file():
    assert "empty" in refusal(b"")


def test_bytes_are_counted_before_anything_is_read():
    message = refusal(encoded(scene()) + b"\0" * 20 * 2**20)
    assert "20.0 MB" in message
    assert "8 MB" in message


def test_a_file_of_exactly_the_limit_is_taken():
    data = encoded(scene())
    assert decode_upload(data + b"\0" * (MAX_BYTES - len(data))).width == 64


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"I am holiday.png, believe me.\n", "text file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64, "HEIC"),
        (encoded(scene(), "GIF"), "GIF"),
        (encoded(scene(), "TIFF"), "TIFF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (bytes(range(200)), "not a known kind of picture"),
    ],
)
def test_other_kinds_are_named_with_what_is_allowed(data, found):
    message = refusal(data)
    assert found in message
    assert "PNG, JPEG and WebP" in message
    assert ("Export it as JPEG" in message) == (found == "HEIC")


def test_bomb_is_refused_from_its_header_alone():
    bomb = encoded(Image.new("1", (9000, 9000)))
    assert len(bomb) < 20_000
    start = time.process_time()
    message = refusal(bomb)
    assert time.process_time() - start < 0.2  # decompressing it takes seconds
    assert "9000 x 9000" in message
    assert "24" in message


def test_sizes_at_which_pillow_itself_warns_or_refuses():
    for side, strict in ((11_000, "default"), (11_000, "error"), (15_000, "default")):
        bomb = encoded(Image.new("1", (side, side)))
        with warnings.catch_warnings(record=strict == "default"):
            warnings.simplefilter(strict)
            assert "24" in refusal(bomb)


def test_the_pixel_limit_is_on_the_product():
    width = 5000
    height = MAX_PIXELS // width
    assert decode_upload(encoded(Image.new("1", (width, height)))).width == MAX_SIDE
    assert "megapixels" in refusal(encoded(Image.new("1", (width, height + 1))))


def test_too_small_and_too_narrow():
    assert "7 x 40" in refusal(encoded(scene(40, 7)))
    assert decode_upload(encoded(scene(8, 8))).pixels.shape == (8, 8, 3)
    assert "narrow" in refusal(encoded(scene(9, 2000)))
    assert min(decode_upload(encoded(scene(16, 2048))).pixels.shape[:2]) == 8


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_truncated_file(kind, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(noise, kind)
    assert "damaged" in refusal(data[: max(16, int(len(data) * share))])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_any_damage_gives_a_picture_or_a_sentence(kind):
    data = encoded(scene(), kind, exif=_exif(6))
    chance = random.Random(0)
    for _ in range(150):
        bad = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            bad[chance.randrange(12, len(bad))] = chance.randrange(256)
        try:
            picture = decode_upload(bytes(bad))
        except UploadError:
            continue
        assert picture.pixels.shape[2] == 3
        assert max(picture.pixels.shape) <= MAX_SIDE


# Modes


def test_sixteen_bits_are_rounded_not_clipped():
    values = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = decode_upload(encoded(values))
    assert np.array_equal(picture.pixels[:, :, 0], np.rint(values / 257))
    assert np.ptp(picture.pixels, axis=2).max() == 0


def test_sixteen_bits_with_a_transparent_value():
    values = np.full((16, 16), 257 * 80, np.uint16)
    values[:8] = 1000
    picture = decode_upload(encoded(Image.fromarray(values), transparency=1000))
    assert set(np.unique(picture.pixels[:8])) == {255}
    assert set(np.unique(picture.pixels[8:])) == {80}


def test_alpha_goes_on_white_and_hides_what_is_below():
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[..., 0] = 200
    rgba[:10, :, 3] = 255
    rgba[10:15, :, 3] = 128
    picture = decode_upload(encoded(rgba))
    assert set(map(tuple, picture.pixels[:10].reshape(-1, 3))) == {(200, 0, 0)}
    assert np.abs(picture.pixels[12, 0].astype(int) - (227, 127, 127)).max() <= 1
    assert (picture.pixels[15:] == 255).all()
    assert picture.notes == ("Transparent parts were put on white.",)


def test_an_opaque_alpha_channel_is_not_worth_a_note():
    rgba = np.dstack([scene(), np.full((48, 64), 255, np.uint8)])
    picture = decode_upload(encoded(rgba))
    assert np.array_equal(picture.pixels, scene())
    assert picture.notes == ()


def test_palette_with_transparency():
    image = Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 10, 120, 240])
    image.paste(0, (0, 0, 16, 8))
    picture = decode_upload(encoded(image, transparency=0))
    assert (picture.pixels[:8] == 255).all()
    assert (picture.pixels[8:] == (10, 120, 240)).all()


def test_rgb_with_a_transparent_colour():
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[8:] = (1, 2, 3)
    picture = decode_upload(encoded(Image.fromarray(pixels), transparency=(0, 0, 0)))
    assert (picture.pixels[:8] == 255).all()
    assert (picture.pixels[8:] == (1, 2, 3)).all()


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P"])
def test_other_modes_look_as_pillow_shows_them(mode):
    image = Image.fromarray(scene()).convert(mode)
    expected = np.asarray(image.convert("RGB"))
    assert np.array_equal(decode_upload(encoded(image)).pixels, expected)


def test_cmyk_jpeg_keeps_its_colours():
    picture = decode_upload(
        encoded(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95, subsampling=0)
    )
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 4


# Orientation, size, animation


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(upright, 2).transpose(1, 0, 2),
    8: lambda upright: np.rot90(upright, 3),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_pictures_stand_upright(orientation, kind):
    stored = np.ascontiguousarray(STORED[orientation](scene()))
    options = {"quality": 98} if kind != "PNG" else {}
    picture = decode_upload(encoded(stored, kind, exif=_exif(orientation), **options))
    assert picture.pixels.shape == scene().shape
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 4
    assert bool(picture.notes) == (orientation > 1)


def test_a_senseless_orientation_is_ignored():
    for exif in (_exif(77), b"Exif\0\0no such thing"):
        picture = decode_upload(encoded(scene(), exif=exif))
        assert np.array_equal(picture.pixels, scene())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_large_pictures_are_shrunk_to_the_same_view(kind):
    picture = decode_upload(encoded(scene(1500, 2000), kind))
    assert picture.pixels.shape == (768, 1024, 3)
    assert picture.notes == ("Shrunk from 2000 x 1500 to 1024 x 768.",)
    assert np.abs(picture.pixels.astype(int) - scene(768, 1024)).mean() < 3


def test_the_note_on_shrinking_speaks_of_the_upright_picture():
    stored = np.ascontiguousarray(np.rot90(scene(2000, 1500)))
    picture = decode_upload(encoded(stored, "JPEG", exif=_exif(6)))
    assert picture.pixels.shape == (1024, 768, 3)
    assert picture.notes[-1] == "Shrunk from 1500 x 2000 to 768 x 1024."


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_first_frame_of_an_animation(kind):
    second = Image.fromarray(255 - scene())
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(scene(), kind, save_all=True, append_images=[second], **options)
    picture = decode_upload(data)
    assert np.array_equal(picture.pixels, scene())
    assert picture.notes == ("Animated: only the first frame is used.",)


def test_a_jpeg_with_a_second_picture_inside_is_no_animation():
    data = encoded(scene(), "MPO", save_all=True, append_images=[Image.fromarray(255 - scene())])
    picture = decode_upload(data)
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 5
    assert picture.notes == ()


# Files


def test_decode_file_names_the_file(tmp_path):
    good = tmp_path / "good.bin"
    good.write_bytes(encoded(scene()))
    assert decode_file(good).title == "good.bin"
    for name, data in (("text.png", b"hello"), ("big.png", b"\x89PNG" * (MAX_BYTES // 4 + 1))):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(UploadError, match=f"^{name}: "):
            decode_file(tmp_path / name)
    with pytest.raises(UploadError, match=r"^none\.png: cannot be read"):
        decode_file(tmp_path / "none.png")
    with pytest.raises(UploadError, match=rf"^{tmp_path.name} is a folder"):
        decode_file(tmp_path)
