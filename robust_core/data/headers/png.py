"""The chunks of a PNG file (PNG specification, third edition, section 5)."""

import zlib
from collections.abc import Iterator

from robust_core.data.headers.header import MEGAPIXEL, Header
from robust_core.data.refusal import damaged, strange

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"
MAX_CHUNKS = 20_000  # libpng writes 8 kB of pixels to a chunk: 1,024 for 8 MB
MAX_NOTE = 2**16
QUICK = 2 * MEGAPIXEL
CRITICAL = {b"IHDR": 13, b"PLTE": 768, b"tRNS": 768}
"""Chunks that decide what the pixels look like, and their largest lengths."""
# Where programs write how to turn the picture: besides EXIF, in texts of these names.
TURNS = {b"XML:com.adobe.xmp", b"Raw profile type exif"}


def walk(data: bytes) -> Header:
    """Read the chunks, check those that hold pixels, and keep nothing else.

    Raises ``UploadError`` where a chunk with pixels is cut off or fails its checksum.
    """
    kept: list[bytes | memoryview] = [SIGNATURE]
    once: set[bytes] = set()
    animated = False
    pixels: list[memoryview] = []
    for kind, chunk in _chunks(data):
        if pixels and kind != b"IDAT":
            break  # whatever follows the pixels
        whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")
        if kind == b"IDAT":
            if not whole:
                raise damaged()
            pixels.append(chunk)
        elif kind in CRITICAL:
            if not whole or kind in once or len(chunk) - 12 > CRITICAL[kind]:
                raise damaged()
            once.add(kind)
            kept.append(chunk)
        elif kind == b"acTL" and len(chunk) == 20:
            animated = int.from_bytes(chunk[8:12], "big") > 1
        elif whole and _name(kind, chunk) not in once and _turns(kind, chunk):
            once.add(_name(kind, chunk))
            kept.append(chunk)
    if b"IHDR" not in once or bytes(kept[1][4:8]) != b"IHDR" or len(kept[1]) != 25 or not pixels:
        raise damaged()
    width, height = (int.from_bytes(kept[1][at : at + 4], "big") for at in (8, 12))
    depth = _bytes_a_pixel(kept[1][16], kept[1][17])
    return Header(
        "PNG",
        width,
        height,
        b"".join([*kept, *pixels, END]),
        memory=width * height * (depth + max(depth, 4)) + 3 * len(data),
        quick=width * height <= QUICK,
        animated=animated,
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kinds and whole chunks, up to the first that is not all there, which may not hold pixels."""
    view, place = memoryview(data), len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        kind = data[place + 4 : place + 8]
        end = place + 12 + int.from_bytes(data[place : place + 4], "big")
        if len(kind) < 4 or end > len(data):
            if kind == b"IDAT":
                raise damaged()
            return
        yield kind, view[place:end]
        place = end
    raise strange(f"more than {MAX_CHUNKS:,} chunks")


def _name(kind: bytes, chunk: memoryview) -> bytes:
    """What may occur once: a kind of chunk, or a text of one name."""
    return bytes(chunk[8:88]).split(b"\0")[0] if kind.endswith(b"Xt") else kind


def _turns(kind: bytes, chunk: memoryview) -> bool:
    """Whether a chunk may say how to turn the picture, and is small, unpacked too."""
    if len(chunk) > MAX_NOTE:
        return False
    if kind in (b"eXIf", b"tEXt"):
        return kind == b"eXIf" or _name(kind, chunk) in TURNS
    if kind not in (b"zTXt", b"iTXt") or (name := _name(kind, chunk)) not in TURNS:
        return False
    body = bytes(chunk[9 + len(name) : -4])
    if kind == b"iTXt":
        flag, body = body[:1], body[2:].partition(b"\0")[2].partition(b"\0")[2]
        if flag != b"\1":
            return True
    else:
        body = body[1:]
    try:
        unpacker = zlib.decompressobj()
        unpacker.decompress(body, MAX_NOTE)
        return unpacker.eof
    except zlib.error:
        return False


def _bytes_a_pixel(bits: int, colour: int) -> int:
    """Of Pillow's picture: grey and palette one, or two for 16 bits; all others four."""
    return (2 if bits == 16 else 1) if colour in (0, 3) else 4
