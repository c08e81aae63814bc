"""Decoding untrusted files: every check comes before the first pixel is trusted.

The order matters: bytes are counted before they are read, the kind is found from the content, and
width x height is checked before anything is decompressed (a PNG of 9 kB can hold 81 million pixels).
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from robust_core.data import signatures
from robust_core.data.picture import Picture

MEGABYTE = 2**20
MAX_BYTES = 8 * MEGABYTE
# "24 megapixels" as phone makers count them: 5712 x 4284 is 24.47 million.
MAX_PIXELS = 24_500_000
MAX_SIDE, MIN_SIDE = 1024, 8
ALLOWED = "Allowed are PNG, JPEG and WebP pictures."
ORIENTATION = 0x0112  # the EXIF tag
# Pillow's exif_transpose would also rewrite the EXIF block, which fails on odd ones.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UploadError(ValueError):
    """A file that is not accepted as a picture. The message is a sentence for the user."""


def decode_upload(data: bytes, title: str = "") -> Picture:
    """The picture in the bytes of a PNG, JPEG or WebP file, upright, opaque, 8-bit RGB.

    The picture is shrunk until its longest side is at most 1024 pixels; transparency is put on white;
    an animation gives its first frame; colour profiles and all other metadata are dropped. ``notes``
    lists what was changed. ``title`` is carried along and never used as a path.

    Raises ``UploadError`` for a file above 8 MB, of another kind, above 24 megapixels, with a side
    below 8 pixels, or damaged.
    """
    _check_bytes(len(data))
    image = _open(data)
    width, height = image.size
    _check_size(width, height)
    try:
        image, notes = _decode(image)
        return Picture.of(np.asarray(image), tuple(notes), title)
    except Exception as error:  # damaged files make Pillow raise nearly any exception
        raise UploadError(
            "The picture is damaged or cut off: its pixels cannot be read. "
            "Open it in a picture viewer, save it again and try that copy."
        ) from error


def decode_file(path: str | Path) -> Picture:
    """``decode_upload`` of a file on disk; its name becomes the title and leads every message."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            _check_bytes(path.stat().st_size)
            return decode_upload(file.read(), path.name)
    except UploadError as error:
        raise UploadError(f"{path.name}: {error}") from error
    except OSError as error:
        raise UploadError(f"{path.name}: cannot be read ({error.strerror or error}).") from error


def _check_bytes(size: int) -> None:
    if size == 0:
        raise UploadError(f"The file is empty. {ALLOWED}")
    if size > MAX_BYTES:
        raise UploadError(
            f"The file has {size / MEGABYTE:.1f} MB; at most {MAX_BYTES // MEGABYTE} MB are allowed. "
            "Save a smaller copy and try that."
        )


def _open(data: bytes) -> Image.Image:
    """The image with only its header read."""
    kind = signatures.describe(data)
    if kind not in signatures.PICTURES:
        found = f"This is {kind}" if kind else "This is not a known kind of picture"
        advice = " Export it as JPEG and try that." if kind == "a HEIC picture" else ""
        raise UploadError(f"{found}. {ALLOWED}{advice}")
    try:
        return Image.open(BytesIO(data), formats=(signatures.PICTURES[kind],))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UploadError(
            "The picture has far more than 24 megapixels, the most allowed."
        ) from error
    except Exception as error:  # as above
        raise UploadError(
            f"This starts like {kind} but is damaged or cut off: it cannot be opened."
        ) from error


def _check_size(width: int, height: int) -> None:
    shape = f"The picture is {width} x {height} pixels"
    if width * height > MAX_PIXELS:
        raise UploadError(
            f"{shape}, {width * height / 1e6:.1f} megapixels; at most 24 are allowed. "
            "Save a smaller copy and try that."
        )
    if min(width, height) < MIN_SIDE:
        raise UploadError(f"{shape}; each side needs at least {MIN_SIDE}.")
    if min(width, height) * MAX_SIDE < MIN_SIDE * max(width, height):
        raise UploadError(
            f"{shape}: too long and narrow, one side may be at most "
            f"{MAX_SIDE // MIN_SIDE} times the other."
        )


def _decode(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Load, turn, flatten and shrink; the image as RGB and what was changed."""
    notes = []
    width, height = image.size
    if image.format in ("PNG", "WEBP") and getattr(image, "is_animated", False):
        notes.append("Animated: only the first frame is used.")
    scale = MAX_SIDE / max(width, height)
    if scale < 1 and image.format in ("JPEG", "MPO"):  # decode at 1/2, 1/4 or 1/8 of the size
        image.draft(None, (round(width * scale), round(height * scale)))
    image.load()
    orientation = _orientation(image)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
        notes.append("Turned upright, as its camera recorded.")
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    image = _eight_bits(image)
    image, transparent = _opaque(image)
    if transparent:
        notes.append("Transparent parts were put on white.")
    if scale < 1:
        image.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
        notes.append(f"Shrunk from {width} x {height} to {image.width} x {image.height}.")
    return image, notes


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation: 1 is upright. A damaged EXIF block is ignored; the pixels may be fine."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey, rounded: ``convert`` would clip everything above 255 to white."""
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64).clip(0, 65535)
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


def _opaque(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image as RGB, on white where it was transparent, and whether any of it was.

    A plain ``convert("RGB")`` would drop the alpha channel and show what it hid.
    """
    if not image.has_transparency_data:
        return image.convert("RGB"), False
    image = image.convert("RGBA")
    if image.getchannel("A").getextrema()[0] == 255:
        return image.convert("RGB"), False
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image)
    return white, True
