"""The chunks of a WebP file (RFC 9649)."""

from robust_core.data.headers.header import MEGAPIXEL, Header
from robust_core.data.refusal import UploadError, damaged, strange

MAX_CHUNKS = 10_000
MAX_PIXELS = 12 * MEGAPIXEL
QUICK = 2 * MEGAPIXEL
BYTES_A_PIXEL = 20
"""Two canvases of libwebp, what it unpacks, the answer, and Pillow's picture: four bytes each."""


def walk(data: bytes) -> Header:
    """Read the chunks. Raises ``UploadError`` where there is no picture, or one beyond 12 megapixels."""
    size, kinds, animated = None, set(), False
    place = 12
    for count in range(MAX_CHUNKS + 1):
        kind, body = data[place : place + 4], data[place + 8 : place + 18]
        if len(kind) < 4 or len(body) < 5:
            break
        if count == MAX_CHUNKS:
            raise strange(f"more than {MAX_CHUNKS:,} chunks")
        animated = animated or (kind == b"ANMF" and kind in kinds)
        kinds.add(kind)
        size = size or _size(kind, body)
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        place += 8 + length + length % 2
    if size is None:
        raise damaged()
    width, height = size
    if width * height > MAX_PIXELS:
        raise UploadError(
            f"The picture is {width} x {height} pixels, {width * height / 1e6:.1f} megapixels; at most "
            f"{MAX_PIXELS // MEGAPIXEL} are allowed in a WebP file. Save it as JPEG and try that."
        )
    # The tables of lossless pictures and of transparency can be made larger than the picture.
    plain = not kinds & {b"VP8L", b"ALPH", b"ANMF"}
    return Header(
        "WEBP",
        width,
        height,
        data,
        memory=width * height * BYTES_A_PIXEL + 3 * len(data),
        quick=plain and width * height <= QUICK,
        animated=animated,
    )


def _size(kind: bytes, body: bytes) -> tuple[int, int] | None:
    """Width and height, from the first chunk that says them."""
    if kind == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = body[6:8], body[8:10]
        return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None
