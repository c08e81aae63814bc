"""Picture files made to keep a decoder busy, by code: a few kilobytes each, or megabytes of repetition."""

import io
import struct
import zlib
from collections.abc import Callable

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    """The file of an image."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int, height: int, *extra: bytes, bits=8, colour=2, packed=b"", interlaced=0
) -> bytes:
    """A PNG file of these chunks between its header and its pixels, ``packed`` as they are."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlaced)
    return SIGNATURE + chunk(b"IHDR", head) + b"".join(extra) + chunk(b"IDAT", packed) + END


END = chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """So many zeros, deflated: a thousandth of their length."""
    packer = zlib.compressobj(9)
    block = bytes(2**20)
    parts = [packer.compress(block[: min(2**20, count - at)]) for at in range(0, count, 2**20)]
    return b"".join([*parts, packer.flush()])


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def split(jpeg: bytes) -> tuple[bytes, bytes]:
    """A JPEG file up to its first scan, and from there."""
    place = jpeg.index(b"\xff\xda")
    return jpeg[:place], jpeg[place:]


def progressive(side: int = 64) -> bytes:
    """A grey JPEG in several scans."""
    return saved(Image.new("L", (side, side), 90), "JPEG", progressive=True)


def many_scans(count: int, side: int = 2000) -> bytes:
    """A progressive JPEG with so many empty scans of 10 bytes: each goes over all coefficients."""
    scan = segment(0xDA, bytes([1, 1, 0, 1, 5, 0]))
    return progressive(side)[:-2] + count * scan + b"\xff\xd9"


def many_segments(body: bytes, count: int, marker: int = 0xE1) -> bytes:
    """A JPEG with so many application segments."""
    head, rest = split(progressive())
    return head + count * segment(marker, body) + rest


def lossless_webp(width: int, height: int, body: bytes = b"\x88\x88\x08" + bytes(17)) -> bytes:
    """A lossless WebP of one colour in a few bytes, whatever its size."""
    bits = (width - 1) | (height - 1) << 14
    return riff((b"VP8L", b"\x2f" + struct.pack("<I", bits) + body))


def riff(*parts: tuple[bytes, bytes]) -> bytes:
    """A WebP file of these chunks."""
    chunks = b"".join(
        kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2) for kind, body in parts
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


MEGABYTE = zlib.compress(bytes(2**20), 9)
PROFILE = chunk(b"iCCP", b"profile\0\0" + MEGABYTE)
TEXT = chunk(b"zTXt", b"Comment\0\0" + MEGABYTE)
INTERNATIONAL = chunk(b"iTXt", b"Comment\0\1\0\0\0" + MEGABYTE)
TINY = zlib.compress(bytes(16 * 49), 9)

REFUSED: dict[str, Callable[[], bytes]] = {
    "scans, fewer than segments may be": lambda: many_scans(150),
    "scans, 30 kB": lambda: many_scans(3_000),
    "scans, 8 MB": lambda: many_scans(800_000),
    "EXIF segments": lambda: many_segments(b"Exif\0\0", 800_000),
    "application segments": lambda: many_segments(b"", 2_000_000, 0xE5),
    "comments": lambda: many_segments(b"", 2_000_000, 0xFE),
    "empty chunks": lambda: png(16, 16, chunk(b"teXt", b"") * 600_000, packed=TINY),
    "PNG 20,000 x 20,000": lambda: png(20_000, 20_000, packed=TINY),
    "WebP 4,949 x 4,949": lambda: lossless_webp(4949, 4949),
    "WebP 16,384 x 16,384": lambda: lossless_webp(16_384, 16_384),
    "WebP chunks": lambda: riff(*[(b"junk", b"")] * 900_000),
}
"""Bombs that their headers give away."""
DEFUSED: dict[str, Callable[[], bytes]] = {
    "EXIF segments": lambda: many_segments(b"Exif\0\0" + bytes(8000), 900),
    "iCCP": lambda: png(16, 16, PROFILE * 6_000, packed=TINY),
    "zTXt": lambda: png(16, 16, TEXT * 6_000, packed=TINY),
    "iTXt": lambda: png(16, 16, INTERNATIONAL * 6_000, packed=TINY),
    "pixels beyond the picture": lambda: png(16, 16, packed=zeros(256 * 2**20)),
}
"""Bombs with a sound picture among what is skipped."""
