"""The segments of a JPEG file (ITU-T T.81, annex B)."""

import re

from robust_core.data.headers.header import MEGAPIXEL, Header
from robust_core.data.refusal import damaged, strange

MAX_SCANS = 100  # progressive encoders write about ten, optimisers twice that
MAX_SEGMENTS = 1000
QUICK_SCANS = 25 * MEGAPIXEL  # pixels times scans: a photograph of 24 megapixels in one
QUICK_MEMORY = 64 * 2**20
SHRUNK = 2047**2
"""Pixels after the decoder has shrunk them towards 1024: by 2, 4 or 8, or not at all."""

SOI, EOI, SOS, DNL = 0xD8, 0xD9, 0xDA, 0xDC
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
BARE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
# In compressed data 0xff is followed by 0, or by a restart marker.
MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")
NOTES = {
    0xE0: (b"JFIF\0",),
    0xE1: (b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"),
    0xEE: (b"Adobe",),
}
"""Application segments that say which colours are meant and how to turn the picture."""


def walk(data: bytes) -> Header:
    """Read the segments up to the end marker; of application segments keep what pixels need, once.

    Raises ``UploadError`` for a damaged header, and for more scans or segments than anybody writes.
    """
    kept: list[bytes] = [data[:2]]
    seen: set[bytes] = set()
    frame = b""
    first_scan = scans = segments = 0
    place, end = 2, len(data)
    while True:
        found = MARKER.search(data, place)
        if found is None:
            break
        marker, place = found[1][0], found.end()
        if marker == EOI:
            end = place
            break
        segments += 1
        if segments > MAX_SEGMENTS:
            raise strange(f"more than {MAX_SEGMENTS:,} segments")
        if marker in BARE:
            continue
        body = data[place + 2 : place + int.from_bytes(data[place : place + 2], "big")]
        segment = data[place - 2 : place + 2 + len(body)]
        place += 2 + len(body)
        if marker in FRAMES:
            if frame:
                raise damaged()
            frame = body
        if marker == SOS:
            scans += 1
            first_scan = first_scan or found.start()
            if scans > MAX_SCANS:
                raise strange(f"more than {MAX_SCANS} scans")
        elif not scans and _needed(marker, body, seen):
            kept.append(segment)
    if len(frame) < 6 or not scans or len(data) < first_scan + 5:
        raise damaged()
    found_end = data[end - 2 : end] == b"\xff\xd9"
    stream = data[first_scan:end] if found_end else data[first_scan:].rstrip(b"\xff")
    height, width = (int.from_bytes(frame[at : at + 2], "big") for at in (1, 3))
    several = scans > 1 or data[first_scan + 4] < frame[5]  # then all coefficients are kept
    memory = min(SHRUNK, width * height) * 12 + 3 * len(data)
    memory += width * height * min(frame[5], 4) * 2 if several else 0
    return Header(
        "JPEG",
        width,
        height,
        b"".join([*kept, stream]),
        memory=memory,
        quick=width * height * scans <= QUICK_SCANS and memory <= QUICK_MEMORY,
        open_end=not found_end,
    )


def _needed(marker: int, body: bytes, seen: set[bytes]) -> bool:
    """Whether a segment before the pixels concerns them; of each note only the first does."""
    if marker == 0xFE or 0xE0 <= marker <= 0xEF:
        for start in NOTES.get(marker, ()):
            if body.startswith(start) and start not in seen:
                seen.add(start)
                return True
        return False
    return True
