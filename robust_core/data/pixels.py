"""From a file to its pixels with Pillow: upright, opaque, 8-bit RGB, at most 1024 a side.

This file runs by itself too, in a process that may be ended at any time (``decoding``): it imports
nothing of the project, and numpy only for the pictures that need it.
"""

import json
import signal
import sys
import warnings
from io import BytesIO

from PIL import Image

MAX_SIDE = 1024
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
BAND = 64
"""Rows that are converted at a time: copies of a whole large picture would take 100 MB each."""
END = b"\xff\xd9"
FILLERS = (bytes(range(1, 128, 2)), bytes(range(254, 127, -2)))
DAMAGED, TOO_LARGE = 3, 4
"""Exit statuses of the process."""


def decode(data: bytes, kind: str, open_end: bool) -> tuple[Image.Image, list[str]]:
    """The picture in a file of this kind, and what was changed; raises anything for a damaged one.

    ``open_end``: a JPEG without its end marker. It is whole if what follows does not matter: the
    decoder then wants no more data than there is.
    """
    if not open_end:
        return _decode(data, kind)
    one, other = (_decode(data + filler + END, kind) for filler in FILLERS)
    if one[0].tobytes() != other[0].tobytes():
        raise OSError("cut off")
    return one


def _decode(data: bytes, kind: str) -> tuple[Image.Image, list[str]]:
    """Load, turn, flatten and shrink; the image as RGB and what was changed."""
    image: Image.Image = Image.open(BytesIO(data), formats=(kind,))
    notes = []
    width, height = image.size
    scale = MAX_SIDE / max(width, height)
    if scale < 1 and kind == "JPEG":  # decode at 1/2, 1/4 or 1/8 of the size
        image.draft(None, (round(width * scale), round(height * scale)))
    image.load()
    orientation = _orientation(image)
    if orientation in TURNS:
        image = image.transpose(TURNS[orientation])
        notes.append("Turned upright, as its camera recorded.")
    if orientation in (5, 6, 7, 8):
        width, height = height, width
    image, transparent = _plain(image)
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


def _plain(image: Image.Image) -> tuple[Image.Image, bool]:
    """The image as 8-bit RGB, on white where it was transparent, and whether any of it was."""
    plain = Image.new("RGB", image.size)
    transparent = False
    for top in range(0, image.height, BAND):
        box = (0, top, image.width, min(top + BAND, image.height))
        band, clear = _opaque(_eight_bits(image.crop(box)))
        plain.paste(band, box)
        transparent |= clear
    return plain, transparent


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey as 8-bit grey, rounded: ``convert`` would clip everything above 255 to white."""
    if not image.mode.startswith("I"):
        return image
    import numpy as np

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


def bound(memory: int) -> None:
    """Refuse this process more than ``memory`` bytes, where the system can."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    except (ImportError, ValueError, OSError):
        pass


def alarm(seconds: int) -> None:
    """End this process after ``seconds``, where the system can; 0: any longer."""
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def main(kind: str, open_end: str, seconds: str, memory: str) -> int:
    """Decode what comes on stdin; a line of JSON and the bytes of the pixels go to stdout."""
    data = sys.stdin.buffer.read()
    bound(int(memory))
    alarm(int(seconds))
    warnings.simplefilter("ignore")
    try:
        image, notes = decode(data, kind, bool(int(open_end)))
        answer = json.dumps([*image.size, notes]).encode() + b"\n" + image.tobytes()
    except MemoryError:
        return TOO_LARGE
    except Exception:
        return DAMAGED
    alarm(0)  # the reader may take its time
    sys.stdout.buffer.write(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
