"""A new server of the dashboard, and Chromium beside it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from visitors import serving

APP = Path(__file__).resolve().parents[1] / "app.py"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")


@contextmanager
def browsing() -> Iterator[tuple[str, Browser]]:
    """The server's ``host:port`` and a browser; both end with the block. The server has no data sets."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(APP, Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield server.address, browser
        browser.close()
