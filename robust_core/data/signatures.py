"""What a file is, by its first bytes: a name proves nothing."""

PICTURES = {"a PNG picture": "PNG", "a JPEG picture": "JPEG", "a WebP picture": "WEBP"}

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"II*\0", "a TIFF or raw camera picture"),
    (b"MM\0*", "a TIFF or raw camera picture"),
    (b"II+\0", "a TIFF picture"),
    (b"MM\0+", "a TIFF picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\x01\0", "an icon file"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x93NUMPY", "a NumPy array"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}


def describe(data: bytes) -> str | None:
    """The kind of file in words with its article, or ``None`` if it is not recognised."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WebP picture"
    if data[4:8] == b"ftyp":
        return _describe_iso_media(data)
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0":
        return "a BMP picture"
    return _describe_text(data[:4096])


def _describe_iso_media(data: bytes) -> str:
    """HEIC, AVIF and MP4 share one container; the brands in its first box tell them apart."""
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = {box[:4], *(box[i : i + 4] for i in range(8, len(box), 4))}
    if brands & _AVIF_BRANDS:
        return "an AVIF picture"
    return "a HEIC picture" if brands & _HEIC_BRANDS else "a video"


def _describe_text(head: bytes) -> str | None:
    if not head or b"\0" in head:
        return None
    # The head may end inside a character of several bytes: it is still text.
    text = head.decode("utf-8", errors="ignore")
    if len(head) - len(text.encode()) > 3:
        return None
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return None
    if "<svg" in text.lower():
        return "an SVG drawing"
    return (
        "a web page"
        if text.lstrip("\ufeff \r\n").lower().startswith(("<!doctype html", "<html"))
        else "a text file"
    )
