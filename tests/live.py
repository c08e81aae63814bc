"""The real server as its users start it, on a free port, for tests that talk to it."""

import base64
import io
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from robust_core.zoo import Description

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
LEFT = 'WebSocketDisconnected: WebSocket is not connected. Need to call "accept" first.'
ASGI = re.compile(
    r"^.*Exception in ASGI application\n"
    r"(?:(?:[ \t].*|Traceback .*|During .*|The above .*|[\w.]+(?:Error|Exception|Disconnected)\b.*|)\n)+",
    re.MULTILINE,
)
"""An error that a server logs, with all of its tracebacks."""
PHONE = {"width": 390, "height": 844}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    folder: Path, port: int | None = None, patience: float = 8, script: Path = ROOT / "app.py"
) -> Iterator[str]:
    """Run a script; gives ``host:port``. ``folder`` is empty: no data sets, no downloads.

    In the end it has ``patience`` seconds to stop by itself: Uvicorn waits for a browser that is in the
    middle of a file, and some never read to its end.
    """
    port = port or free_port()
    options = {
        "server.headless": "true",
        "server.address": HOST,
        "server.port": str(port),
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "ROBUST_DATA": str(folder),
        "TORCH_HOME": str(folder),
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_healthy(f"{HOST}:{port}", server, log)
        yield f"{HOST}:{port}"
        said = log.read_text(errors="replace")
        said = without_leaving(said)
        assert "Traceback" not in said, said[said.index("Traceback") :][:4000]
    finally:
        server.terminate()
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def without_leaving(log: str) -> str:
    """The log without what Streamlit's server says where a visitor leaves while it sends to them.

    It closes such a connection, asks for the next message, and logs that this cannot be (Streamlit 1.67).
    """
    return ASGI.sub(lambda found: "" if LEFT in found[0] else found[0], log)


def _wait_until_healthy(address: str, server: subprocess.Popen, log: Path) -> None:
    """Unknown paths answer 200 too, so the body counts."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=5) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            pass
        if server.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


def fitted(pixels: np.ndarray, model: Description) -> np.ndarray:
    """A picture cropped to the size of the model, as a page does it by itself."""
    return model.fitted(pixels)


def assert_fits(page, where: str = "") -> None:
    """Neither the window nor the page in it scrolls sideways."""
    for selector in ("html", "[data-testid=stMain]"):
        wide = page.eval_on_selector(selector, "e => e.scrollWidth - e.clientWidth")
        assert wide <= 0, f"{selector} overflows by {wide} pixels {where}"


def native(url: str, side: int) -> np.ndarray:
    """The picture of ``side`` pixels behind the data URL of an enlarged one: equal blocks of values."""
    head, data = url.split(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        assert image.format == "PNG"
        shown = np.asarray(image)
    factor, rest = divmod(max(shown.shape[:2]), side)
    assert factor >= 1, "it is shown smaller than it is"
    assert rest == 0, "no whole factor"
    pixels = shown[::factor, ::factor]
    assert (pixels.repeat(factor, 0).repeat(factor, 1) == shown).all(), "pixels were invented"
    return pixels
