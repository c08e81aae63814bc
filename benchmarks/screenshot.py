"""Make the README's picture of the page: the first visit, as a browser shows it.

    python benchmarks/screenshot.py

Needs playwright and Chromium, which the variable CHROMIUM or the path leads to. The server gets an
empty data folder, so that no data set's pixels appear.
"""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from visitors import serving

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "assets" / "screenshot.png"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
WIDTH, HEIGHT = 1280, 800
PATIENCE_MS = 60_000
SETTLED = """() => {
    const pictures = [...document.querySelectorAll('[data-testid=stImage] img')];
    const ready = pictures.every((p) => p.complete && p.naturalWidth > 0);
    return pictures.length === 3 && ready && document.querySelector('.js-plotly-plot .main-svg');
}"""


def photograph(page: Page, address: str) -> None:
    """Wait for the finished example, then write the picture."""
    page.goto(f"http://{address}/")
    page.wait_for_function(SETTLED, timeout=PATIENCE_MS)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(1500)  # transitions
    if page.get_by_test_id("stException").count():
        raise RuntimeError("The page shows an exception instead of its first result.")
    page.screenshot(path=TARGET)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(ROOT / "app.py", Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        view = {"width": WIDTH, "height": HEIGHT}
        page = browser.new_page(viewport=view, color_scheme="light")
        photograph(page, server.address)
        browser.close()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
