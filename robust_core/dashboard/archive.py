"""The downloads of the pages: ZIP files that hold pictures, and a description that repeats them."""

import hashlib
import io
import platform
import zipfile
from collections.abc import Iterable
from importlib.metadata import version

import robust_core
from robust_core import files, zoo
from robust_core.dashboard.request import Request

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "streamlit")


def picture_of(request: Request) -> dict:
    """Which picture was used, and how it was fitted to the model."""
    return {
        "reference": request.chosen.reference,
        "sha256": request.chosen.picture.sha256,
        "fit": request.how,
        "credit": request.chosen.credit or None,
    }


def weights_of(names: Iterable[str]) -> dict[str, str | None]:
    """The SHA-256 of each bundled network's weights; None for the others."""
    bundled = zoo.index()
    return {name: bundled.get(name, {}).get("sha256") for name in names}


def versions() -> dict[str, str]:
    """Versions of what the result depends on."""
    return {
        "robust_core": robust_core.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def zipped(entries: dict[str, bytes], name: str, described: dict) -> bytes:
    """A ZIP of ``entries`` and of a JSON called ``name``: ``described``, and the hashes of the entries."""
    hashes = {entry: hashlib.sha256(data).hexdigest() for entry, data in entries.items()}
    text = files.json_text(described | {"files_sha256": hashes})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for entry, data in (entries | {name: text.encode()}).items():
            bundle.writestr(entry, data)
    return buffer.getvalue()
