"""Decoding untrusted files: every check comes before the first pixel is trusted.

The order matters: bytes are counted before they are read, the kind is found from the content, and size and
parts are read from the headers before anything is decompressed (a PNG of 9 kB can hold 81 million pixels).
"""

from collections.abc import Callable
from pathlib import Path

from robust_core.data import decoding, headers, signatures
from robust_core.data.picture import Picture
from robust_core.data.pixels import MAX_SIDE
from robust_core.data.refusal import UploadError

MEGABYTE = 2**20
MAX_BYTES = 8 * MEGABYTE
# "24 megapixels" as phone makers count them: 5712 x 4284 is 24.47 million.
MAX_PIXELS = 24_500_000
MIN_SIDE = 8
ALLOWED = "Allowed are PNG, JPEG and WebP pictures."


def decode_upload(
    data: bytes, title: str = "", *, check: Callable[[], object] | None = None
) -> Picture:
    """The picture in the bytes of a PNG, JPEG or WebP file, upright, opaque, 8-bit RGB.

    The picture is shrunk until its longest side is at most 1024 pixels; transparency is put on white;
    an animation gives its first frame; colour profiles and all other metadata are dropped. ``notes``
    lists what was changed. ``title`` is carried along and never used as a path. ``check`` is called
    while decoding goes on or waits; what it raises ends that.

    Raises ``UploadError`` for a file above 8 MB, of another kind, above 24 megapixels (WebP: 12), with a
    side below 8 pixels, damaged, or made to keep a decoder busy: more than 5 seconds or 300 MB.
    """
    _check_bytes(len(data))
    header = headers.read(data, _kind(data))
    _check_size(header.width, header.height)
    pixels, notes = decoding.decode(header, check or (lambda: None))
    if header.animated:
        notes = ["Animated: only the first frame is used.", *notes]
    return Picture.of(pixels, tuple(notes), title)


def decode_file(path: str | Path) -> Picture:
    """``decode_upload`` of a file on disk; its name becomes the title and leads every message."""
    path = Path(path)
    if path.is_dir():
        raise UploadError(f"{path.absolute().name} is a folder; give one picture in it.")
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
        found, allowed = f"{size / MEGABYTE:.1f} MB", f"{MAX_BYTES / MEGABYTE:.1f} MB"
        if found == allowed:  # by a few bytes only
            found, allowed = f"{size:,} bytes", f"{MAX_BYTES:,} bytes"
        raise UploadError(
            f"The file has {found}; at most {allowed.replace('.0', '')} are allowed. "
            "Save a smaller copy and try that."
        )


def _kind(data: bytes) -> str:
    """Pillow's name for the kind of file."""
    kind = signatures.describe(data)
    if kind in signatures.PICTURES:
        return signatures.PICTURES[kind]
    found = f"This is {kind}" if kind else "This is not a known kind of picture"
    advice = " Export it as JPEG and try that." if kind == "a HEIC picture" else ""
    raise UploadError(f"{found}. {ALLOWED}{advice}")


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
